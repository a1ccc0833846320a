import test from 'ava';
import { largestStep, rms } from '../pipeline/testing/signals.js';
import { goertzelPower } from './goertzel.js';
import {
  attentionBeep,
  busyTone,
  ringBackTone,
  sineTone,
  type ToneSource,
} from './tone-generator.js';

function take(source: ToneSource, ms: number, frameSamples = 160): Int16Array {
  const out = new Int16Array(ms * 8);
  for (let at = 0; at < out.length; at += frameSamples)
    source.fill(out.subarray(at, at + frameSamples));
  return out;
}

test('tones go on across frames: cut in frames or whole, they are the same samples', (t) => {
  for (const make of [ringBackTone, busyTone, attentionBeep, () => sineTone(440, -10)]) {
    t.deepEqual(take(make(), 4_000), take(make(), 4_000, 32_000));
  }
});

test('no tone clicks where it begins, pauses or ends', (t) => {
  for (const [make, hz] of [
    [ringBackTone, 416],
    [busyTone, 400],
    [attentionBeep, 1_000],
  ] as const) {
    const out = take(make(), 5_000);
    const peak = out.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    t.true(largestStep(out) <= peak * 2 * Math.sin((Math.PI * hz) / 8_000) * 1.05 + 2);
  }
});

test('ring-back is 400 Hz swelling at 16 Hz, 1 s on and 2 s off', (t) => {
  const out = take(ringBackTone(), 3_000);
  t.true(goertzelPower(out.subarray(0, 8_000), 400, 8_000) > 0.6 * rms(out, 0, 8_000) ** 2);
  t.true(goertzelPower(out.subarray(0, 8_000), 416, 8_000) > 1_000);
  t.is(rms(out, 8_000, 24_000), 0);
});

test('the attention beep is two beeps within a second, then it is done and silent', (t) => {
  const beep = attentionBeep();
  const out = take(beep, 1_000);
  t.true(beep.isDone);
  const at = (ms: number): number => rms(out, ms * 8, ms * 8 + 400);
  t.true(at(100) > 1_000 && at(600) > 1_000);
  t.is(at(350), 0);
  t.is(rms(take(beep, 200)), 0);
});

test('a sine has the level asked for', (t) => {
  const out = take(sineTone(1_000, -20), 1_000).subarray(800);
  t.true(Math.abs(20 * Math.log10((rms(out) * Math.SQRT2) / 32_767) + 20) < 0.05);
  t.is(goertzelPower([], 400, 8_000), 0);
});
