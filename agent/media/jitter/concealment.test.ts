import test from 'ava';
import { goertzelPower } from '../tone/goertzel.js';
import { concat, largestStep, noise, rms, sine, speechLike } from '../pipeline/testing/signals.js';
import { Concealer } from './concealment.js';

/** Runs `samples` through, with the frames in `lost` taken away. */
function run(samples: Int16Array, lost: ReadonlySet<number>): Int16Array {
  const concealer = new Concealer();
  const out = samples.slice();
  for (let n = 0; n * 160 + 160 <= out.length; n += 1) {
    const frame = out.subarray(n * 160, n * 160 + 160);
    if (lost.has(n)) {
      frame.fill(32_000);
      concealer.conceal(frame);
    } else concealer.receive(frame);
  }
  return out;
}

test('frames that came pass unchanged', (t) => {
  const voice = speechLike(8_000);
  t.deepEqual(run(voice, new Set()), voice);
});

test('a lost frame of a steady vowel is filled at its pitch, without a click', (t) => {
  for (const pitchHz of [75, 100, 133, 150, 190]) {
    const vowel = sine({ samples: 3_200, frequencyHz: pitchHz, amplitude: 6_000 });
    const out = run(vowel, new Set([10]));
    const filled = out.subarray(1_600, 1_760);
    t.true(rms(filled) > 0.5 * rms(vowel), `${pitchHz} Hz`);
    t.true(largestStep(out) < 1.6 * largestStep(vowel) + 60, `${pitchHz} Hz ${largestStep(out)}`);
  }
});

test('a voice of several harmonics goes on at the same pitch for the first 10 ms', (t) => {
  const voice = new Int16Array(3_200).map((_, n) => {
    const phase = (2 * Math.PI * 125 * n) / 8_000;
    return Math.round(
      4_000 * (Math.sin(phase) + 0.6 * Math.sin(2 * phase) + 0.4 * Math.sin(5 * phase)),
    );
  });
  const out = run(voice, new Set([10]));
  let error = 0;
  for (let n = 1_600; n < 1_680; n += 1) error += (out[n]! - voice[n]!) ** 2;
  t.true(Math.sqrt(error / 80) < 0.1 * rms(voice));
});

test('after 10 ms it fades, and from 60 ms on it is silent', (t) => {
  const out = run(sine({ samples: 4_800, frequencyHz: 200 }), new Set([10, 11, 12, 13, 14]));
  const at = (ms: number): number => rms(out, 1_600 + ms * 8, 1_600 + ms * 8 + 40);
  t.true(at(2) > 5_000);
  t.true(at(25) < 0.85 * at(2));
  t.true(at(45) < 0.5 * at(2));
  t.is(rms(out, 1_600 + 480, 1_600 + 800), 0);
});

test('what comes after a long loss fades in, and is itself again after 10 ms', (t) => {
  const voice = sine({ samples: 4_800, frequencyHz: 330, amplitude: 9_000 });
  const out = run(voice, new Set([10, 11, 12, 13, 14]));
  t.true(largestStep(out, 2_400, 2_480) < 1.3 * largestStep(voice));
  t.deepEqual(out.slice(2_480, 2_560), voice.slice(2_480, 2_560));
});

test('a loss before any audio is silence, and noise stays within its bounds', (t) => {
  t.is(rms(run(noise(800, 9_000), new Set([0, 1])).subarray(0, 320)), 0);
  const loud = run(noise(8_000, 32_767), new Set([7, 8, 20, 30, 31, 32, 40]));
  t.is(loud.length, 8_000);
});

test('random losses of 10 % keep a tone a tone', (t) => {
  const tone = sine({ samples: 16_000, frequencyHz: 160 });
  const lost = new Set([7, 19, 28, 33, 47, 52, 61, 70, 84, 99]);
  const out = run(tone, lost);
  t.true(goertzelPower(out, 160, 8_000) > 0.8 * goertzelPower(tone, 160, 8_000));
  t.true(largestStep(concat(out)) < 2 * largestStep(tone));
});
