import test from 'ava';

import { ReceptionStatistics } from './reception-report.js';
import { packetOf } from './testing/packets.js';

/** Takes packets `indices` of a stream that begins at `start`, 20 ms each. */
function heard(start: number, indices: readonly number[]): ReceptionStatistics {
  const statistics = new ReceptionStatistics();
  for (const i of indices) noteAt(statistics, start, i);
  return statistics;
}

function noteAt(statistics: ReceptionStatistics, start: number, i: number): void {
  const rtpTimestamp = (2 ** 32 - 400 + i * 160) % 2 ** 32;
  statistics.note(packetOf({ sequenceNumber: (start + i) & 0xffff, rtpTimestamp }), 1_000 + i * 20);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('loss is what was expected less what came, across the wrap (RFC 3550 §A.3)', (t) => {
  for (const start of [0, 1, 32_767, 65_535]) {
    const statistics = heard(
      start,
      upTo(100).filter((i) => i % 4 !== 2),
    );
    const block = statistics.takeReport(5, 6);
    t.like(block, { cumulativeLost: 25, fractionLost: 64, lastSr: 5, delaySinceLastSr: 6 });
    t.is(block?.extendedHighestSequence, start + 99);
    t.is(statistics.summary().packetsLost, 25);
  }
});

test('the fraction is of the time since the last report, the total is of the whole (RFC 3550 §A.3)', (t) => {
  const statistics = heard(65_000, [0, 1, 8, 9]);
  t.like(statistics.takeReport(0, 0), {
    cumulativeLost: 6,
    fractionLost: Math.floor((6 * 256) / 10),
  });
  noteAt(statistics, 65_000, 10);
  t.like(statistics.takeReport(0, 0), { cumulativeLost: 6, fractionLost: 0 });
  t.like(statistics.takeReport(0, 0), { fractionLost: 0 }, 'nothing came, nothing was expected');
});

test('duplicates make the total negative, the fraction 0 and the health 0', (t) => {
  const statistics = heard(10, [0, 1, 1, 1, 2]);
  t.like(statistics.takeReport(0, 0), { cumulativeLost: -2, fractionLost: 0 });
  t.like(statistics.summary(), { packetsLost: 0, packetsDuplicate: 2, packetsReordered: 0 });
});

test('what comes late is not lost', (t) => {
  const statistics = heard(65_534, [0, 3, 1, 2, 40, 39, 4]);
  t.like(statistics.summary(), { packetsReordered: 4, packetsDuplicate: 0, packetsLost: 41 - 7 });
});

test('sequence numbers that wrap twice count their cycles', (t) => {
  const statistics = heard(65_535, upTo(140_000));
  t.is(statistics.takeReport(0, 0)?.extendedHighestSequence, 65_535 + 139_999);
  t.is(statistics.summary().packetsLost, 0);
});

test('an even stream has no jitter, across the wrap of its timestamps (RFC 3550 §A.8)', (t) => {
  t.is(heard(0, upTo(50)).summary().jitterMs, 0);
});

test('jitter is the smoothed change of transit time (RFC 3550 §A.8)', (t) => {
  const statistics = new ReceptionStatistics();
  let expected = 0;
  for (let i = 0; i < 200; i++) {
    const packet = packetOf({ sequenceNumber: i, rtpTimestamp: i * 160 });
    statistics.note(packet, i * 20 + (i % 2) * 10);
    if (i > 0) expected += (10 - expected) / 16;
  }
  t.true(Math.abs(statistics.summary().jitterMs - expected) < 0.001);
  t.is(statistics.takeReport(0, 0)?.jitter, Math.floor(expected * 8));
});

test('neither a held key nor a timestamp that jumps is jitter', (t) => {
  const statistics = heard(0, upTo(10));
  for (let i = 10; i < 200; i++) {
    const event = packetOf({ sequenceNumber: i, rtpTimestamp: 1_200, payloadType: 101 });
    statistics.note(event, 1_000 + i * 20, false);
  }
  noteAt(statistics, 0, 200);
  statistics.note(packetOf({ sequenceNumber: 201, rtpTimestamp: 3_000_000_000 }), 1_000 + 201 * 20);
  t.is(statistics.summary().jitterMs, 0);
});

test('a new SSRC begins its own report; the totals of the leg go on', (t) => {
  const statistics = heard(0, [0, 1, 3]);
  statistics.note(packetOf({ ssrc: 9, sequenceNumber: 40_000 }), 2_000);
  t.like(statistics.takeReport(0, 0), {
    ssrc: 9,
    cumulativeLost: 0,
    extendedHighestSequence: 40_000,
  });
  t.like(statistics.summary(), { packetsReceived: 4, packetsLost: 1 });
});

test('before the first packet there is nothing to report', (t) => {
  const statistics = new ReceptionStatistics();
  t.is(statistics.takeReport(0, 0), null);
  t.like(statistics.summary(), { packetsReceived: 0, packetsLost: 0, jitterMs: 0 });
});

test('a late packet that comes twice is late once and double once', (t) => {
  t.like(heard(65_535, [0, 2, 1, 1]).summary(), { packetsReordered: 1, packetsDuplicate: 1 });
});
