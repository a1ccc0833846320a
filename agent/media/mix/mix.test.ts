import test from 'ava';
import { largestStep, noise, sine, speechLike } from '../pipeline/testing/signals.js';
import { audioLevel, LevelMeter, type LevelSecond } from './level-meter.js';
import { Limiter } from './limiter.js';
import { gainFromDb, mixFrames } from './mixer.js';

test('two voices add up, each at its gain, and a sum beyond full scale is cut and counted', (t) => {
  const out = new Int16Array(3);
  const a = Int16Array.of(100, 30_000, -30_000);
  const b = Int16Array.of(-40, 10_000, -10_000);
  t.is(mixFrames([{ samples: a }, { samples: b, gain: 0.5 }], out), 2);
  t.deepEqual(out, Int16Array.of(80, 32_767, -32_768));
  t.is(mixFrames([], out), 0);
  t.deepEqual(out, new Int16Array(3));
});

test('a frame can be mixed into itself', (t) => {
  const own = Int16Array.of(1, 2, 3);
  mixFrames([{ samples: own }, { samples: Int16Array.of(10, 10, 10) }], own);
  t.deepEqual(own, Int16Array.of(11, 12, 13));
  t.throws(() => mixFrames([{ samples: new Int16Array(2) }], own));
});

test('6 dB is a gain of two', (t) => {
  t.true(Math.abs(gainFromDb(6.0206) - 2) < 1e-4);
  t.is(gainFromDb(0), 1);
});

test('no sample leaves the limiter above its ceiling, whatever comes', (t) => {
  const ceiling = 32_767 * 10 ** (-12 / 20);
  for (const samples of [
    noise(8_000, 32_767),
    new Int16Array(800).fill(-32_768),
    speechLike(8_000),
  ]) {
    const limiter = new Limiter({ ceilingDbfs: -12 });
    limiter.limit(samples);
    t.true(samples.every((sample) => Math.abs(sample) <= ceiling));
  }
});

test('what is quieter than the ceiling passes untouched', (t) => {
  const voice = sine({ samples: 8_000, frequencyHz: 200, amplitude: 7_000 });
  const out = voice.slice();
  new Limiter({ ceilingDbfs: -12 }).limit(out);
  t.deepEqual(out, voice);
});

test('a shout is turned down, not cut: after the attack its shape is a sine again, and the gain comes back', (t) => {
  const limiter = new Limiter({ ceilingDbfs: -12 });
  const shout = sine({ samples: 8_000, frequencyHz: 250, amplitude: 30_000 });
  limiter.limit(shout);
  const settled = shout.slice(4_000);
  const peak = Math.max(...settled);
  // A cut sine would be flat: its steps next to the peak smaller, those through zero much larger.
  t.true(largestStep(settled) < 1.15 * peak * 2 * Math.sin((Math.PI * 250) / 8_000));
  t.true(limiter.gainDb < -10);
  limiter.limit(sine({ samples: 16_000, frequencyHz: 250, amplitude: 1_000 }));
  t.true(limiter.gainDb > -0.1);
});

test('the audio level is 0 at overload, 3 for a full sine, 127 for silence (RFC 6464 §3)', (t) => {
  t.is(audioLevel(new Int16Array(160).fill(32_767)), 0);
  t.is(audioLevel(new Int16Array(160).fill(-32_768)), 0);
  t.is(audioLevel(sine({ samples: 8_000, frequencyHz: 400, amplitude: 32_767 })), 3);
  t.is(audioLevel(sine({ samples: 8_000, frequencyHz: 400, amplitude: 3_277 })), 23);
  t.is(audioLevel(new Int16Array(160)), 127);
  t.is(audioLevel(new Int16Array(0)), 127);
});

test('each full second is reported once with its level and its peak, however it was cut', (t) => {
  const seconds: LevelSecond[] = [];
  const meter = new LevelMeter((second) => seconds.push(second));
  const quiet = sine({ samples: 8_000, frequencyHz: 400, amplitude: 3_277 });
  quiet[5_000] = 32_767;
  for (let at = 0; at < 8_000; at += 100) meter.push(quiet.subarray(at, at + 100));
  meter.push(new Int16Array(12_000));
  t.deepEqual(
    seconds.map(({ positionSamples, peakLevel }) => [positionSamples, peakLevel]),
    [
      [0, 0],
      [8_000, 127],
    ],
  );
  t.is(seconds[0]?.audioLevel, 23);
  t.is(meter.runningLevel, 127);
});
