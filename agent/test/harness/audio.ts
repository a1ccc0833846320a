import { readFile } from 'node:fs/promises';
import { encodePcmu, encodeWav, readWav } from 'node-mediastream';
import { writeFile } from 'node:fs/promises';

export const RATE_HZ = 8_000;
/** What the caller's side is known by on the wire. */
export const CALLER_HZ = 1_004;
/** What the shop's side is known by. */
export const SHOP_HZ = 620;

/** Mono, −1…1, 8 kHz. */
export type Samples = Float32Array;

export interface Stereo {
  readonly left: Samples;
  readonly right: Samples;
}

const WINDOW = RATE_HZ / 20;
/** Amplitude from which a tone counts as heard: −34 dBFS. The markers are sent at −12 dBFS. */
const HEARD = 0.02;

/** @returns the amplitude of one frequency in `WINDOW` samples from `start` (Goertzel) */
function amplitudeAt(samples: Samples, start: number, hz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / RATE_HZ);
  let [last, before] = [0, 0];
  for (let n = start; n < start + WINDOW; n += 1) {
    // A Hann window, or the other marker's edge would pass for this one.
    const weight = 0.5 - 0.5 * Math.cos((2 * Math.PI * (n - start)) / WINDOW);
    [last, before] = [samples[n]! * weight + coefficient * last - before, last];
  }
  const power = last * last + before * before - coefficient * last * before;
  return (4 * Math.sqrt(Math.max(power, 0))) / WINDOW;
}

/** @returns for how long a tone can be heard, ms, in steps of 50 ms */
export function toneMs(samples: Samples, hz: number): number {
  let windows = 0;
  for (let start = 0; start + WINDOW <= samples.length; start += WINDOW) {
    if (amplitudeAt(samples, start, hz) >= HEARD) windows += 1;
  }
  return (windows * WINDOW * 1_000) / RATE_HZ;
}

/** Whether a window holds a tone and hardly anything else. */
function isPure(samples: Samples, start: number, hz: number): boolean {
  const amplitude = amplitudeAt(samples, start, hz);
  const whole = loudness(samples.subarray(start, start + WINDOW)) * Math.SQRT2;
  return amplitude >= HEARD && amplitude > 0.8 * whole;
}

/** Windows in a row that make a tone: a vowel may hit its frequency for one. */
const RUN = 3;

/** @returns when a tone, and hardly anything else, is first heard for 150 ms: ms from the start; null when never */
export function toneStartMs(samples: Samples, hz: number): number | null {
  let run = 0;
  for (let start = 0; start + WINDOW <= samples.length; start += WINDOW) {
    run = isPure(samples, start, hz) ? run + 1 : 0;
    if (run === RUN) return ((start - (RUN - 1) * WINDOW) * 1_000) / RATE_HZ;
  }
  return null;
}

export const durationMs = (samples: Samples): number => (samples.length * 1_000) / RATE_HZ;

/** @returns root mean square, 0…1 */
export function loudness(samples: Samples): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
}

const THIN = 4;

/** Every fourth sample of the mean of four: speech is still known by it, at a sixteenth of the work. */
function thin(samples: Samples): Float32Array {
  const out = new Float32Array(Math.floor(samples.length / THIN));
  for (let n = 0; n < out.length; n += 1) {
    for (let k = 0; k < THIN; k += 1) out[n]! += samples[n * THIN + k]! / THIN;
  }
  return out;
}

/** @returns the correlation of `sought` with `heard` from `at`, −1…1 */
function similarity(sought: Float32Array, heard: Float32Array, at: number): number {
  let [cross, own, other] = [0, 0, 0];
  for (let n = 0; n < sought.length; n += 1) {
    const [a, b] = [sought[n]!, heard[at + n]!];
    cross += a * b;
    own += a * a;
    other += b * b;
  }
  return own * other === 0 ? 0 : cross / Math.sqrt(own * other);
}

export interface Found {
  /** Where in `heard` it begins, ms. */
  readonly atMs: number;
  /** Normalised cross-correlation at that place: 1 for the very same sound. */
  readonly similarity: number;
}

/** Finds one sound in another by its form (normalised cross-correlation over every delay). */
export function findSound(sought: Samples, heard: Samples): Found {
  const [coarse, hay] = [thin(sought), thin(heard)];
  let best: Found = { atMs: 0, similarity: 0 };
  for (let at = 0; at + coarse.length <= hay.length; at += 1) {
    const found = similarity(coarse, hay, at);
    if (found > best.similarity) best = { atMs: (at * THIN * 1_000) / RATE_HZ, similarity: found };
  }
  const around = Math.round((best.atMs * RATE_HZ) / 1_000);
  for (let at = Math.max(0, around - THIN); at <= around + THIN; at += 1) {
    if (at + sought.length > heard.length) break;
    const found = similarity(sought, heard, at);
    if (found > best.similarity) best = { atMs: (at * 1_000) / RATE_HZ, similarity: found };
  }
  return best;
}

/**
 * How much of a spoken text was heard, piece by piece: each half second of it is sought by itself, since a phone's jitter
 * buffer may drop or repeat a packet between two.
 * @returns one find for each piece that is not silence, in the text's order
 */
export function findSpeech(text: Samples, heard: Samples): readonly Found[] {
  const piece = RATE_HZ / 2;
  const found: Found[] = [];
  for (let start = 0; start + piece <= text.length; start += piece) {
    const part = text.subarray(start, start + piece);
    if (loudness(part) > 0.02) found.push(findSound(part, heard));
  }
  return found;
}

/** @returns how many of the pieces of a text were heard, 0…1, where those that were must come in the text's order */
export function shareHeard(text: Samples, heard: Samples): number {
  const found = findSpeech(text, heard);
  let lastMs = -Infinity;
  let good = 0;
  for (const { atMs, similarity: like } of found) {
    if (like < 0.7 || atMs <= lastMs) continue;
    lastMs = atMs;
    good += 1;
  }
  return found.length === 0 ? 0 : good / found.length;
}

export function sine(hz: number, ms: number, amplitude = 0.25): Samples {
  const step = (2 * Math.PI * hz) / RATE_HZ;
  return Float32Array.from(
    { length: (ms * RATE_HZ) / 1_000 },
    (_, n) => amplitude * Math.sin(step * n),
  );
}

export const silence = (ms: number): Samples => new Float32Array((ms * RATE_HZ) / 1_000);

export function joined(...parts: readonly Samples[]): Samples {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const toPcm16 = (samples: Samples): Int16Array =>
  Int16Array.from(samples, (sample) => Math.round(sample * 32_767));

/** @returns the samples as µ-law bytes */
export function toPcmu(samples: Samples): Uint8Array {
  const out = new Uint8Array(samples.length);
  encodePcmu(toPcm16(samples), out);
  return out;
}

export async function writeAudio(file: string, samples: Samples): Promise<string> {
  await writeFile(file, encodeWav(toPcm16(samples), { sampleRateHz: RATE_HZ, channelCount: 1 }));
  return file;
}

/** Reads a telephone recording, one channel or two. */
export async function readAudio(file: string): Promise<readonly Samples[]> {
  const { channels, sampleRateHz } = readWav(await readFile(file));
  if (sampleRateHz !== RATE_HZ) throw new Error(`${file}: ${sampleRateHz} Hz`);
  return channels;
}

export async function readStereo(file: string): Promise<Stereo> {
  const [left, right] = await readAudio(file);
  if (left === undefined || right === undefined) throw new Error(`${file}: not two channels`);
  return { left, right };
}
