import test from 'ava';
import { concat, noise, sine, speechLike, sum } from '../pipeline/testing/signals.js';
import { DtmfDetector, type DtmfEvent } from './dtmf-detector.js';
import { dtmfTone } from './dtmf-generator.js';
import { dtmfPair } from './dtmf-digit.js';

interface PressOptions {
  readonly onMs?: number;
  readonly offMs?: number;
  /** High group against low group. */
  readonly twistDb?: number;
  readonly offsetPercent?: number;
  readonly amplitude?: number;
}

function press(digit: string, options: PressOptions = {}): Int16Array {
  const { onMs = 40, offMs = 40, twistDb = 0, offsetPercent = 0, amplitude = 5_000 } = options;
  const pair = dtmfPair(digit);
  if (pair === undefined) throw new Error(`no digit ${digit}`);
  const factor = 1 + offsetPercent / 100;
  const samples = onMs * 8;
  const low = sine({ samples, frequencyHz: pair.lowHz * factor, amplitude });
  const high = sine({
    samples,
    frequencyHz: pair.highHz * factor,
    amplitude: amplitude * 10 ** (twistDb / 20),
    phase: 1,
  });
  return concat(sum(low, high), new Int16Array(offMs * 8));
}

function listen(samples: Int16Array, frameSamples = 160): DtmfEvent[] {
  const events: DtmfEvent[] = [];
  const detector = new DtmfDetector((event) => events.push(event));
  for (let at = 0; at < samples.length; at += frameSamples) {
    detector.push(samples.subarray(at, at + frameSamples));
  }
  detector.end();
  return events;
}

const digits = (samples: Int16Array): string =>
  listen(samples)
    .filter(({ name }) => name === 'digitStarted')
    .map(({ digit }) => digit)
    .join('');

const ALL = '0123456789*#ABCD';
const EACH = Array.from(ALL);

for (const [title, options] of [
  ['40 ms on, 40 ms off', {}],
  ['the high group 4 dB louder', { twistDb: 4 }],
  ['the high group 8 dB weaker', { twistDb: -8 }],
  ['1.5 % sharp', { offsetPercent: 1.5 }],
  ['1.5 % flat and 8 dB weaker above', { offsetPercent: -1.5, twistDb: -8 }],
  ['loud enough to be cut', { amplitude: 17_000 }],
  ['−36 dB below full scale', { amplitude: 520 }],
] as const) {
  test(`all sixteen digits are heard with ${title} (ITU-T Q.24)`, (t) => {
    const dialled = concat(new Int16Array(333), ...EACH.map((digit) => press(digit, options)));
    t.is(digits(dialled), ALL);
  });
}

test('digits are heard in noise 15 dB below them', (t) => {
  const dialled = concat(...EACH.map((digit) => press(digit, { onMs: 60, offMs: 60 })));
  t.is(digits(sum(dialled, noise(dialled.length, 1_500))), ALL);
});

test('the same digit twice is two digits; one with a drop-out of 10 ms is one', (t) => {
  t.is(digits(concat(press('5'), press('5'))), '55');
  t.is(digits(concat(press('5', { offMs: 10 }), press('5'))), '5');
});

for (const [title, options] of [
  ['shorter than 23 ms', { onMs: 22 }],
  ['3.5 % sharp', { offsetPercent: 3.5, onMs: 80 }],
  ['3.5 % flat', { offsetPercent: -3.5, onMs: 80 }],
  ['with the high group 9 dB louder', { twistDb: 9, onMs: 80 }],
  ['with the high group 13 dB weaker', { twistDb: -13, onMs: 80 }],
  ['at −50 dB', { amplitude: 100, onMs: 80 }],
] as const) {
  test(`a tone ${title} is no digit (ITU-T Q.24)`, (t) => {
    t.is(digits(concat(...EACH.map((digit) => press(digit, options)))), '');
  });
}

test('one tone alone is no digit, nor are three', (t) => {
  const tone = (frequencyHz: number): Int16Array =>
    sine({ samples: 1_600, frequencyHz, amplitude: 5_000 });
  t.is(digits(tone(697)), '');
  t.is(digits(sum(tone(697), tone(1_209), tone(1_477))), '');
  t.is(digits(sum(tone(697), tone(941), tone(1_209))), '');
});

test('ten minutes of something like talk press no digit', (t) => {
  for (let seed = 1; seed <= 10; seed += 1) t.is(digits(speechLike(60 * 8_000, seed)), '');
});

test('a digit says where it began and ended to within 10 ms, whatever the frame length', (t) => {
  const samples = concat(new Int16Array(1_234), press('7', { onMs: 100, offMs: 100 }));
  for (const frameSamples of [1, 80, 160, 333, 5_000]) {
    const events = listen(samples, frameSamples);
    t.is(events.length, 2);
    const [, ended] = events;
    if (ended?.name !== 'digitEnded') return t.fail();
    t.is(ended.digit, '7');
    t.true(Math.abs(ended.startSample - 1_234) <= 80, `${ended.startSample}`);
    t.true(Math.abs(ended.endSample - 2_034) <= 80, `${ended.endSample}`);
  }
});

test('what our generator sends our detector hears', (t) => {
  const parts = EACH.map((digit) => {
    const tone = dtmfTone(digit, { onMs: 50, offMs: 50 });
    const out = new Int16Array(800);
    tone.fill(out);
    t.true(tone.isDone);
    return out;
  });
  t.is(digits(concat(...parts)), ALL);
  t.throws(() => dtmfTone('x'), { instanceOf: RangeError });
  t.throws(() => dtmfTone(''), { instanceOf: RangeError });
});
