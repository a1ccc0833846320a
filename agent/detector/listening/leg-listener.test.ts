import { join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../../base/index.js';
import type { DetectorEvent } from '../detector-event.js';
import { buildPhraseTrie, type Phrase } from '../keyword/index.js';
import { loadModels, type LoadedModels } from '../model/index.js';
import { alwaysVoice } from '../testing/always-voice.js';
import { MODELS_DIRECTORY, readVectors, VECTORS_DIRECTORY } from '../testing/vectors.js';
import { readWavSamples } from '../testing/wav-samples.js';
import { LegListener } from './leg-listener.js';

const loaded = await loadModels(MODELS_DIRECTORY);
const clip = await readWavSamples(join(VECTORS_DIRECTORY, 'clip-8k.wav'));

const HUMAN: Phrase = {
  text: '人間に違いない',
  reading: 'ニンゲンニチガイナイ',
  category: 'ordinary',
  level: 0,
};
const KILL: Phrase = { text: '殺すぞ', reading: 'コロスゾ', category: 'threat', level: 3 };

function listenerOf(models: LoadedModels, startTick = 0): LegListener {
  const trie = buildPhraseTrie([HUMAN, KILL], models.ear.ear.alphabet, [
    { moraeMin: 1, score: -0.8 },
  ]);
  return new LegListener({ speaker: 'caller', startTick, models, trie, clock: systemClock });
}

async function hear(listener: LegListener, samples: Int16Array): Promise<DetectorEvent[]> {
  const events: DetectorEvent[] = [];
  for (let at = 0; at < samples.length; at += 160) {
    listener.push(samples.subarray(at, at + 160));
    while (listener.hasWork) events.push(...(await listener.advance()));
  }
  return [...events, ...(await listener.finish())];
}

test('the stream of morae is the one that the reference hears, frame by frame', async (t) => {
  const { stitched } = await readVectors();
  const { alphabet } = loaded.ear.ear;
  const size = alphabet.size;
  const stream: number[] = [];
  const ear = {
    ...loaded.ear.ear,
    alphabet,
    inputSamples: loaded.ear.ear.inputSamples,
    outputFrames: loaded.ear.ear.outputFrames,
    async infer(logMel: Float32Array): Promise<Float32Array> {
      const posteriors = await loaded.ear.ear.infer(logMel);
      stream.push(...posteriors.subarray(160 * size, 185 * size));
      return posteriors;
    },
  };
  const vad = { ...loaded.vad, vad: alwaysVoice };
  await hear(listenerOf({ ear: { ...loaded.ear, ear }, vad }), clip);
  const vocabulary = loaded.ear.manifest.vocabulary;
  let worst = 0;
  stitched.top3_per_frame.forEach((top, frame) => {
    const row = stream.slice(frame * size, (frame + 1) * size);
    const best = row.indexOf(Math.max(...row));
    const [token, logP] = top[0] ?? ['', 0];
    t.is(vocabulary[best], token, `frame ${frame}`);
    worst = Math.max(worst, Math.abs((row[best] ?? 0) - logP));
  });
  t.true(worst < 0.3, `log-posteriors differ by ${worst}`);
});

test('a clip through the telephone becomes the kana of the reference, and the phrase in it a keyword', async (t) => {
  const { stitched } = await readVectors();
  const events = await hear(listenerOf(loaded), clip);
  const kana = events.flatMap((event) => (event.event === 'kana' ? [event.text] : []));
  t.is(kana.join(''), stitched.kana);
  const keywords = events.flatMap((event) => (event.event === 'keyword' ? [event] : []));
  t.is(keywords.length, 1);
  const [human] = keywords;
  t.is(human?.phrase, HUMAN.text);
  const started = events.find((event) => event.event === 'speechStarted');
  t.true(started !== undefined && started.atMs > 300 && started.atMs < 1_300);
  t.true(events.some((event) => event.event === 'speechEnded'));
});

test('what is told is told in the order in which a live listener knows it, and not before it is heard', async (t) => {
  const events = await hear(listenerOf(loaded, 80_000), clip);
  let last = 10_000;
  for (const event of events) {
    t.true(event.reportedAtMs >= last);
    last = event.reportedAtMs;
    const endMs = 'endMs' in event ? event.endMs : event.atMs;
    t.true(endMs <= event.reportedAtMs + 20, JSON.stringify(event));
    if (event.event === 'keyword') t.true(event.reportedAtMs - event.endMs <= 840);
  }
});

test('silence costs no window of the ear', async (t) => {
  const listener = listenerOf(loaded);
  const events = await hear(listener, new Int16Array(8_000 * 5));
  t.deepEqual(events, []);
  t.is(listener.counts.windows, 0);
  t.is(listener.counts.windowsQuiet, 10);
});

test('a listener that comes late drops windows, counts them, and hears the newest', async (t) => {
  const listener = listenerOf(loaded);
  for (let round = 0; round < 12; round += 1) listener.push(clip);
  await listener.advance();
  t.true(listener.counts.windowsDropped > 100);
  t.true(listener.lateMs < 1_000);
});
