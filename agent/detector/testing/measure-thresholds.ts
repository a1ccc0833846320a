/**
 * Best score of every phrase in recordings, to set thresholds by: in ordinary speech, and where phrases are spoken.
 *
 *     node dist/agent/detector/testing/measure-thresholds.js PHRASES.tsv DIRECTORY…
 *
 * Files are 16 kHz mono 16 bit. One line each: phrase, morae, score per mora, file; the best 3 per phrase and directory.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildPhraseTrie, kanaToMorae, parsePhrases } from '../keyword/index.js';
import { loadModels } from '../model/index.js';
import { hearAll } from './hear-file.js';
import { throughTelephone } from './telephone-channel.js';
import { MODELS_DIRECTORY } from './vectors.js';
import { readWavSamples } from './wav-samples.js';

/** Low enough to see what comes near. */
const SEEN_ABOVE = -1.5;
const SNR_DB = 25;

const [, , phrasesFile = '', ...directories] = process.argv;
const models = await loadModels(MODELS_DIRECTORY);
const { phrases } = parsePhrases(await readFile(phrasesFile, 'utf8'));
const trie = buildPhraseTrie(phrases, models.ear.ear.alphabet, [
  { moraeMin: 1, score: SEEN_ABOVE },
]);
for (const directory of directories) {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.wav')).sort();
  let seconds = 0;
  for (const [i, file] of files.entries()) {
    const samples = await readWavSamples(join(directory, file));
    seconds += samples.length / 16_000;
    for (const event of await hearAll(models, trie, throughTelephone(samples, SNR_DB, i))) {
      if (event.event !== 'keyword') continue;
      const morae = kanaToMorae(event.reading).length;
      const score = Math.log(event.score).toFixed(3);
      process.stdout.write(`${event.phrase}\t${morae}\t${score}\t${file}\n`);
    }
  }
  process.stdout.write(`# ${directory}: ${files.length} files, ${seconds.toFixed(0)} s\n`);
}
