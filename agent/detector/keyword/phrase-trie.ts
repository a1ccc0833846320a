import { kanaToMorae, type MoraAlphabet } from './mora.js';
import type { Phrase } from './phrase.js';

/** A phrase with what the search needs. */
export interface SearchedPhrase {
  readonly phrase: Phrase;
  /** Score per mora above which it is reported, ≤ 0. */
  readonly threshold: number;
}

/** One mora of the trie. A child's index is always above its parent's. */
export interface TrieNode {
  /** Index in the ear's alphabet. */
  readonly token: number;
  /** −1: the first mora of a phrase. */
  readonly parent: number;
  /** Morae from the root to here. */
  readonly depth: number;
  /** Phrases that end here, by place in `PhraseTrie.phrases`. */
  readonly ends: number[];
  /** No phrase below can still be reported once its path has lost more than this (≤ 0, summed over morae). */
  lossMax: number;
}

export interface PhraseTrie {
  readonly nodes: readonly TrieNode[];
  readonly phrases: readonly SearchedPhrase[];
}

/** Score per mora that a phrase must exceed, by its length: short phrases are in every other sentence. */
export function thresholdFor(perMora: readonly MoraThreshold[], morae: number): number {
  const fitting = perMora.filter((entry) => entry.moraeMin <= morae);
  return fitting.at(-1)?.score ?? perMora[0]?.score ?? -Infinity;
}

/** Applies to phrases of at least `moraeMin` morae. */
export interface MoraThreshold {
  readonly moraeMin: number;
  readonly score: number;
}

/** @param perMora in rising order of `moraeMin` */
export function buildPhraseTrie(
  phrases: readonly Phrase[],
  alphabet: MoraAlphabet,
  perMora: readonly MoraThreshold[],
): PhraseTrie {
  const nodes: TrieNode[] = [];
  const searched: SearchedPhrase[] = [];
  const childOf = new Map<string, number>();
  for (const phrase of phrases) {
    const tokens = alphabet.encode(kanaToMorae(phrase.reading));
    const threshold = thresholdFor(perMora, tokens.length);
    const lossMax = threshold * tokens.length;
    let parent = -1;
    tokens.forEach((token, i) => {
      const key = `${parent}:${token}`;
      const known = childOf.get(key);
      const node = known ?? nodes.length;
      if (known === undefined) {
        nodes.push({ token, parent, depth: i + 1, ends: [], lossMax });
        childOf.set(key, node);
      }
      const place = nodes[node];
      if (place !== undefined) place.lossMax = Math.min(place.lossMax, lossMax);
      parent = node;
    });
    nodes[parent]?.ends.push(searched.length);
    searched.push({ phrase, threshold });
  }
  return { nodes, phrases: searched };
}
