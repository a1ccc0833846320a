import test from 'ava';

import { ReceptionStatistics } from './reception-report.js';
import { RtcpReporter } from './rtcp-reporter.js';
import { decodeRtcp, encodeRtcp, type HeardRtcp } from './rtcp.js';
import { ManualClock } from './testing/manual-clock.js';
import { packetOf } from './testing/packets.js';
import { SeededBytes } from './testing/seeded-bytes.js';

interface Side {
  readonly reporter: RtcpReporter;
  readonly reception: ReceptionStatistics;
  readonly sent: { readonly atMs: number; readonly packets: readonly HeardRtcp[] }[];
}

function sideOf(
  clock: ManualClock,
  ssrc: number,
  onSent: (datagram: Uint8Array) => void = () => undefined,
  random: () => number = () => 0.5,
): Side {
  const reception = new ReceptionStatistics();
  const sent: Side['sent'] = [];
  const reporter = new RtcpReporter({
    clock,
    ssrc,
    canonicalName: 'leg',
    reception,
    random,
    send: (datagram) => {
      const packets = decodeRtcp(datagram);
      if (typeof packets === 'string') throw new Error(packets);
      sent.push({ atMs: clock.monotonicMs(), packets });
      onSent(datagram);
    },
  });
  return { reporter, reception, sent };
}

test('reports go out each 5 s, spread over half to one and a half of it (RFC 3550 §6.3.1)', (t) => {
  const clock = new ManualClock();
  const random = new SeededBytes(2);
  const { reporter, sent } = sideOf(clock, 1, undefined, () => random.fraction());
  reporter.start();
  clock.advance(1_000_000);
  const waits = sent.map(({ atMs }, i) => atMs - (i === 0 ? 0 : sent[i - 1]!.atMs));
  t.true(Math.min(...waits) >= 2_500 && Math.min(...waits) < 3_000);
  t.true(Math.max(...waits) <= 7_500 && Math.max(...waits) > 7_000);
  t.true(Math.abs(sent.length - 200) < 20);
});

test('who has sent reports as a sender, who only listens as a receiver (RFC 3550 §6.4)', (t) => {
  const clock = new ManualClock(2_500);
  const { reporter, reception, sent } = sideOf(clock, 1);
  reporter.start();
  clock.advance(4_000);
  reception.note(packetOf({ ssrc: 2 }), clock.monotonicMs());
  reporter.noteSent(160, 2 ** 32 - 80);
  clock.advance(1_000);
  clock.advance(5_000);
  t.like(sent[0]!.packets[0], {
    kind: 'senderReport',
    ntpSeconds: 7,
    ntpFraction: 2 ** 31,
    // One second after the packet was sent.
    rtpTimestamp: 8_000 - 80,
    packetCount: 1,
    octetCount: 160,
  });
  t.like(sent[1]!.packets[0], { kind: 'receiverReport', ssrc: 1 });
});

test('the round trip is measured by LSR and DLSR (RFC 3550 §6.4.1)', (t) => {
  const clock = new ManualClock(65_536_000 - 4_000);
  const over = (run: () => void): void => void clock.after(30, run);
  const a: Side = sideOf(clock, 1, (datagram) =>
    over(() => void b.reporter.receive(datagram, clock.monotonicMs())),
  );
  const b: Side = sideOf(
    clock,
    2,
    (datagram) => over(() => void a.reporter.receive(datagram, clock.monotonicMs())),
    () => 0.7,
  );
  a.reporter.start();
  b.reporter.start();
  for (let i = 0; i < 700; i++) {
    a.reporter.noteSent(160, i * 160);
    b.reception.note(
      packetOf({ ssrc: 1, sequenceNumber: i, rtpTimestamp: i * 160 }),
      clock.monotonicMs(),
    );
    clock.advance(20);
  }
  t.true(Math.abs((a.reporter.roundTripMs ?? 0) - 60) < 0.1);
  t.is(b.reporter.roundTripMs, null, 'a heard no packet of b, and reports on none');
  t.is(a.reporter.peerReport?.cumulativeLost, 0);
});

test('a report that cannot be true changes no round trip', (t) => {
  const clock = new ManualClock(100_000);
  const { reporter } = sideOf(clock, 1);
  for (const [lastSr, delaySinceLastSr] of [
    [0, 0],
    [0xffff_ffff, 0],
    [0x1234_5678, 0x7fff_ffff],
    [6_553_600 - 65_536 * 11, 0],
  ] as const) {
    const block = {
      ssrc: 1,
      fractionLost: 0,
      cumulativeLost: 0,
      extendedHighestSequence: 0,
      jitter: 0,
      lastSr,
      delaySinceLastSr,
    };
    const report = encodeRtcp([{ kind: 'receiverReport', ssrc: 2, reports: [block] }]);
    t.is(reporter.receive(report, 100_000), 'ok');
    t.is(reporter.roundTripMs, null);
  }
});

test('leaving says BYE once, and no timer is left (RFC 3550 §6.3.7)', (t) => {
  const clock = new ManualClock();
  const { reporter, sent } = sideOf(clock, 1);
  reporter.start();
  reporter.start();
  reporter.stop();
  reporter.stop();
  t.is(clock.pendingCount, 0);
  t.deepEqual(
    sent.map(({ packets }) => packets.map((packet) => packet.kind)),
    [['receiverReport', 'bye']],
  );
});

test("a peer's BYE ends nothing, and what is no RTCP is counted", (t) => {
  const clock = new ManualClock();
  const { reporter, sent } = sideOf(clock, 1);
  reporter.start();
  reporter.receive(encodeRtcp([{ kind: 'bye', ssrcs: [2] }]), 0);
  t.true(reporter.isByeHeard);
  t.is(reporter.receive(new Uint8Array(3), 0), 'tooShort');
  t.is(reporter.faultCount, 1);
  clock.advance(5_000);
  t.is(sent.length, 1);
});
