import assert from 'node:assert/strict';

/** A µ-law byte of silence. */
export const PCMU_SILENCE = 0xff;
/** An A-law byte of silence. */
export const PCMA_SILENCE = 0xd5;

/**
 * Both laws cut the amplitude into 128 intervals, numbered from silence outwards: 8 segments of 16,
 * each segment twice as coarse as the one before. Negative samples are taken as ~sample, not as
 * −sample: an interval contains its lower edge on the real line, on both sides of zero.
 */
const pcmuDecode = new Int16Array(256);
const pcmaDecode = new Int16Array(256);
/** Indexed by the sample's 16 bits. */
const pcmuEncode = new Uint8Array(65_536);
const pcmaEncode = new Uint8Array(65_536);
const pcmuToPcma = new Uint8Array(256);
const pcmaToPcmu = new Uint8Array(256);

/** G.711 table 2a counts in 14 bits; its bias of 33 makes every segment begin at a power of two. */
function pcmuInterval(magnitude: number): number {
  const biased = Math.min((magnitude >> 2) + 33, 8_191);
  const segment = 26 - Math.clz32(biased);
  return (segment << 4) | ((biased >> (segment + 1)) & 15);
}

function pcmuLevel(interval: number): number {
  return (((2 * (interval & 15) + 33) << (interval >> 4)) - 33) * 4;
}

/** G.711 table 1a counts in 13 bits; its first two segments have the same step, 16 of our units. */
function pcmaInterval(magnitude: number): number {
  const steps = magnitude >> 4;
  if (steps < 32) return steps;
  const segment = 28 - Math.clz32(steps);
  return (segment << 4) | ((steps >> (segment - 1)) & 15);
}

function pcmaLevel(interval: number): number {
  const segment = interval >> 4;
  const odd = 2 * (interval & 15) + 1;
  return (segment === 0 ? odd : (odd + 32) << (segment - 1)) * 8;
}

const pcmuByte = (interval: number, sign: number): number => (sign | 0x7f) - interval;
const pcmaByte = (interval: number, sign: number): number => (sign | interval) ^ 0x55;

for (let interval = 0; interval < 128; interval++) {
  pcmuDecode[pcmuByte(interval, 0x80)] = pcmuLevel(interval);
  pcmuDecode[pcmuByte(interval, 0)] = -pcmuLevel(interval);
  pcmaDecode[pcmaByte(interval, 0x80)] = pcmaLevel(interval);
  pcmaDecode[pcmaByte(interval, 0)] = -pcmaLevel(interval);
  for (const sign of [0, 0x80]) {
    // By magnitude, so that the two signs stay each other's mirror.
    pcmuToPcma[pcmuByte(interval, sign)] = pcmaByte(pcmaInterval(pcmuLevel(interval)), sign);
    pcmaToPcmu[pcmaByte(interval, sign)] = pcmuByte(pcmuInterval(pcmaLevel(interval)), sign);
  }
}
for (let bits = 0; bits < 65_536; bits++) {
  const sample = (bits << 16) >> 16;
  const magnitude = sample < 0 ? ~sample : sample;
  const sign = sample < 0 ? 0 : 0x80;
  pcmuEncode[bits] = pcmuByte(pcmuInterval(magnitude), sign);
  pcmaEncode[bits] = pcmaByte(pcmaInterval(magnitude), sign);
}

/**
 * Decodes one PCMU payload.
 * @param payload µ-law bytes, one per sample, 8 kHz mono; read only
 * @param out receives `payload.length` samples, s16, −32124…32124
 * @throws {AssertionError} when the lengths differ (a bug of the caller)
 * @see ITU-T G.711, RFC 3551 §4.5.14
 */
export function decodePcmu(payload: Uint8Array, out: Int16Array): void {
  decode(pcmuDecode, payload, out);
}

/**
 * Encodes samples as PCMU.
 * @param samples s16, 8 kHz mono; read only
 * @param out receives `samples.length` µ-law bytes
 * @throws {AssertionError} when the lengths differ (a bug of the caller)
 */
export function encodePcmu(samples: Int16Array, out: Uint8Array): void {
  encode(pcmuEncode, samples, out);
}

/**
 * Decodes one PCMA payload.
 * @param payload A-law bytes, one per sample, 8 kHz mono; read only
 * @param out receives `payload.length` samples, s16, −32256…32256
 * @throws {AssertionError} when the lengths differ (a bug of the caller)
 */
export function decodePcma(payload: Uint8Array, out: Int16Array): void {
  decode(pcmaDecode, payload, out);
}

/**
 * Encodes samples as PCMA.
 * @param samples s16, 8 kHz mono; read only
 * @param out receives `samples.length` A-law bytes
 * @throws {AssertionError} when the lengths differ (a bug of the caller)
 */
export function encodePcma(samples: Int16Array, out: Uint8Array): void {
  encode(pcmaEncode, samples, out);
}

/**
 * Turns µ-law into A-law: each level into the interval that holds it, the signs mirrored.
 * @param out receives `payload.length` bytes; may be `payload` itself
 * @throws {AssertionError} when the lengths differ (a bug of the caller)
 */
export function transcodePcmuToPcma(payload: Uint8Array, out: Uint8Array): void {
  transcode(pcmuToPcma, payload, out);
}

/**
 * Turns A-law into µ-law: each level into the interval that holds it, the signs mirrored.
 * @param out receives `payload.length` bytes; may be `payload` itself
 * @throws {AssertionError} when the lengths differ (a bug of the caller)
 */
export function transcodePcmaToPcmu(payload: Uint8Array, out: Uint8Array): void {
  transcode(pcmaToPcmu, payload, out);
}

function decode(table: Int16Array, payload: Uint8Array, out: Int16Array): void {
  assert.equal(out.length, payload.length);
  for (let i = 0; i < payload.length; i++) out[i] = table[payload[i]!]!;
}

function encode(table: Uint8Array, samples: Int16Array, out: Uint8Array): void {
  assert.equal(out.length, samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = table[samples[i]! & 0xffff]!;
}

function transcode(table: Uint8Array, payload: Uint8Array, out: Uint8Array): void {
  assert.equal(out.length, payload.length);
  for (let i = 0; i < payload.length; i++) out[i] = table[payload[i]!]!;
}
