import test from 'ava';

import {
  decodePcma,
  decodePcmu,
  encodePcma,
  encodePcmu,
  PCMA_SILENCE,
  PCMU_SILENCE,
  transcodePcmaToPcmu,
  transcodePcmuToPcma,
} from './g711.js';

/** One law as the standard prints it: edges x1…x129 of the 128 intervals, scaled to 16 bits. */
interface Law {
  readonly edges: readonly number[];
  readonly levels: readonly number[];
  readonly positive: (interval: number) => number;
  readonly negative: (interval: number) => number;
}

const between = (edges: readonly number[]): number[] =>
  edges.slice(1).map((edge, i) => (edge + edges[i]!) / 2);

/** G.711 table 1a/1b: decision values 0, 2, …, 64, 68, …, 4096 in 13 bits. */
function aLaw(): Law {
  const edges = [0];
  for (const [steps, size] of [
    [32, 2],
    [16, 4],
    [16, 8],
    [16, 16],
    [16, 32],
    [16, 64],
    [16, 128],
  ] as const) {
    for (let i = 0; i < steps; i++) edges.push(edges.at(-1)! + size);
  }
  const scaled = edges.map((edge) => edge * 8);
  return {
    edges: scaled,
    levels: between(scaled),
    positive: (n) => (0x80 | n) ^ 0x55,
    negative: (n) => n ^ 0x55,
  };
}

/** G.711 table 2a/2b: decision values 0, 1, 3, …, 31, 35, …, 8159 in 14 bits; the first level is 0. */
function muLaw(): Law {
  const edges = [0, 1];
  for (const [steps, size] of [
    [15, 2],
    [16, 4],
    [16, 8],
    [16, 16],
    [16, 32],
    [16, 64],
    [16, 128],
    [16, 256],
  ] as const) {
    for (let i = 0; i < steps; i++) edges.push(edges.at(-1)! + size);
  }
  const scaled = edges.map((edge) => edge * 4);
  const levels = between(scaled);
  levels[0] = 0;
  return { edges: scaled, levels, positive: (n) => 0xff - n, negative: (n) => 0x7f - n };
}

/** Intervals hold their lower edge: [x, y) above zero, [−y, −x) below it. */
function expectedByte(law: Law, sample: number): number {
  const isIn = (n: number): boolean =>
    sample >= 0
      ? sample >= law.edges[n]! && sample < law.edges[n + 1]!
      : sample >= -law.edges[n + 1]! && sample < -law.edges[n]!;
  let interval = 0;
  while (interval < 127 && !isIn(interval)) interval++;
  return sample >= 0 ? law.positive(interval) : law.negative(interval);
}

const everySample = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);

for (const [name, law, encode, decode] of [
  ['PCMU', muLaw(), encodePcmu, decodePcmu],
  ['PCMA', aLaw(), encodePcma, decodePcma],
] as const) {
  test(`the ${name} intervals end where the standard ends them (G.711)`, (t) => {
    t.is(law.edges.length, 129);
    t.is(law.edges[128], name === 'PCMU' ? 8_159 * 4 : 4_096 * 8);
  });

  test(`every one of 65,536 samples becomes the ${name} byte of its interval (G.711)`, (t) => {
    const out = new Uint8Array(65_536);
    encode(everySample, out);
    const wrong = Array.from(everySample).filter((s, i) => out[i] !== expectedByte(law, s));
    t.deepEqual(wrong, []);
  });

  test(`every ${name} byte becomes the level of its interval, and that becomes the byte (G.711)`, (t) => {
    const out = new Int16Array(256);
    decode(everyByte, out);
    for (let n = 0; n < 128; n++) {
      t.is(out[law.positive(n)], law.levels[n]);
      t.is(out[law.negative(n)], n === 0 && name === 'PCMU' ? 0 : -law.levels[n]!);
    }
    const again = new Uint8Array(256);
    encode(out, again);
    // µ-law has two zeros; 16 bits have one.
    const changed = Array.from(everyByte).filter((byte) => again[byte] !== byte);
    t.deepEqual(changed, name === 'PCMU' ? [0x7f] : []);
  });
}

test('a payload of another length than its samples is a bug of ours', (t) => {
  t.throws(() => decodePcmu(new Uint8Array(160), new Int16Array(159)));
  t.throws(() => encodePcma(new Int16Array(160), new Uint8Array(161)));
});

test('silence stays silence in both laws', (t) => {
  const out = new Uint8Array(1);
  encodePcmu(new Int16Array(1), out);
  t.is(out[0], PCMU_SILENCE);
  encodePcma(new Int16Array(1), out);
  t.is(out[0], PCMA_SILENCE);
});

for (const [name, from, to, transcode] of [
  ['PCMU to PCMA', muLaw(), aLaw(), transcodePcmuToPcma],
  ['PCMA to PCMU', aLaw(), muLaw(), transcodePcmaToPcmu],
] as const) {
  test(`${name} finds the interval of each level and mirrors the signs`, (t) => {
    const out = new Uint8Array(256);
    transcode(everyByte, out);
    for (let n = 0; n < 128; n++) {
      const expected = expectedByte(to, from.levels[n]!);
      t.is(out[from.positive(n)], expected);
      t.is(out[from.negative(n)], expected ^ 0x80);
    }
  });
}

test('transcoding works in place', (t) => {
  const payload = Uint8Array.from([0xff, 0x00, 0x80, 0x7f]);
  const expected = new Uint8Array(4);
  transcodePcmuToPcma(payload, expected);
  transcodePcmuToPcma(payload, payload);
  t.deepEqual(payload, expected);
});
