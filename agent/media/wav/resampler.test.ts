import test from 'ava';
import { rms, SeededRandom } from '../pipeline/testing/signals.js';
import { goertzelPower } from '../tone/goertzel.js';
import { Resampler } from './resampler.js';

function tone(hz: number, rateHz: number, samples: number): Float32Array {
  return Float32Array.from(
    { length: samples },
    (_, n) => 10_000 * Math.sin((2 * Math.PI * hz * n) / rateHz),
  );
}

function resample(
  samples: Float32Array,
  fromHz: number,
  toHz: number,
  random?: SeededRandom,
): Float32Array {
  const resampler = new Resampler(fromHz, toHz);
  const out: number[] = [];
  let at = 0;
  while (at < samples.length) {
    const size = random === undefined ? samples.length : 1 + random.below(700);
    out.push(...resampler.push(samples.subarray(at, at + size)));
    at += size;
  }
  out.push(...resampler.flush());
  return Float32Array.from(out);
}

const RATES = [
  [44_100, 8_000],
  [48_000, 8_000],
  [8_000, 16_000],
  [16_000, 8_000],
  [8_000, 48_000],
  [22_050, 8_000],
  [11_025, 8_000],
  [44_101, 8_000],
] as const;

for (const [fromHz, toHz] of RATES) {
  test(`from ${fromHz} to ${toHz} Hz a sine stays that sine, 60 dB above all else`, (t) => {
    const nyquistHz = Math.min(fromHz, toHz) / 2;
    for (const hz of [300, 1_004, 0.85 * nyquistHz]) {
      const out = resample(tone(hz, fromHz, fromHz / 2), fromHz, toHz);
      const wanted = tone(hz, toHz, out.length);
      const [from, to] = [Math.floor(out.length / 8), Math.floor((out.length * 7) / 8)];
      const error = rms(
        out.map((sample, n) => sample - wanted[n]!),
        from,
        to,
      );
      const snrDb = 20 * Math.log10(rms(wanted, from, to) / error);
      t.true(snrDb > 60, `${hz} Hz: ${snrDb.toFixed(1)} dB`);
    }
  });

  test(`from ${fromHz} to ${toHz} Hz the length is exact to one sample`, (t) => {
    for (const samples of [1, 7, 441, 8_000, 12_345]) {
      const out = resample(new Float32Array(samples), fromHz, toHz);
      t.true(Math.abs(out.length - (samples * toHz) / fromHz) <= 1, `${samples}: ${out.length}`);
    }
  });
}

for (const [fromHz, toHz] of [
  [44_100, 8_000],
  [48_000, 8_000],
  [16_000, 8_000],
] as const) {
  test(`from ${fromHz} to ${toHz} Hz nothing above 4 kHz folds back, to 60 dB`, (t) => {
    for (const hz of [4_050, 5_000, 7_000, fromHz / 2 - 100]) {
      const out = resample(tone(hz, fromHz, fromHz / 2), fromHz, toHz);
      const rejectionDb = 20 * Math.log10(10_000 / Math.SQRT2 / rms(out, 500, out.length - 500));
      t.true(rejectionDb > 60, `${hz} Hz: ${rejectionDb.toFixed(1)} dB`);
    }
  });
}

test('from 8 to 16 kHz no image appears above 4 kHz', (t) => {
  const out = resample(tone(3_000, 8_000, 8_000), 8_000, 16_000).subarray(2_000, 14_000);
  t.true(goertzelPower(out, 5_000, 16_000) < 1e-6 * goertzelPower(out, 3_000, 16_000));
});

test('cut into pieces of any size, a stream gives the same samples', (t) => {
  const samples = tone(700, 44_100, 20_000);
  t.deepEqual(
    resample(samples, 44_100, 8_000, new SeededRandom(2)),
    resample(samples, 44_100, 8_000),
  );
});

test('an impulse stays where it was', (t) => {
  const impulse = new Float32Array(4_800);
  impulse[2_400] = 1;
  const out = resample(impulse, 48_000, 8_000);
  t.is(out.indexOf(Math.max(...out)), 400);
});

test('a rate that is none is a bug of the caller', (t) => {
  t.throws(() => new Resampler(0, 8_000));
  t.throws(() => new Resampler(8_000, 8_000.5));
});
