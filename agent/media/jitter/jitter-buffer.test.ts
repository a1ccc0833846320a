import test from 'ava';
import { SeededRandom } from '../pipeline/testing/signals.js';
import { JitterBuffer } from './jitter-buffer.js';
import type { JitterPacket } from './jitter-packet.js';

interface StreamOptions {
  readonly count: number;
  readonly ptimeMs?: number;
  readonly firstSequence?: number;
  readonly firstTimestamp?: number;
  readonly ssrc?: number;
}

interface Arrival {
  readonly atMs: number;
  readonly packet: JitterPacket;
}

/** Every octet of packet n is n+1 (mod 256), so that what comes out says where it came from. */
function stream(options: StreamOptions): Arrival[] {
  const { count, ptimeMs = 20, firstSequence = 0, firstTimestamp = 0, ssrc = 1 } = options;
  return Array.from({ length: count }, (_, n) => ({
    atMs: n * ptimeMs,
    packet: {
      sequenceNumber: (firstSequence + n) & 0xffff,
      rtpTimestamp: (firstTimestamp + n * ptimeMs * 8) >>> 0,
      ssrc,
      marker: n === 0,
      payload: new Uint8Array(ptimeMs * 8).fill(n + 1),
    },
  }));
}

interface Heard {
  readonly buffer: JitterBuffer;
  /** First octet of each pull; 0 for a gap. */
  readonly pulls: number[];
  readonly timestamps: number[];
  readonly causes: string[];
  /** Octets released, all of them. */
  readonly octets: number[];
}

/** Plays arrivals against a tick of 20 ms, 10 ms out of phase. */
function play(arrivals: readonly Arrival[], pulls: number): Heard {
  const sorted = arrivals.toSorted((a, b) => a.atMs - b.atMs);
  const heard: Heard = {
    buffer: new JitterBuffer(),
    pulls: [],
    timestamps: [],
    causes: [],
    octets: [],
  };
  let next = 0;
  for (let n = 0; n < pulls; n += 1) {
    const nowMs = n * 20 + 10;
    for (; (sorted[next]?.atMs ?? Infinity) <= nowMs; next += 1) {
      const { packet, atMs } = sorted[next]!;
      heard.buffer.push(packet, atMs);
    }
    const pull = heard.buffer.pull();
    if (pull.kind === 'empty') continue;
    heard.timestamps.push(pull.rtpTimestamp);
    heard.pulls.push(pull.kind === 'packet' ? (pull.payload[0] ?? 0) : 0);
    if (pull.kind === 'gap') heard.causes.push(pull.cause);
    else heard.octets.push(...pull.payload);
  }
  return heard;
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n);

for (const [firstSequence, firstTimestamp] of [
  [0, 0],
  [1, 160],
  [32_767, 0x7fff_ff00],
  [65_535, 0xffff_ff60],
  [65_500, 0xffff_f000],
] as const) {
  test(`an even stream from sequence ${firstSequence} and timestamp ${firstTimestamp} passes whole (RFC 3550 §5.1)`, (t) => {
    const heard = play(stream({ count: 100, firstSequence, firstTimestamp }), 101);
    t.deepEqual(heard.pulls.slice(0, 100), range(1, 100));
    t.is(heard.timestamps[0], firstTimestamp);
    heard.timestamps.forEach((timestamp, n) => {
      t.is(timestamp, (firstTimestamp + n * 160) >>> 0);
    });
    const { late, lost, duplicate, reordered, refused } = heard.buffer.counts;
    t.deepEqual([late, lost, duplicate, reordered, refused], [0, 0, 0, 0, 0]);
  });
}

test('nothing is released before 40 ms wait, or have been waited for', (t) => {
  const buffer = new JitterBuffer();
  const [first, second] = stream({ count: 2 });
  t.is(buffer.pull().kind, 'empty');
  if (first !== undefined) buffer.push(first.packet, 0);
  t.is(buffer.pull().kind, 'empty');
  if (second !== undefined) buffer.push(second.packet, 20);
  t.is(buffer.pull().kind, 'packet');
});

test('a lone packet is not held back for ever', (t) => {
  const heard = play(stream({ count: 1 }), 10);
  t.is(heard.pulls[0], 1);
});

test('a lost packet is a gap of one frame, and counted once', (t) => {
  const arrivals = stream({ count: 50 }).filter((_, n) => n !== 20);
  const heard = play(arrivals, 50);
  t.deepEqual(heard.pulls.slice(18, 23), [19, 20, 0, 22, 23]);
  t.is(heard.causes[0], 'lost');
  t.is(heard.buffer.counts.lost, 1);
});

test('two packets that changed places come out in order', (t) => {
  const arrivals = stream({ count: 50 }).map(({ atMs, packet }, n) => ({
    packet,
    atMs: n === 20 ? atMs + 25 : atMs,
  }));
  const heard = play(arrivals, 50);
  t.deepEqual(heard.pulls.slice(18, 24), range(19, 24));
  t.is(heard.buffer.counts.reordered, 1);
  t.is(heard.buffer.counts.lost, 0);
});

test('a packet that came twice is played once, also when the second comes after its time', (t) => {
  const arrivals = stream({ count: 60 });
  const twice = arrivals.flatMap(({ atMs, packet }) => [
    { atMs, packet },
    { atMs: atMs + 3, packet },
    { atMs: atMs + 300, packet },
  ]);
  const heard = play(twice, 60);
  t.deepEqual(heard.pulls.slice(0, 58), range(1, 58));
  t.true(heard.buffer.counts.duplicate >= 59);
  t.is(heard.buffer.counts.late, 0);
});

test('a packet after its time is dropped and counted late, not lost', (t) => {
  const arrivals = stream({ count: 60 }).map(({ atMs, packet }, n) => ({
    packet,
    atMs: n === 20 ? atMs + 200 : atMs,
  }));
  const heard = play(arrivals, 60);
  t.is(heard.buffer.counts.late, 1);
  t.is(heard.buffer.counts.lost, 0);
  t.false(heard.pulls.slice(25).includes(21));
});

test('a sender that pauses in silence (DTX) leaves gaps of silence and loses no word after them', (t) => {
  const arrivals = stream({ count: 20 }).concat(
    stream({ count: 20, firstSequence: 20, firstTimestamp: 160 * 120 }).map(({ atMs, packet }) => ({
      atMs: atMs + 2_400,
      packet: { ...packet, payload: packet.payload.map((octet) => octet + 100) },
    })),
  );
  const heard = play(arrivals, 160);
  t.deepEqual(
    heard.pulls.filter((octet) => octet > 0),
    [...range(1, 20), ...range(101, 120)],
  );
  t.is(heard.buffer.counts.lost, 0);
  t.is(heard.buffer.counts.timestampJumps, 0);
  t.true(heard.causes.every((cause) => cause !== 'lost'));
});

test('a new SSRC goes on where the old one ended; a straggler of the old is refused (RFC 3550 §8)', (t) => {
  const old = stream({ count: 30, ssrc: 1, firstTimestamp: 5_000 });
  const fresh = stream({
    count: 30,
    ssrc: 2,
    firstSequence: 65_530,
    firstTimestamp: 3_000_000_000,
  });
  const arrivals = [
    ...old.map(({ atMs, packet }, n) => ({ packet, atMs: n === 28 ? atMs + 60 : atMs })),
    ...fresh.map(({ atMs, packet }) => ({
      atMs: atMs + 600,
      packet: { ...packet, payload: packet.payload.map((octet) => octet + 100) },
    })),
  ];
  const heard = play(arrivals, 62);
  t.is(heard.buffer.counts.ssrcChanges, 1);
  t.is(heard.buffer.counts.refused, 1);
  t.deepEqual(heard.pulls.slice(0, 28), range(1, 28));
  t.true(heard.pulls.join().includes(range(101, 128).join()));
  heard.timestamps.forEach((timestamp, n) => t.is(timestamp, 5_000 + n * 160));
});

test('a timestamp jump within one SSRC is followed after two packets, one odd packet is not (RFC 3550 §A.1)', (t) => {
  const before = stream({ count: 30 });
  const after = stream({ count: 30, firstSequence: 30, firstTimestamp: 900_000_000 }).map(
    ({ atMs, packet }) => ({ packet, atMs: atMs + 600 }),
  );
  const heard = play([...before, ...after], 60);
  t.is(heard.buffer.counts.timestampJumps, 1);
  t.is(heard.buffer.counts.refused, 1);
  t.deepEqual(heard.pulls.filter((octet) => octet > 0).slice(0, 55), [
    ...range(1, 30),
    ...range(2, 26),
  ]);
  const odd = before.map(({ atMs, packet }, n) => ({
    atMs,
    packet: n === 10 ? { ...packet, rtpTimestamp: 2_000_000_000 } : packet,
  }));
  const second = play(odd, 30);
  t.is(second.buffer.counts.timestampJumps, 0);
  t.deepEqual(second.pulls.slice(8, 13), [9, 10, 0, 12, 13]);
});

for (const ptimeMs of [10, 20, 30, 40, 60]) {
  test(`packets of ${ptimeMs} ms come out as frames of 20 ms, every octet once (RFC 3551 §4.2)`, (t) => {
    const arrivals = stream({ count: 100, ptimeMs });
    const heard = play(arrivals, (100 * ptimeMs) / 20 + 10);
    const sent = arrivals.flatMap(({ packet }) => [...packet.payload]);
    const whole = sent.slice(0, sent.length - (sent.length % 160));
    t.deepEqual(heard.octets.slice(0, whole.length - 480), whole.slice(0, whole.length - 480));
    t.is(heard.buffer.counts.lost, 0);
    t.is(heard.buffer.counts.late, 0);
  });
}

test('the delay grows with the jitter until nothing is late, and comes down again when it is over', (t) => {
  const random = new SeededRandom(3);
  const rough = stream({ count: 3_000 }).map(({ atMs, packet }, n) => ({
    packet,
    atMs: atMs + (n > 200 && n < 1_200 ? random.fraction() * 70 : 0),
  }));
  const sorted = rough.toSorted((a, b) => a.atMs - b.atMs);
  const buffer = new JitterBuffer();
  let next = 0;
  let roughTarget = 0;
  let gapsWhenLearnt = 0;
  for (let n = 0; n < 3_000; n += 1) {
    for (; (sorted[next]?.atMs ?? Infinity) <= n * 20 + 10; next += 1) {
      buffer.push(sorted[next]!.packet, sorted[next]!.atMs);
    }
    const pull = buffer.pull();
    if (n === 1_150) roughTarget = buffer.targetMs;
    if (n > 500 && n < 1_150 && pull.kind === 'gap') gapsWhenLearnt += 1;
  }
  t.true(roughTarget >= 80 && roughTarget <= 120, `target ${roughTarget} ms`);
  t.true(gapsWhenLearnt <= 20, `${gapsWhenLearnt} gaps`);
  t.true(buffer.targetMs <= 40, `${buffer.targetMs} ms after`);
  t.true(buffer.depthMs <= 60, `${buffer.depthMs} ms wait`);
  t.true(buffer.counts.framesDropped > 0);
  t.true(buffer.counts.framesInserted > 0);
});

test('a burst after a frozen network does not leave the call delayed', (t) => {
  const arrivals = stream({ count: 300 }).map(({ atMs, packet }, n) => ({
    packet,
    atMs: n >= 100 && n < 150 ? 3_000 : atMs,
  }));
  const heard = play(arrivals, 299);
  t.true(heard.buffer.depthMs <= 100, `${heard.buffer.depthMs} ms`);
  t.true(heard.buffer.counts.overrun > 0);
  t.deepEqual(
    heard.pulls.slice(-10),
    heard.pulls.slice(-10).filter((octet) => octet > 0),
  );
});

test('a sender whose clock runs 1 % fast or slow never builds up delay or silence', (t) => {
  for (const factor of [0.99, 1.01]) {
    const arrivals = stream({ count: 3_000 }).map(({ atMs, packet }) => ({
      packet,
      atMs: atMs * factor,
    }));
    const heard = play(arrivals, Math.floor(3_000 * factor) - 5);
    const gaps = heard.pulls.slice(100).filter((octet, n) => octet === 0 && n >= 0).length;
    t.true(heard.buffer.depthMs <= 100, `${heard.buffer.depthMs} ms`);
    t.true(gaps < 150, `${gaps} gaps at ${factor}`);
  }
});

test('empty and oversized payloads are refused and counted', (t) => {
  const buffer = new JitterBuffer();
  const [first] = stream({ count: 1 });
  if (first === undefined) throw new Error('no packet');
  buffer.push({ ...first.packet, payload: new Uint8Array(0) }, 0);
  buffer.push({ ...first.packet, payload: new Uint8Array(481) }, 0);
  t.is(buffer.counts.refused, 2);
  t.is(buffer.pull().kind, 'empty');
});

test('whatever order packets come in, output time rises by 160 and no octet is played twice', (t) => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = new SeededRandom(seed);
    const buffer = new JitterBuffer();
    const waiting: Arrival[] = [];
    let sequence = random.below(0x1_0000);
    let timestamp = random.below(2 ** 32);
    let ssrc = 1;
    let id = 0;
    let changedAt = 0;
    const played = new Set<number>();
    let last: number | undefined;
    for (let n = 0; n < 600; n += 1) {
      const nowMs = n * 20;
      const fate = random.below(100);
      // Two changes within half a second would make stragglers of the first look like a third.
      if (fate === 0 && n - changedAt > 30) {
        ssrc += 1;
        changedAt = n;
      }
      if (fate === 1) timestamp = random.below(2 ** 32);
      if (fate === 2) sequence += random.below(3_000);
      if (fate < 6) timestamp += 160 * random.below(100);
      if (fate < 90) {
        // Each frame carries its own number in its first four octets.
        const ptimeFrames = random.below(10) === 0 ? 3 : 1;
        const payload = new Uint8Array(160 * ptimeFrames);
        const view = new DataView(payload.buffer);
        for (let frame = 0; frame < ptimeFrames; frame += 1) view.setUint32(frame * 160, ++id);
        const packet = {
          sequenceNumber: sequence & 0xffff,
          rtpTimestamp: timestamp >>> 0,
          ssrc,
          marker: random.below(20) === 0,
          payload,
        };
        waiting.push({ packet, atMs: nowMs + random.below(random.below(10) === 0 ? 250 : 30) });
        if (random.below(20) === 0) waiting.push({ packet, atMs: nowMs + random.below(90) });
        timestamp += payload.length;
        sequence += 1;
      } else {
        timestamp += 160;
        sequence += 1;
      }
      waiting.sort((a, b) => a.atMs - b.atMs);
      while ((waiting[0]?.atMs ?? Infinity) <= nowMs) {
        const arrival = waiting.shift();
        if (arrival !== undefined) buffer.push(arrival.packet, nowMs);
      }
      const pull = buffer.pull();
      if (pull.kind === 'empty') {
        t.is(last, undefined);
        continue;
      }
      if (last !== undefined) t.is(pull.rtpTimestamp, (last + 160) >>> 0);
      last = pull.rtpTimestamp;
      t.true(buffer.targetMs >= 20 && buffer.targetMs <= 120);
      t.true(buffer.depthMs <= 180, `${buffer.depthMs}`);
      if (pull.kind === 'gap') continue;
      t.is(pull.payload.length, 160);
      const view = new DataView(pull.payload.buffer, pull.payload.byteOffset, 160);
      for (let at = 0; at + 4 <= 160; at += 1) {
        const number = view.getUint32(at);
        if (number === 0 || (number & 0xff) === 0 || number > id || at !== 0) continue;
        t.false(played.has(number), `frame ${number} twice with seed ${seed}`);
        played.add(number);
      }
    }
    t.true(played.size > 100);
  }
});
