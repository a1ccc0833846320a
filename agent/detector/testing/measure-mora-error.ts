/**
 * Mora error of the streaming pipeline, voice activity gate included, on recordings with known kana.
 *
 *     node dist/agent/detector/testing/measure-mora-error.js WAV16K-DIRECTORY [models]
 *
 * The recordings are the Common Voice clips named in vectors/speech-ja-kana.tsv (CC0), 16 kHz mono 16 bit.
 */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buildPhraseTrie, kanaToMorae } from '../keyword/index.js';
import { loadModels } from '../model/index.js';
import { hearAll } from './hear-file.js';
import { throughTelephone } from './telephone-channel.js';
import { MODELS_DIRECTORY, VECTORS_DIRECTORY } from './vectors.js';
import { readWavSamples } from './wav-samples.js';

/** Levenshtein distance of two token lists. */
function editDistance(a: readonly string[], b: readonly string[]): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, x] of a.entries()) {
    const current = [i + 1];
    for (const [j, y] of b.entries()) {
      const change = (previous[j] ?? 0) + (x === y ? 0 : 1);
      current.push(Math.min((previous[j + 1] ?? 0) + 1, (current[j] ?? 0) + 1, change));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}

const [, , directory, modelsDirectory = MODELS_DIRECTORY] = process.argv;
if (directory === undefined) {
  process.stderr.write('usage: measure-mora-error WAV16K-DIRECTORY [models]\n');
  process.exit(64);
}
const models = await loadModels(modelsDirectory);
const trie = buildPhraseTrie([], models.ear.ear.alphabet, []);
const table = await readFile(join(VECTORS_DIRECTORY, 'speech-ja-kana.tsv'), 'utf8');
const rows = table
  .trim()
  .split('\n')
  .slice(1)
  .map((row) => row.split('\t'));
for (const snrDb of [30, 20]) {
  let errors = 0;
  let morae = 0;
  for (const [i, [file = '', kana = '']] of rows.entries()) {
    const samples = await readWavSamples(join(directory, basename(file)));
    const events = await hearAll(models, trie, throughTelephone(samples, snrDb, 1_000 + i));
    const heard = events.map((event) => (event.event === 'kana' ? event.text : '')).join('');
    const wanted = kanaToMorae(kana);
    errors += editDistance(wanted, kanaToMorae(heard));
    morae += wanted.length;
  }
  const percent = ((100 * errors) / morae).toFixed(1);
  process.stdout.write(`${snrDb} dB: mora error ${percent} % (${errors} of ${morae})\n`);
}
