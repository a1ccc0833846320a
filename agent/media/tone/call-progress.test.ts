import test from 'ava';
import { concat, noise, sine, speechLike, sum } from '../pipeline/testing/signals.js';
import { CallProgressDetector, type CallProgressEvent } from './call-progress.js';
import { busyTone, ringBackTone } from './tone-generator.js';

function listen(samples: Int16Array, frameSamples = 160): CallProgressEvent[] {
  const events: CallProgressEvent[] = [];
  const detector = new CallProgressDetector((event) => events.push(event));
  for (let at = 0; at < samples.length; at += frameSamples) {
    detector.push(samples.subarray(at, at + frameSamples));
  }
  return events;
}

const names = (samples: Int16Array): string[] => listen(samples).map(({ name }) => name);
const tone = (ms: number, frequencyHz: number, amplitude = 4_000): Int16Array =>
  sine({ samples: ms * 8, frequencyHz, amplitude });
const pause = (ms: number): Int16Array => new Int16Array(ms * 8);
const repeat = (times: number, ...parts: readonly Int16Array[]): Int16Array =>
  concat(...Array.from({ length: times }, () => concat(...parts)));

test('three beeps of 400 Hz, 500 ms each, are the busy tone: reported once, within 3 s', (t) => {
  for (const frameSamples of [80, 160, 1_000]) {
    const events = listen(concat(pause(300), repeat(6, tone(500, 400), pause(500))), frameSamples);
    t.deepEqual(
      events.map(({ name }) => name),
      ['busyTone'],
    );
    t.true((events[0]?.atSample ?? Infinity) <= 3_300 * 8);
    t.true(Math.abs((events[0]?.startSample ?? 0) - 2_400) <= 200);
  }
});

for (const [title, samples] of [
  ['5 % faster and 4 % flat', repeat(4, tone(475, 385), pause(475))],
  ['15 % slower', repeat(4, tone(570, 400), pause(560))],
  ['at −33 dB', repeat(4, tone(500, 400, 750), pause(500))],
  ['loud', repeat(4, tone(500, 400, 30_000), pause(500))],
] as const) {
  test(`the busy tone is heard ${title}`, (t) => {
    t.deepEqual(names(samples), ['busyTone']);
  });
}

test('the busy tone is heard in the noise of a line, and ours is heard too', (t) => {
  const busy = repeat(5, tone(500, 400), pause(500));
  t.deepEqual(names(sum(busy, noise(busy.length, 200))), ['busyTone']);
  const own = new Int16Array(40_000);
  busyTone().fill(own);
  t.deepEqual(names(own), ['busyTone']);
});

for (const [title, samples] of [
  ['two beeps', repeat(2, tone(500, 400), pause(500))],
  ['beeps of 250 ms', repeat(8, tone(250, 400), pause(250))],
  ['beeps of 1 s', repeat(8, tone(1_000, 400), pause(1_000))],
  ['beeps of 440 Hz', repeat(8, tone(500, 440), pause(500))],
  [
    'beeps that lose their rhythm',
    repeat(3, tone(400, 400), pause(500), tone(600, 400), pause(400)),
  ],
  ['beeps with talk in the pauses', repeat(8, tone(500, 400), speechLike(4_000))],
  ['beeps with a melody in the pauses', repeat(8, tone(500, 400), tone(500, 523))],
  ['American busy', repeat(8, sum(tone(500, 480), tone(500, 620)), pause(500))],
] as const) {
  test(`${title} are not the busy tone`, (t) => {
    t.deepEqual(names(samples), []);
  });
}

test('ten minutes of something like talk and a minute of scales are no tone at all', (t) => {
  for (let seed = 11; seed <= 20; seed += 1) t.deepEqual(names(speechLike(60 * 8_000, seed)), []);
  const scale = [262, 294, 330, 349, 392, 440, 494, 523].map((hz) =>
    concat(sum(tone(350, hz), tone(350, hz * 2, 1_500), tone(350, hz * 3, 900)), pause(150)),
  );
  t.deepEqual(names(repeat(15, ...scale)), []);
});

test('ring-back is neither busy nor dial tone', (t) => {
  const ringing = new Int16Array(8_000 * 20);
  ringBackTone().fill(ringing);
  t.deepEqual(names(ringing), []);
});

test('400 Hz for 1.5 s is the dial tone, reported once; 1.3 s is not', (t) => {
  const events = listen(concat(pause(200), tone(5_000, 400)));
  t.deepEqual(
    events.map(({ name }) => name),
    ['dialTone'],
  );
  t.true(Math.abs((events[0]?.atSample ?? 0) - 1_700 * 8) <= 400);
  t.deepEqual(names(concat(tone(1_300, 400), pause(2_000))), []);
});

test('a fax is heard from its first 500 ms of 1,100 Hz, and each time again (ITU-T T.30 §4.3.3.2)', (t) => {
  const events = listen(repeat(2, tone(500, 1_100), pause(3_000)));
  t.deepEqual(
    events.map(({ name }) => name),
    ['faxCallingTone', 'faxCallingTone'],
  );
  t.true((events[0]?.atSample ?? Infinity) <= 460 * 8);
  t.deepEqual(names(tone(500, 1_130)), ['faxCallingTone']);
  t.deepEqual(names(tone(350, 1_100)), []);
  t.deepEqual(names(tone(500, 1_180)), []);
});
