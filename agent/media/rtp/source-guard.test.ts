import test from 'ava';

import { isRefused, SourceGuard, type SourceVerdict } from './source-guard.js';
import { packetOf, type PacketSketch } from './testing/packets.js';
import { SeededBytes } from './testing/seeded-bytes.js';

const GATEWAY = '192.0.2.1';
const B = 0x2222_2222;

function guardOf(): SourceGuard {
  const guard = new SourceGuard();
  guard.setRemote({ address: GATEWAY, port: 5_004, payloadTypes: [0, 13, 101] });
  return guard;
}

const from = (
  guard: SourceGuard,
  sketch: PacketSketch,
  nowMs: number,
  port = 5_004,
): SourceVerdict => guard.check(packetOf(sketch), GATEWAY, port, nowMs);

test('the first packet is let in at once: no syllable is lost to probation', (t) => {
  for (const sequenceNumber of [0, 1, 32_767, 65_535]) {
    const guard = guardOf();
    t.is(from(guard, { sequenceNumber }, 0), 'latched');
    t.is(from(guard, { sequenceNumber: (sequenceNumber + 1) & 0xffff }, 20), 'accepted');
  }
});

test('a stranger is dropped and counted by what is wrong with it', (t) => {
  const guard = new SourceGuard();
  t.is(guard.check(packetOf({}), GATEWAY, 5_004, 0), 'noRemote');
  guard.setRemote({ address: GATEWAY, port: 5_004, payloadTypes: [0] });
  t.is(guard.check(packetOf({}), '192.0.2.66', 5_004, 0), 'wrongAddress');
  t.is(from(guard, { payloadType: 18 }, 0), 'payloadType');
  t.is(guard.latchedPort, null, 'a packet of another codec latches nothing');
  t.is(from(guard, {}, 0), 'latched');
  t.is(from(guard, { sequenceNumber: 1 }, 1, 6_000), 'wrongPort');
  t.is(guard.refusedCount, 4);
  t.is(guard.counts.wrongPort, 1);
});

test('RTP from another port than in SDP is latched once', (t) => {
  const guard = guardOf();
  t.is(from(guard, { sequenceNumber: 1 }, 0, 40_000), 'latched');
  t.is(from(guard, { sequenceNumber: 2 }, 20, 40_000), 'accepted');
  t.is(from(guard, { sequenceNumber: 3 }, 40, 40_002), 'wrongPort');
  t.is(guard.latchedPort, 40_000);
});

test('the last packets of an earlier call do not deafen this one: the port in SDP takes the latch', (t) => {
  const guard = guardOf();
  from(guard, { ssrc: B, sequenceNumber: 900 }, 0, 40_000);
  t.is(from(guard, { sequenceNumber: 1 }, 20), 'latched');
  t.is(from(guard, { sequenceNumber: 2 }, 40), 'accepted');
  t.is(from(guard, { ssrc: B, sequenceNumber: 901 }, 41, 40_000), 'wrongPort');
});

test('a new answer latches anew', (t) => {
  const guard = guardOf();
  from(guard, {}, 0, 40_000);
  guard.setRemote({ address: '192.0.2.9', port: 7_000, payloadTypes: [8] });
  t.is(from(guard, { sequenceNumber: 1 }, 20, 40_000), 'wrongAddress');
  t.is(guard.check(packetOf({ payloadType: 8, ssrc: B }), '192.0.2.9', 7_002, 21), 'latched');
});

test('a second SSRC is taken after two packets in a row', (t) => {
  const guard = guardOf();
  from(guard, { sequenceNumber: 10 }, 0);
  t.is(from(guard, { ssrc: B, sequenceNumber: 65_535 }, 20), 'ssrcUnproven');
  t.is(from(guard, { ssrc: B, sequenceNumber: 0 }, 40), 'ssrcChanged');
  t.is(from(guard, { ssrc: B, sequenceNumber: 1 }, 60), 'accepted');
});

test('a new SSRC after silence is taken at once', (t) => {
  const guard = guardOf();
  from(guard, { sequenceNumber: 10 }, 0);
  t.is(from(guard, { ssrc: B, sequenceNumber: 7_000 }, 200), 'ssrcChanged');
});

test('two sources that alternate do not flap: the one that talks keeps the leg', (t) => {
  const guard = guardOf();
  from(guard, { sequenceNumber: 0 }, 0);
  for (let i = 1; i < 50; i++) {
    t.is(from(guard, { ssrc: B, sequenceNumber: i }, i * 20), 'ssrcUnproven');
    t.is(from(guard, { sequenceNumber: i }, i * 20 + 1), 'accepted');
  }
});

test('late and double packets pass, up to 100 back (RFC 3550 §A.1)', (t) => {
  const guard = guardOf();
  from(guard, { sequenceNumber: 5 }, 0);
  t.is(from(guard, { sequenceNumber: 5 }, 1), 'accepted');
  t.is(from(guard, { sequenceNumber: (5 - 99) & 0xffff }, 2), 'accepted');
  t.is(from(guard, { sequenceNumber: (5 - 101) & 0xffff }, 3), 'sequenceJump');
  t.is(from(guard, { sequenceNumber: 6 }, 4), 'accepted');
});

test('a jump of 3,000 is believed when the next packet follows it (RFC 3550 §A.1)', (t) => {
  const guard = guardOf();
  from(guard, { sequenceNumber: 5 }, 0);
  t.is(from(guard, { sequenceNumber: 5 + 2_999 }, 20), 'accepted', 'mere loss');
  t.is(from(guard, { sequenceNumber: 20_000 }, 40), 'sequenceJump');
  t.is(from(guard, { sequenceNumber: 30_000 }, 60), 'sequenceJump');
  t.is(from(guard, { sequenceNumber: 30_001 }, 80), 'restarted');
  t.is(from(guard, { sequenceNumber: 60_000 }, 1_000), 'restarted', 'at once after silence');
});

test('whatever comes, every packet is either let in or counted as refused', (t) => {
  const random = new SeededBytes(7);
  const guard = guardOf();
  let refused = 0;
  for (let i = 0; i < 20_000; i++) {
    const sketch = {
      sequenceNumber: random.below(65_536),
      ssrc: random.below(3),
      payloadType: [0, 13, 101, 8][random.below(4)] ?? 0,
      payload: new Uint8Array(0),
    };
    const verdict = from(guard, sketch, i * random.below(30), 5_000 + 2 * random.below(4));
    if (isRefused(verdict)) refused++;
  }
  t.is(guard.refusedCount, refused);
  t.is(
    Object.values(guard.counts).reduce((sum, count) => sum + count, 0),
    20_000,
  );
});
