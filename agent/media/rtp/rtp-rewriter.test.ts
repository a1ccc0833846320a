import test from 'ava';

import {
  createRtpPacket,
  decodeRtpPacket,
  payloadOf,
  type RtpHeader,
  type RtpPacket,
} from './rtp-packet.js';
import { RtpRewriter } from './rtp-rewriter.js';
import { packetOf, type PacketSketch } from './testing/packets.js';
import { SeededBytes } from './testing/seeded-bytes.js';

const B = 0x2222_2222;
const OURS = 0xaaaa_aaaa;
const TYPES = { audioOut: 0, telephoneEventIn: 101, telephoneEventOut: 96 };

function rewriterOf(sequenceNumber = 1_000, rtpTimestamp = 50_000): RtpRewriter {
  const rewriter = new RtpRewriter({ ssrc: OURS, sequenceNumber, rtpTimestamp });
  rewriter.switchSource(TYPES);
  return rewriter;
}

function relay(rewriter: RtpRewriter, sketch: PacketSketch, nowMs: number): RtpPacket | null {
  const out = new Uint8Array(300);
  const length = rewriter.rewrite(packetOf(sketch), nowMs, out);
  if (length === 0) return null;
  const packet = createRtpPacket();
  decodeRtpPacket(out.slice(0, length), packet);
  return packet;
}

function own(rewriter: RtpRewriter, mediaTick: number, nowMs: number): RtpHeader {
  const header = { marker: false, payloadType: 0, sequenceNumber: 0, rtpTimestamp: 0, ssrc: 0 };
  rewriter.next(mediaTick, nowMs, header);
  return header;
}

const numbers = (packet: Readonly<RtpHeader> | null): readonly unknown[] =>
  packet === null
    ? ['none']
    : [packet.sequenceNumber, packet.rtpTimestamp, packet.marker ? 'marked' : ''];

test('a relayed packet has our SSRC, and CSRCs, extension and padding stay behind', (t) => {
  const bytes = [0xb1, 0, 0, 7, 0, 0, 0, 160, 1, 1, 1, 1, 9, 9, 9, 9, 0, 0, 0, 1, 7, 7, 7, 7];
  const packet = createRtpPacket();
  t.is(decodeRtpPacket(Uint8Array.from([...bytes, 41, 42, 0, 2]), packet), 'ok');
  // In place: the datagram of the packet is also the one that is sent.
  const length = rewriterOf().rewrite(packet, 0, packet.datagram);
  const sent = createRtpPacket();
  t.is(decodeRtpPacket(packet.datagram.subarray(0, length), sent), 'ok');
  t.deepEqual([...payloadOf(sent)], [41, 42]);
  t.is(sent.ssrc, OURS);
  t.deepEqual(numbers(sent), [1_000, 50_000, 'marked']);
});

test('what the source lost stays a gap, what was late lands in its place, doubles stay doubles', (t) => {
  for (const start of [0, 1, 32_766, 65_534]) {
    const rewriter = rewriterOf(65_534);
    const seen = [0, 1, 4, 3, 4, 5].map((i) => {
      const sketch = {
        sequenceNumber: (start + i) & 0xffff,
        rtpTimestamp: (2 ** 32 - 320 + i * 160) % 2 ** 32,
      };
      return relay(rewriter, sketch, i * 20)?.sequenceNumber;
    });
    t.deepEqual(seen, [65_534, 65_535, 2, 1, 2, 3]);
  }
});

test('relay, play, relay is one stream: continuous, on the time line of the clock, marked', (t) => {
  const rewriter = rewriterOf();
  relay(rewriter, { sequenceNumber: 500, rtpTimestamp: 7_000 }, 0);
  relay(rewriter, { sequenceNumber: 501, rtpTimestamp: 7_160 }, 20);
  t.deepEqual(numbers(own(rewriter, 0, 43)), [1_002, 50_320, 'marked']);
  t.deepEqual(numbers(own(rewriter, 160, 63)), [1_003, 50_480, '']);
  // Two frames were skipped by a late pacer: their time passes, no packet is missing.
  t.deepEqual(numbers(own(rewriter, 640, 123)), [1_004, 50_960, '']);
  const back = relay(rewriter, { sequenceNumber: 509, rtpTimestamp: 8_440 }, 140);
  t.deepEqual(numbers(back), [1_005, 51_120, 'marked']);
  t.deepEqual(
    numbers(relay(rewriter, { sequenceNumber: 508, rtpTimestamp: 8_280 }, 141)),
    ['none'],
    'its place was taken by the prompt',
  );
  t.is(rewriter.staleCount, 1);
});

test('a change of SSRC joins on, with the marker', (t) => {
  const rewriter = rewriterOf();
  relay(rewriter, { sequenceNumber: 500, rtpTimestamp: 7_000 }, 0);
  const changed = relay(rewriter, { ssrc: B, sequenceNumber: 9, rtpTimestamp: 4_000_000_000 }, 100);
  t.deepEqual(numbers(changed), [1_001, 50_800, 'marked']);
  const next = relay(rewriter, { ssrc: B, sequenceNumber: 10, rtpTimestamp: 4_000_000_160 }, 120);
  t.deepEqual(numbers(next), [1_002, 50_960, '']);
});

test('silence of a DTX source keeps its length', (t) => {
  const rewriter = rewriterOf();
  relay(rewriter, { sequenceNumber: 1, rtpTimestamp: 0 }, 0);
  const after = relay(rewriter, { sequenceNumber: 2, rtpTimestamp: 80_000, marker: true }, 10_004);
  t.deepEqual(numbers(after), [1_001, 130_000, 'marked']);
  t.is(rewriter.joinCount, 1);
});

test('a timestamp that jumps under the same SSRC is joined on', (t) => {
  for (const jump of [1_000_000, -1_000_000]) {
    const rewriter = rewriterOf();
    relay(rewriter, { sequenceNumber: 1, rtpTimestamp: 2_000_000 }, 0);
    const sketch = { sequenceNumber: 2, rtpTimestamp: 2_000_160 + jump };
    t.deepEqual(numbers(relay(rewriter, sketch, 20)), [1_001, 50_160, 'marked']);
  }
});

test('a network that stalls for five seconds and then delivers is no jump', (t) => {
  const rewriter = rewriterOf();
  relay(rewriter, { sequenceNumber: 1, rtpTimestamp: 0 }, 0);
  for (let i = 1; i < 250; i++) {
    const packet = relay(rewriter, { sequenceNumber: 1 + i, rtpTimestamp: i * 160 }, 5_000);
    t.deepEqual(numbers(packet), [1_000 + i, 50_000 + i * 160, '']);
  }
});

test('a key held for eight seconds keeps its timestamp, and audio after it is no jump (RFC 4733 §2.5.1)', (t) => {
  const rewriter = rewriterOf();
  const payload = new Uint8Array(4);
  relay(rewriter, { sequenceNumber: 0, rtpTimestamp: 0 }, 0);
  for (let i = 1; i <= 400; i++) {
    const sketch = { sequenceNumber: i, rtpTimestamp: 160, payloadType: 101, payload };
    const event = relay(rewriter, sketch, i * 20);
    t.is(event?.payloadType, 96);
    t.is(event?.rtpTimestamp, 50_160);
  }
  const audio = relay(rewriter, { sequenceNumber: 401, rtpTimestamp: 401 * 160 }, 8_020);
  t.deepEqual(numbers(audio), [1_401, 50_000 + 401 * 160, '']);
});

test('events that the receiver did not offer are left out and look like no loss', (t) => {
  const rewriter = rewriterOf();
  rewriter.switchSource({ audioOut: 8, telephoneEventIn: 101, telephoneEventOut: null });
  relay(rewriter, { sequenceNumber: 0, rtpTimestamp: 0 }, 0);
  t.is(relay(rewriter, { sequenceNumber: 1, rtpTimestamp: 160, payloadType: 101 }, 20), null);
  const audio = relay(rewriter, { sequenceNumber: 2, rtpTimestamp: 320 }, 40);
  t.deepEqual(numbers(audio), [1_001, 50_320, '']);
  t.is(audio?.payloadType, 8);
  t.is(
    relay(rewriter, { sequenceNumber: 3, rtpTimestamp: 480, payloadType: 13 }, 60)?.payloadType,
    13,
  );
});

test('a digit goes between relayed packets and costs them neither place nor time', (t) => {
  const rewriter = rewriterOf();
  const header = packetOf({});
  relay(rewriter, { sequenceNumber: 0, rtpTimestamp: 0 }, 0);
  const digitAt = rewriter.timestampAt(20);
  for (let i = 0; i < 3; i++) {
    rewriter.insert(digitAt, 20 + i * 20, header);
    t.deepEqual(
      [header.sequenceNumber, header.rtpTimestamp, header.ssrc],
      [1_001 + i, 50_160, OURS],
    );
  }
  const audio = relay(rewriter, { sequenceNumber: 4, rtpTimestamp: 640 }, 80);
  t.deepEqual(numbers(audio), [1_004, 50_640, '']);
});

test('a restarted program goes on where the stream was', (t) => {
  const rewriter = rewriterOf(65_535, 2 ** 32 - 160);
  relay(rewriter, {}, 0);
  const again = new RtpRewriter(rewriter.snapshot(1_000));
  again.switchSource(TYPES);
  t.deepEqual(numbers(relay(again, { ssrc: B }, 0)), [0, 8_000 - 160, 'marked']);
  t.is(again.ssrc, OURS);
});

test('however sources change, no number that we send is ever used for two packets', (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new SeededBytes(seed);
    const rewriter = rewriterOf(65_000, 2 ** 32 - 5_000);
    const usedBy = new Map<number, string>();
    let expected = 65_000;
    let nowMs = 0;
    let source = { ssrc: 1, sequence: random.below(65_536), timestamp: random.below(2 ** 32) };
    const note = (what: string, packet: Readonly<RtpHeader> | null): void => {
      if (packet === null) return;
      const before = usedBy.get(packet.sequenceNumber);
      if (before !== undefined && before !== what) t.fail(`${before} and ${what}, seed ${seed}`);
      usedBy.set(packet.sequenceNumber, what);
      const ahead = ((packet.sequenceNumber - expected) << 16) >> 16;
      t.true(ahead < 10, `seed ${seed}: a hole of ${ahead}`);
      if (ahead >= 0) expected = (packet.sequenceNumber + 1) & 0xffff;
    };
    for (let i = 0; i < 2_000; i++) {
      nowMs += 20;
      const dice = random.below(100);
      if (dice < 3) {
        source = { ssrc: random.below(2 ** 32), sequence: random.below(65_536), timestamp: 0 };
      } else if (dice < 6) {
        rewriter.switchSource();
      } else if (dice < 16) {
        note(`own ${i}`, own(rewriter, i * 160, nowMs));
      } else {
        source.sequence += random.below(10) === 0 ? 2 : 1;
        source.timestamp += 160;
        const back = random.below(10) === 0 ? random.below(4) : 0;
        const sequenceNumber = (source.sequence - back) & 0xffff;
        const rtpTimestamp = (source.timestamp - back * 160) >>> 0;
        const sketch = { ssrc: source.ssrc, sequenceNumber, rtpTimestamp };
        note(`${source.ssrc} ${source.sequence - back}`, relay(rewriter, sketch, nowMs));
      }
    }
  }
});

test('what comes late from before a digit is left out: its place is taken', (t) => {
  const rewriter = rewriterOf();
  relay(rewriter, { sequenceNumber: 10, rtpTimestamp: 1_600 }, 0);
  rewriter.insert(rewriter.timestampAt(20), 20, packetOf({}));
  t.is(relay(rewriter, { sequenceNumber: 9, rtpTimestamp: 1_440 }, 21), null);
  t.deepEqual(numbers(relay(rewriter, { sequenceNumber: 11, rtpTimestamp: 1_760 }, 22)), [
    1_002,
    50_160,
    '',
  ]);
});

test('a peer whose digits keep a time of their own does not move its audio', (t) => {
  const rewriter = rewriterOf();
  const payload = new Uint8Array(4);
  relay(rewriter, { sequenceNumber: 0, rtpTimestamp: 0 }, 0);
  for (let i = 1; i <= 6; i++) {
    const sketch = { sequenceNumber: i, rtpTimestamp: 9_000_000, payloadType: 101, payload };
    t.deepEqual(numbers(relay(rewriter, sketch, i * 20)), [1_000 + i, 9_050_000, '']);
  }
  const audio = relay(rewriter, { sequenceNumber: 7, rtpTimestamp: 1_120 }, 140);
  t.deepEqual(numbers(audio), [1_007, 51_120, '']);
  t.deepEqual(numbers(own(rewriter, 0, 160)), [1_008, 51_280, 'marked']);
});
