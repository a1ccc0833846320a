import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UnavailableError } from '../../../base/index.js';
import { MODELS_DIRECTORY } from '../testing/vectors.js';
import { loadEar, loadModels, modelNames } from './load-model.js';

const EAR = join(MODELS_DIRECTORY, 'ear-v0');
const MODEL = 'ear-v0.int8.onnx';

/** The ear's folder with its manifest changed by one replacement. */
async function brokenEar(t: ExecutionContext, from: string, to: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ear-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const manifest = await readFile(join(EAR, 'manifest.json'), 'utf8');
  t.true(manifest.includes(from));
  await writeFile(join(directory, 'manifest.json'), manifest.replace(from, to));
  await copyFile(join(EAR, MODEL), join(directory, MODEL));
  return directory;
}

async function refusal(t: ExecutionContext, directory: string): Promise<UnavailableError> {
  const error = await t.throwsAsync(loadEar(directory), { instanceOf: UnavailableError });
  t.is(error.code, 'model-refused');
  return error;
}

test('the models that ship load, and say what they are', async (t) => {
  const models = await loadModels(MODELS_DIRECTORY);
  t.is(models.ear.ear.alphabet.size, 149);
  t.regex(modelNames(models)['encoder'] ?? '', /^ear-v0@[0-9a-f]{64}$/u);
});

test('a model with one changed byte is refused, naming file, expected and found', async (t) => {
  const directory = await brokenEar(t, '"ear"', '"ear"');
  const bytes = await readFile(join(directory, MODEL));
  bytes.writeUInt8(bytes.readUInt8(9_999) ^ 1, 9_999);
  await writeFile(join(directory, MODEL), bytes);
  const error = await refusal(t, directory);
  t.is(error.fields['file'], join(directory, MODEL));
  t.regex(String(error.fields['expected']), /^SHA-256 c8e357/u);
  t.regex(String(error.fields['found']), /^[0-9a-f]{64}$/u);
});

test('a model cut short is refused by its size', async (t) => {
  const directory = await brokenEar(t, '"ear"', '"ear"');
  await writeFile(join(directory, MODEL), 'short');
  t.is((await refusal(t, directory)).fields['found'], '5');
});

test('a manifest that asks for another shape or name than the graph has is refused', async (t) => {
  const shape = await refusal(t, await brokenEar(t, '400\n', '300\n'));
  t.regex(String(shape.fields['found']), /input\.shape/u);
  const name = await refusal(t, await brokenEar(t, '"name": "mel"', '"name": "sound"'));
  t.is(name.fields['found'], 'no such tensor');
});

test('a vocabulary that does not fit the output is refused', async (t) => {
  const error = await refusal(t, await brokenEar(t, '"N",\n', ''));
  t.is(error.fields['expected'], '149 entries in vocabulary');
  t.is(error.fields['found'], '148');
});

test('a missing or unreadable manifest is refused, not a crash', async (t) => {
  await refusal(t, join(tmpdir(), 'no-such-ear'));
  const directory = await brokenEar(t, '{', '');
  t.is((await refusal(t, directory)).fields['expected'], 'JSON');
});
