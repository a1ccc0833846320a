import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { encodeWav, Resampler } from 'node-mediastream';
import { systemClock, UnavailableError } from '../../base/index.js';
import { analyseFiles, type AnalysedEvent, type AnalyseOptions } from './analyse.js';
import { MODELS_DIRECTORY, VECTORS_DIRECTORY } from './testing/vectors.js';
import { readWavSamples } from './testing/wav-samples.js';

const CLIP = join(VECTORS_DIRECTORY, 'clip-8k.wav');
const HUMAN = {
  text: '人間に違いない',
  reading: 'ニンゲンニチガイナイ',
  category: 'ordinary',
  level: 0,
} as const;

const OPTIONS: AnalyseOptions = {
  modelsDirectory: MODELS_DIRECTORY,
  phrases: [HUMAN],
  kana: true,
  clock: systemClock,
};

async function all(
  files: string[],
  changed: Partial<AnalyseOptions> = {},
): Promise<AnalysedEvent[]> {
  const events: AnalysedEvent[] = [];
  for await (const event of analyseFiles(files, { ...OPTIONS, ...changed })) events.push(event);
  return events;
}

test('a mono recording is the caller; events come in order of reportedAtMs, the summary last', async (t) => {
  const events = await all([CLIP]);
  let lastMs = 0;
  for (const event of events) {
    t.is(event.file, CLIP);
    if ('speaker' in event) t.is(event.speaker, 'caller');
    if (!('reportedAtMs' in event)) continue;
    t.true(event.reportedAtMs >= lastMs);
    lastMs = event.reportedAtMs;
  }
  const summary = events.at(-1);
  t.is(summary?.event, 'summary');
  if (summary?.event !== 'summary') return;
  t.is(summary.durationMs, 6_480);
  t.true(summary.speechMs.caller > 4_000 && summary.speechMs.caller < 6_480);
  t.is(summary.speechMs.staff, 0);
  t.true(summary.realTimeFactor > 0);
});

test('of two channels left is the caller and right the staff, each with its own events', async (t) => {
  const samples = await readWavSamples(CLIP);
  const events = await all([CLIP], {
    readAudio: () => Promise.resolve({ channels: [new Int16Array(16_000), samples] }),
  });
  const speakers = events.flatMap((event) => ('speaker' in event ? [event.speaker] : []));
  t.true(speakers.length > 3);
  t.true(speakers.every((speaker) => speaker === 'staff'));
});

test('what policy decides stands right behind the event that it answers', async (t) => {
  const events = await all([CLIP], {
    kana: false,
    decider: () => (event) =>
      event.event === 'keyword'
        ? [
            {
              event: 'alert',
              level: 3,
              type: 'threat',
              source: 'keyword',
              reason: 'test',
              quote: event.phrase,
              atMs: event.reportedAtMs,
            },
          ]
        : [],
  });
  const names = events.map(({ event }) => event);
  t.false(names.includes('kana'));
  t.is(names[names.indexOf('keyword') + 1], 'alert');
});

test('the same recording gives the same events each time', async (t) => {
  const stable = (events: AnalysedEvent[]): unknown[] =>
    events.map((event) => ({ ...event, computeMs: 0, realTimeFactor: 0 }));
  t.deepEqual(stable(await all([CLIP])), stable(await all([CLIP])));
});

test('a stereo recording at 44.1 kHz is heard as the same words as the 8 kHz one', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'analyse-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const up = new Resampler(8_000, 44_100);
  const left = Int16Array.from(up.push(await readWavSamples(CLIP)));
  const both = new Int16Array(2 * left.length);
  left.forEach((sample, i) => (both[2 * i] = sample));
  const file = join(directory, 'stereo.wav');
  await writeFile(file, encodeWav(both, { sampleRateHz: 44_100, channelCount: 2 }));
  const keywords = (await all([file])).filter((event) => event.event === 'keyword');
  t.is(keywords.length, 1);
  t.like(keywords[0], { phrase: HUMAN.text, speaker: 'caller' });
});

test('text in a file named .wav is not audio', async (t) => {
  const error = await t.throwsAsync(all([join(VECTORS_DIRECTORY, 'speech-ja-kana.tsv')]), {
    instanceOf: UnavailableError,
  });
  t.is(error.code, 'not-audio');
});

test('a file that is not audio is told as such, with its name', async (t) => {
  const error = await t.throwsAsync(
    all(['x.wav'], { readAudio: () => Promise.reject(new Error('no RIFF')) }),
    { instanceOf: UnavailableError },
  );
  t.is(error.code, 'not-audio');
  t.is(error.fields['file'], 'x.wav');
});

test('an empty recording has a summary and nothing else', async (t) => {
  const events = await all(['empty.wav'], {
    readAudio: () => Promise.resolve({ channels: [new Int16Array(0)] }),
  });
  t.deepEqual(
    events.map(({ event }) => event),
    ['summary'],
  );
});
