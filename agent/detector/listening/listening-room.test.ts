import { join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../../base/index.js';
import { FakeClock } from '../../../base/testing/fake-clock.js';
import type { DetectorEvent } from '../detector-event.js';
import { loadModels, type Ear, type LoadedModels } from '../model/index.js';
import { alwaysVoice } from '../testing/always-voice.js';
import { MODELS_DIRECTORY, VECTORS_DIRECTORY } from '../testing/vectors.js';
import { readWavSamples } from '../testing/wav-samples.js';
import { LEGS_MAX, ListeningRoom } from './listening-room.js';

const loaded = await loadModels(MODELS_DIRECTORY);
const clip = await readWavSamples(join(VECTORS_DIRECTORY, 'clip-8k.wav'));
const FRAME = new Int16Array(160);

/** Lets everything that is due run. */
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
async function settleLong(): Promise<void> {
  for (let i = 0; i < 50; i += 1) await settle();
}

/** Models whose ear answers when told, and says which window it is at. */
function slowModels(): { models: LoadedModels; waiting: (() => void)[] } {
  const waiting: (() => void)[] = [];
  const real = loaded.ear.ear;
  const ear: Ear = {
    inputSamples: real.inputSamples,
    outputFrames: real.outputFrames,
    alphabet: real.alphabet,
    infer: () =>
      new Promise((resolve) => {
        waiting.push(() => resolve(new Float32Array(real.outputFrames * real.alphabet.size)));
      }),
  };
  const models = {
    ear: { ...loaded.ear, ear },
    vad: { ...loaded.vad, vad: alwaysVoice },
  };
  return { models, waiting };
}

test('a model that hangs stops nothing but itself: audio is dropped, and the room says how long', async (t) => {
  const clock = new FakeClock();
  const { models, waiting } = slowModels();
  const room = new ListeningRoom({ models, phrases: [], clock, onEvent: () => undefined });
  t.true(room.open(0, 'caller'));
  for (let i = 0; i < 500; i += 1) {
    room.push(0, i * 160, FRAME);
    if (i === 60) await settleLong();
    clock.advance(20);
  }
  t.is(waiting.length, 1);
  t.true(room.report.inWindowMs > 8_000);
  waiting[0]?.();
  await settleLong();
  t.true(room.report.windowsDropped > 10);
  t.is(waiting.length, 2);
  clock.advance(5_000);
  t.is(room.report.effort, 'slower');
  room.stop();
});

test('of two legs that wait, the caller comes first', async (t) => {
  const clock = new FakeClock();
  const { models, waiting } = slowModels();
  const heardLegs: number[] = [];
  const onEvent = (leg: number): void => void heardLegs.push(leg);
  const room = new ListeningRoom({ models, phrases: [], clock, onEvent });
  room.open(0, 'staff');
  room.open(1, 'caller');
  room.open(2, 'caller');
  const say = (leg: number): void => {
    for (let i = 0; i < 60; i += 1) room.push(leg, i * 160, FRAME);
  };
  say(2);
  await settleLong();
  t.is(waiting.length, 1, 'the model is busy with the third leg');
  say(0);
  say(1);
  waiting[0]?.();
  await settleLong();
  t.is(waiting.length, 2);
  t.deepEqual(heardLegs, [2]);
  waiting[1]?.();
  await settleLong();
  t.deepEqual(heardLegs, [2, 1]);
  room.stop();
});

test('a leg that closes is heard to its end, told, and forgotten', async (t) => {
  const events: DetectorEvent[] = [];
  const room = new ListeningRoom({
    models: loaded,
    phrases: [],
    clock: systemClock,
    onEvent: (leg, event) => {
      t.is(leg, 7);
      events.push(event);
    },
  });
  room.open(7, 'caller');
  const start = clip.length - 16_000;
  for (let at = start; at < clip.length; at += 160) {
    room.push(7, at, clip.subarray(at, at + 160));
    // Twice the same packet, and one lost: the place in the leg decides, not the count.
    if (at === start + 1_600) room.push(7, at, clip.subarray(at, at + 160));
    if (at === start + 3_200) at += 160;
    if (at % 3_200 === 0) while (room.report.lateMs > 0) await settle();
  }
  room.close(7);
  while (room.report.legs > 0) await settle();
  const kana = events.map((event) => (event.event === 'kana' ? event.text : '')).join('');
  t.regex(kana, /チガイナイ$/u);
  for (const event of events) t.true(event.reportedAtMs <= Math.ceil(clip.length / 8));
  room.push(7, 0, FRAME);
  room.stop();
});

test('more legs than the limit are not listened to', (t) => {
  const clock = new FakeClock();
  const room = new ListeningRoom({ models: loaded, phrases: [], clock, onEvent: () => undefined });
  for (let i = 0; i < LEGS_MAX; i += 1) t.true(room.open(i, 'caller'));
  t.false(room.open(LEGS_MAX, 'caller'));
  room.stop();
  t.is(clock.pendingCount, 0);
});
