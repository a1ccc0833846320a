import test from 'ava';
import { SeededRandom } from '../pipeline/testing/signals.js';
import { StreamFramer, type DecodedPacket } from './stream-framer.js';

/** Samples that count up, so that each says where it belongs. */
function packet(n: number, ptimeMs = 20, first = { sequence: 0, timestamp: 0 }): DecodedPacket {
  const length = ptimeMs * 8;
  return {
    sequenceNumber: (first.sequence + n) & 0xffff,
    rtpTimestamp: (first.timestamp + n * length) >>> 0,
    ssrc: 9,
    samples: Int16Array.from({ length }, (_, i) => ((n * length + i) % 30_000) + 1),
  };
}

function framer(options: { reorderMax?: number; silenceMaxMs?: number } = {}): {
  readonly framer: StreamFramer;
  readonly positions: number[];
  readonly timestamps: number[];
  readonly samples: number[];
} {
  const positions: number[] = [];
  const timestamps: number[] = [];
  const samples: number[] = [];
  const made = new StreamFramer({
    ...options,
    onFrame: (frame) => {
      positions.push(frame.positionSamples);
      timestamps.push(frame.rtpTimestamp);
      samples.push(...frame.samples);
    },
  });
  return { framer: made, positions, timestamps, samples };
}

const counting = (length: number): number[] => Array.from({ length }, (_, i) => (i % 30_000) + 1);

for (const ptimeMs of [10, 20, 30, 40, 60]) {
  test(`packets of ${ptimeMs} ms become frames of 20 ms at once, across both wraps`, (t) => {
    const { framer: stream, positions, timestamps, samples } = framer();
    const first = { sequence: 65_530, timestamp: 0xffff_f000 };
    for (let n = 0; n < 60; n += 1) stream.push(packet(n, ptimeMs, first), n * ptimeMs);
    const whole = Math.floor((60 * ptimeMs) / 20);
    t.deepEqual(
      positions,
      Array.from({ length: whole }, (_, n) => n * 160),
    );
    t.is(timestamps[20], (0xffff_f000 + 20 * 160) >>> 0);
    t.deepEqual(samples, counting(whole * 160));
  });
}

test('a packet that was overtaken is put back in its place', (t) => {
  const { framer: stream, samples } = framer();
  for (const n of [0, 1, 3, 2, 4, 6, 7, 5, 8]) stream.push(packet(n), n * 20);
  stream.end();
  t.deepEqual(samples, counting(9 * 160));
  t.is(stream.counts.framesConcealed, 0);
});

test('a lost packet is concealed once enough newer ones are here, and is late after that', (t) => {
  const { framer: stream, positions, samples } = framer({ reorderMax: 2 });
  for (const n of [0, 1, 2, 4, 5, 6, 7, 3]) stream.push(packet(n), n * 20);
  t.is(stream.counts.framesConcealed, 1);
  t.is(stream.counts.late, 1);
  t.deepEqual(positions, [0, 160, 320, 480, 640, 800, 960, 1_120]);
  t.is(samples[7 * 160 + 100], 7 * 160 + 101);
});

test('a long hole is concealed, then silent; a longer one is a jump in position', (t) => {
  const { framer: stream, positions, samples } = framer({ silenceMaxMs: 1_000 });
  stream.push(packet(0), 0);
  stream.push({ ...packet(30), sequenceNumber: 1 }, 600);
  t.is(positions.length, 31);
  t.is(stream.counts.framesConcealed, 3);
  t.is(stream.counts.framesSilenced, 26);
  t.true(samples.slice(10 * 160, 30 * 160).every((sample) => sample === 0));
  stream.push({ ...packet(200), sequenceNumber: 2 }, 4_000);
  t.is(stream.counts.jumps, 1);
  t.deepEqual(positions.slice(-2), [30 * 160, 200 * 160]);
});

test('a new SSRC goes on in the same timeline, after as long a pause as there was', (t) => {
  const { framer: stream, positions } = framer();
  stream.push(packet(0), 1_000);
  stream.push({ ...packet(0), ssrc: 10, rtpTimestamp: 77_777 }, 1_020);
  stream.push({ ...packet(1), ssrc: 10, rtpTimestamp: 77_937 }, 1_040);
  t.deepEqual(positions, [0, 160, 320]);
  stream.push({ ...packet(0), ssrc: 11, rtpTimestamp: 5 }, 1_540);
  t.is(stream.counts.streamsChanged, 2);
  t.is(positions.at(-1), (1_540 - 1_000) * 8);
});

test('on a random walk positions only rise, by whole frames inside a stretch, and no sample comes twice', (t) => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const random = new SeededRandom(seed);
    const { framer: stream, positions, samples } = framer();
    const order = Array.from({ length: 300 }, (_, n) => ({ n, at: n + random.below(5) }))
      .filter(() => random.below(20) > 0)
      .sort((a, b) => a.at - b.at);
    for (const { n, at } of order) {
      stream.push(packet(n), at * 20);
      if (random.below(15) === 0) stream.push(packet(n), at * 20);
    }
    stream.end();
    positions.forEach((position, index) => t.is(position % 160, 0, `frame ${index}`));
    for (let n = 1; n < positions.length; n += 1) t.true(positions[n]! > positions[n - 1]!);
    // A cross-fade ends after 10 ms: past the middle a frame is either wholly itself or wholly made up.
    let own = 0;
    positions.forEach((position, n) => {
      const place = position + (order[0]?.n ?? 0) * 160;
      if (samples[n * 160 + 159] === ((place + 159) % 30_000) + 1) own += 1;
    });
    const { late, framesConcealed, framesSilenced } = stream.counts;
    const missing = 300 - order.length + late;
    t.true(framesConcealed + framesSilenced <= missing);
    t.true(own >= order.length - late - 1, `${own} of ${order.length}`);
  }
});
