import { join } from 'node:path';
import test from 'ava';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { readNpy, readVectors, VECTORS_DIRECTORY } from '../testing/vectors.js';
import { readWavSamples } from '../testing/wav-samples.js';
import { PowerSpectrum } from './fourier.js';
import { LogMel, MEL_FRAMES, WINDOW_SAMPLES } from './log-mel.js';
import { SampleRing } from './sample-ring.js';
import { Upsampler, upsamplingTaps } from './upsampler.js';

const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let most = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i += 1) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
};

async function clipAt16k(pieces: number): Promise<Float32Array> {
  const samples = await readWavSamples(join(VECTORS_DIRECTORY, 'clip-8k.wav'));
  const upsampler = new Upsampler();
  const out: number[] = [];
  for (let at = 0; at < samples.length; at += pieces) {
    out.push(...upsampler.push(samples.subarray(at, at + pieces)));
  }
  return Float32Array.from([...out, ...upsampler.flush()]);
}

test('the upsampling filter is the one that the model was trained behind', async (t) => {
  const { upsample_taps: wanted } = await readVectors();
  t.true(difference(upsamplingTaps(), wanted) < 1e-8);
});

test('8 kHz becomes the same 16 kHz in pieces of any length', async (t) => {
  const vectors = await readVectors();
  const whole = await clipAt16k(1_000_000);
  t.is(whole.length, vectors.samples_16k);
  t.true(difference(whole.subarray(20_000, 20_016), vectors.samples_16k_from_20000) < 1e-6);
  for (const pieces of [1, 7, 160, 161]) t.is(difference(await clipAt16k(pieces), whole), 0);
});

test('the power spectrum of a frame of 400 is that of the defining sum', (t) => {
  const random = new SeededRandom(1);
  const frame = Float64Array.from({ length: 400 }, () => random.fraction() - 0.5);
  const spectrum = new PowerSpectrum(400);
  const found = new Float64Array(spectrum.bins);
  spectrum.compute(frame, found);
  const wanted = found.map((_, k) => {
    const part = (of: (x: number) => number): number =>
      frame.reduce((sum, x, n) => sum + x * of((2 * Math.PI * k * n) / 400), 0);
    return part(Math.cos) ** 2 + part(Math.sin) ** 2;
  });
  t.true(difference(found, wanted) < 1e-9);
});

test('the log-mel picture of a window equals the reference to 1e-4', async (t) => {
  const wanted = await readNpy(join(VECTORS_DIRECTORY, 'window-logmel.npy'));
  const { window } = await readVectors();
  const ring = new SampleRing(4 * WINDOW_SAMPLES, WINDOW_SAMPLES);
  ring.push(await clipAt16k(160));
  const start = WINDOW_SAMPLES + window.number * 8_000 - 51_200;
  t.true(difference(new LogMel().window(ring, start), wanted) < 1e-4);
});

test('frames kept from earlier windows change nothing', async (t) => {
  const ring = new SampleRing(4 * WINDOW_SAMPLES, WINDOW_SAMPLES);
  ring.push(await clipAt16k(160));
  const keeping = new LogMel();
  // Steps of 0.5 s and 1.0 s, and one window left out.
  for (const start of [0, 8_000, 16_000, 32_000, 56_000, 64_000]) {
    t.is(difference(keeping.window(ring, start), new LogMel().window(ring, start)), 0);
  }
});

test('a silent window is a flat picture at the floor, without NaN', (t) => {
  const ring = new SampleRing(2 * WINDOW_SAMPLES, WINDOW_SAMPLES);
  const picture = new LogMel().window(ring, 0);
  t.is(picture.length, 80 * MEL_FRAMES);
  t.true(picture.every((value) => value === -1.5));
});

test('the ring refuses to give samples that it has overwritten', (t) => {
  const ring = new SampleRing(10, 0);
  ring.push(new Float32Array(25).map((_, i) => i));
  const out = new Float32Array(3);
  ring.read(22, out);
  t.deepEqual([...out], [22, 23, 24]);
  t.throws(() => ring.read(14, out));
  t.throws(() => ring.read(23, out));
});
