import test from 'ava';
import fc from 'fast-check';
import { KeywordSearch, type PhraseHit } from './keyword-search.js';
import { kanaToMorae, MoraAlphabet } from './mora.js';
import type { Phrase } from './phrase.js';
import { buildPhraseTrie, thresholdFor } from './phrase-trie.js';

const ALPHABET = new MoraAlphabet(['<b>', 'a', 'i', 'ka'], ['', 'ア', 'イ', 'カ']);
const SIZE = ALPHABET.size;
const KANA = ['ア', 'イ', 'カ'];
const phraseOf = (reading: string): Phrase => ({
  text: reading,
  reading,
  category: 'ordinary',
  level: 0,
});

type Rows = readonly (readonly number[])[];

/** The excess of every frame, as the definition of the score has it. */
const excessOf = (rows: Rows): number[][] =>
  rows.map((row) => row.map((x) => Math.max(x - Math.max(...row), -12)));

/** Every CTC path of `tokens` that covers frames first…last, tried one by one: the best sum of excess. */
function bestPath(excess: number[][], tokens: number[], first: number, last: number): number {
  const states = tokens.flatMap((token, i) => (i === 0 ? [token] : [0, token]));
  const walk = (frame: number, state: number): number => {
    const here = excess[frame]?.[states[state] ?? 0] ?? 0;
    if (frame === last) return state === states.length - 1 ? here : -Infinity;
    const mayLeap = states[state] !== 0 && states[state] !== states[state + 2];
    const nexts = [state, state + 1, ...(mayLeap ? [state + 2] : [])];
    const rest = nexts.filter((next) => next < states.length).map((next) => walk(frame + 1, next));
    return here + Math.max(-Infinity, ...rest);
  };
  return walk(first, 0);
}

/** The best score of `tokens` in the stream, by trying every start, end and path. */
function bruteForce(rows: Rows, tokens: number[]): number {
  const excess = excessOf(rows);
  let best = -Infinity;
  for (let first = 0; first < rows.length; first += 1) {
    for (let last = first; last < rows.length; last += 1) {
      best = Math.max(best, bestPath(excess, tokens, first, last) / tokens.length);
    }
  }
  return best;
}

function search(rows: Rows, readings: readonly string[], score: number, runs = 1): PhraseHit[] {
  const trie = buildPhraseTrie(readings.map(phraseOf), ALPHABET, [{ moraeMin: 1, score }]);
  const keywords = new KeywordSearch(trie, SIZE);
  const hits: PhraseHit[] = [];
  const each = Math.ceil(rows.length / runs);
  for (let at = 0; at < rows.length; at += each) {
    hits.push(...keywords.hear(Float32Array.from(rows.slice(at, at + each).flat()), at));
  }
  return hits;
}

/** Hits of all phrases together, with those of one alone: what a longer phrase hides must still be found. */
const alone = (together: PhraseHit[], single: PhraseHit[]): PhraseHit[] => {
  const hides = (hit: PhraseHit): boolean =>
    together.some(
      (other) =>
        other.phrase.reading.length > hit.phrase.reading.length &&
        other.firstFrame <= hit.firstFrame &&
        other.lastFrame >= hit.lastFrame,
    );
  return [...together, ...single.filter(hides)];
};

const row = fc.array(
  fc.integer({ min: -60, max: 0 }).map((x) => x / 8),
  {
    minLength: SIZE,
    maxLength: SIZE,
  },
);
const reading = fc
  .array(fc.constantFrom(...KANA), { minLength: 1, maxLength: 3 })
  .map((kana) => kana.join(''));

test('the trie finds the best score of every phrase exactly as trying all paths does', (t) => {
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 7 }),
      fc.uniqueArray(reading, { minLength: 1, maxLength: 5 }),
      fc.double({ min: -4, max: -0.1, noNaN: true }),
      (rows, readings, threshold) => {
        // One run, so that a hit is told only when nothing better came within 0.1 s: all 7 frames at most.
        for (const wanted of readings) {
          const hits = alone(search(rows, readings, threshold), search(rows, [wanted], threshold));
          const tokens = ALPHABET.encode(kanaToMorae(wanted));
          const best = bruteForce(rows, tokens);
          const found = Math.max(
            -Infinity,
            ...hits.filter((hit) => hit.phrase.text === wanted).map((hit) => hit.score),
          );
          if (Math.abs(best - threshold) < 1e-6) continue;
          if (best > threshold && rows.length <= 5) {
            if (Math.abs(found - best) > 1e-5) return false;
          } else if (best <= threshold && found !== -Infinity) return false;
        }
        return true;
      },
    ),
    { numRuns: 400, seed: 7 },
  );
  t.pass();
});

/** Frames that say the given tokens clearly; 0 is blank. */
const clear = (tokens: readonly number[]): Rows =>
  tokens.map((token) => Array.from({ length: SIZE }, (_, i) => (i === token ? -0.01 : -9)));

test('equal morae need a blank between them (CTC), different ones do not', (t) => {
  t.is(search(clear([1, 1, 1]), ['アア'], -0.5).length, 0);
  t.is(search(clear([1, 0, 1]), ['アア'], -0.5).length, 1);
  t.is(search(clear([1, 2]), ['アイ'], -0.5).length, 1);
});

test('a phrase that crosses from one run of frames to the next is found, with its own times', (t) => {
  const rows = clear([0, 0, 3, 3, 0, 1, 0, 2, 0, 0]);
  for (const runs of [1, 2, 3, 10]) {
    const hits = search(rows, ['カアイ'], -0.5, runs);
    t.is(hits.length, 1);
    t.is(hits[0]?.lastFrame, 7);
    t.true((hits[0]?.firstFrame ?? 0) >= 2 && (hits[0]?.firstFrame ?? 9) <= 3);
  }
});

test('a phrase said twice is told twice, and once per saying', (t) => {
  const once = [3, 1, 2, 0, 0, 0, 0, 0];
  t.is(search(clear([...once, ...once]), ['カアイ'], -0.5, 4).length, 2);
});

test('a phrase within a longer one is told as the longer one', (t) => {
  const hits = search(clear([3, 1, 2, 0]), ['カアイ', 'アイ', 'カア'], -0.5);
  t.deepEqual(
    hits.map(({ phrase }) => phrase.text),
    ['カアイ'],
  );
});

test('a jump in the stream joins no halves to a phrase', (t) => {
  const trie = buildPhraseTrie([phraseOf('カアイ')], ALPHABET, [{ moraeMin: 1, score: -0.5 }]);
  const keywords = new KeywordSearch(trie, SIZE);
  t.deepEqual(keywords.hear(Float32Array.from(clear([3, 1]).flat()), 0), []);
  t.deepEqual(keywords.hear(Float32Array.from(clear([2, 0]).flat()), 27), []);
});

test('a threshold is that of the longest length that fits', (t) => {
  const perMora = [
    { moraeMin: 1, score: -0.1 },
    { moraeMin: 5, score: -0.7 },
  ];
  t.deepEqual(
    [1, 4, 5, 30].map((morae) => thresholdFor(perMora, morae)),
    [-0.1, -0.1, -0.7, -0.7],
  );
});
