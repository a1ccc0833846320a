import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { encodeWav } from 'node-mediastream';
import { readAudio } from '../harness/audio.js';
import { Child } from '../harness/child.js';
import { openPlace } from '../harness/place.js';
import { at, letPass, openScene, talk, wholeTest } from './testing/whole-test.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const COMMAND = join(ROOT, 'bin/tatebako.mjs');
/** Spoken Japanese that holds a phrase of the list; the demonstration's caller at his worst. */
const SPEECH = join(ROOT, 'demo/speech/caller-3.wav');
const NOT_AUDIO = 65;
const NO_SUCH_CALL = 66;
const UNREACHABLE = 69;

wholeTest('the command tells of a live call, fetches its audio, and calls for help', async (t) => {
  const scene = await openScene(t);
  const { box, place } = scene;
  const { caller, staff } = await talk(scene);
  await letPass(500);
  const status = await box.command('status', '--json');
  const json: unknown = JSON.parse(status.output);
  t.is(at(json, 'line', 'state'), 'up');
  t.is(at(json, 'calls', 0, 'phase'), 'bridged');
  t.is(at(json, 'phones', 0, 'inCall'), true);
  const id = String(at(json, 'calls', 0, 'id'));
  const panic = await box.command('panic', '--by', 'テスト', '--json');
  t.is(panic.exit.code, 0, panic.output);
  const alertId = String(at(JSON.parse(panic.output), 'alertId'));
  const seen = await box.command('acknowledge', alertId, '--by', 'テスト', '--json');
  t.deepEqual(JSON.parse(seen.output), { acknowledged: 1 });
  const live = await box.command('calls', 'show', id, '--json');
  t.is(at(JSON.parse(live.output), 'alerts', 0, 'alertId'), alertId);
  caller.hangUp();
  await staff.ended();
  await box.callsEnded();
  const audio = await box.audio(id);
  t.is(audio.left.length, audio.right.length);
  const unknown = join(place.folder, 'unknown.wav');
  for (const words of [
    ['show', 'ffffffffffffffff'],
    ['audio', 'ffffffffffffffff', '--out', unknown],
  ]) {
    const { exit, output } = await box.command('calls', ...words);
    t.is(exit.code, NO_SUCH_CALL, output);
  }
  const token = await box.command('token', 'create', '--role', 'auditor', '--days', '1');
  t.is(token.exit.code, 0, token.output);
  t.true(token.output.trim().length >= 20);
  await box.stop();
  t.is((await box.command('status')).exit.code, UNREACHABLE);
});

/** Sample rate, Hz, and channels; in stereo the caller is on the left. */
const STORED = [
  [8_000, 1],
  [16_000, 2],
  [44_100, 2],
  [48_000, 1],
] as const;

/** The same speech as other devices would have stored it: nearest sample, which is enough to be understood. */
async function storedAs(file: string, rateHz: number, channels: number): Promise<string> {
  const [speech = new Float32Array()] = await readAudio(SPEECH);
  const frames = Math.floor((speech.length * rateHz) / 8_000);
  const samples = new Int16Array(frames * channels);
  for (let n = 0; n < frames; n += 1) {
    const from = (n * 8_000) / rateHz;
    const before = speech[Math.floor(from)] ?? 0;
    const next = speech[Math.floor(from) + 1] ?? before;
    const value = before + (next - before) * (from % 1);
    samples[n * channels] = Math.round(value * 32_767);
  }
  await writeFile(file, encodeWav(samples, { sampleRateHz: rateHz, channelCount: channels }));
  return file;
}

function analyse(t: ExecutionContext, ...files: readonly string[]): Child {
  return new Child(t, 'analyse', [process.execPath, COMMAND, 'analyse', '--json', ...files]);
}

wholeTest(
  'analyse hears the same phrase at every rate, mono and stereo, in the order in which it would be known',
  async (t) => {
    const { folder } = await openPlace(t);
    const files: string[] = [];
    for (const [rateHz, channels] of STORED) {
      files.push(await storedAs(join(folder, `${rateHz}-${channels}.wav`), rateHz, channels));
    }
    const child = analyse(t, ...files);
    t.is((await child.exit(40_000)).code, 0, child.lines.tail());
    const events = child.lines.all.map((line): unknown => JSON.parse(line));
    for (const file of files) {
      const own = events.filter((event) => String(at(event, 'file')).endsWith(file));
      t.is(at(own.at(-1), 'event'), 'summary');
      const times = own
        .map((event) => at(event, 'reportedAtMs'))
        .filter((time) => typeof time === 'number');
      t.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
      );
      const heard = own.filter((event) => at(event, 'event') === 'keyword');
      t.log(
        `${file.slice(folder.length + 1)}: ${heard.map((event) => String(at(event, 'phrase'))).join(' ')}`,
      );
      t.true(heard.length > 0);
      t.true(heard.every((event) => at(event, 'speaker') === 'caller'));
    }
  },
);

wholeTest('analyse of what is no audio ends with 65, and still hears the others', async (t) => {
  const { folder } = await openPlace(t);
  const text = join(folder, 'notes.wav');
  await writeFile(text, 'これは音声ではありません');
  const empty = join(folder, 'empty.wav');
  await writeFile(empty, '');
  const good = await storedAs(join(folder, 'good.wav'), 8_000, 1);
  const child = analyse(t, text, empty, join(folder, 'absent.wav'), folder, good);
  t.is((await child.exit(20_000)).code, NOT_AUDIO);
  t.true(child.lines.all.some((line) => line.startsWith('{') && line.includes('"summary"')));
  t.false(
    child.lines.all.some((line) => /^\s+at /.test(line)),
    child.lines.tail(),
  );
});
