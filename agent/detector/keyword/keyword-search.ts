import type { Phrase } from './phrase.js';
import type { PhraseTrie } from './phrase-trie.js';

/** One frame never costs a path more than this: a single bad frame must not lose a phrase. */
const FRAME_LOSS_MAX = 12;
/** Frames that must bring nothing better before a hit is told within a run of frames: 0.1 s. */
const SETTLED_FRAMES = 5;
const NOWHERE = -Infinity;

/** A phrase found in the stream; frames are those of the posteriors since the start of the stream. */
export interface PhraseHit {
  readonly phrase: Phrase;
  /** Mean log-likelihood ratio per mora against the free path: 0 is perfect. */
  readonly score: number;
  readonly firstFrame: number;
  readonly lastFrame: number;
}

/**
 * Finds phrases in a stream of CTC posteriors: token passing over the trie of all phrases at once, started anew at every
 * frame. A path's value is the sum over its frames of log P(its token) − log P(best token), so the free path ("filler")
 * is always 0 and the value only falls; that makes pruning exact: a path that has lost more than any phrase below it
 * may lose is dropped and no hit is missed.
 *
 *   mora 1 ──> (blank) ──> mora 2 ──> (blank) ──> mora 3      a blank may be skipped unless the morae are equal
 *    └──────────────────────^ └──────────────────────^         every state may stay
 */
export class KeywordSearch {
  readonly #trie: PhraseTrie;
  /** Per node: the best path that is in its mora, and the one in the blank after it; and where each began. */
  readonly #inMora: Float64Array;
  readonly #inBlank: Float64Array;
  readonly #moraStart: Float64Array;
  readonly #blankStart: Float64Array;
  readonly #loss: Float64Array;
  /** Per phrase: a hit not yet told, and the last frame of the one told last. */
  readonly #pending: (PhraseHit | undefined)[];
  readonly #toldUntil: Float64Array;
  #frame = 0;

  constructor(trie: PhraseTrie, alphabetSize: number) {
    this.#trie = trie;
    const empty = (length: number): Float64Array => new Float64Array(length).fill(NOWHERE);
    this.#inMora = empty(trie.nodes.length);
    this.#inBlank = empty(trie.nodes.length);
    this.#moraStart = empty(trie.nodes.length);
    this.#blankStart = empty(trie.nodes.length);
    this.#loss = new Float64Array(alphabetSize);
    this.#pending = trie.phrases.map(() => undefined);
    this.#toldUntil = empty(trie.phrases.length);
  }

  /**
   * Hears a run of frames and tells every hit in it: what is complete now is told now, since the next run is half a
   * second away.
   * @param posteriors natural-log, [frames][alphabetSize]
   * @param firstFrame number of the first frame; a jump forgets all open paths
   */
  hear(posteriors: Float32Array, firstFrame: number): PhraseHit[] {
    if (firstFrame !== this.#frame) this.#forget(firstFrame);
    const size = this.#loss.length;
    const hits: PhraseHit[] = [];
    for (let from = 0; from + size <= posteriors.length; from += size) {
      this.#weigh(posteriors, from);
      this.#pass();
      this.#collect(hits, SETTLED_FRAMES);
      this.#frame += 1;
    }
    this.#collect(hits, 0);
    return hits.filter((hit) => !hits.some((other) => isWithin(hit, other)));
  }

  #forget(frame: number): void {
    this.#inMora.fill(NOWHERE);
    this.#inBlank.fill(NOWHERE);
    this.#frame = frame;
  }

  /** What each token costs in this frame against the best one. */
  #weigh(posteriors: Float32Array, from: number): void {
    let best = NOWHERE;
    for (let i = 0; i < this.#loss.length; i += 1) best = Math.max(best, posteriors[from + i]!);
    for (let i = 0; i < this.#loss.length; i += 1) {
      this.#loss[i] = Math.max(posteriors[from + i]! - best, -FRAME_LOSS_MAX);
    }
  }

  /** One frame of token passing. Children come after their parents, so going down reads the parents' old values. */
  #pass(): void {
    const { nodes } = this.#trie;
    for (let n = nodes.length - 1; n >= 0; n -= 1) {
      const { token, parent, lossMax, ends } = nodes[n]!;
      // Nearly all nodes: nobody is here, and nobody can come.
      if (this.#isEmpty(n) && parent >= 0 && this.#isEmpty(parent)) continue;
      const [best, start] = this.#bestInto(n, token, parent);
      this.#stepBlank(n, lossMax);
      const value = best + this.#loss[token]!;
      this.#inMora[n] = value < lossMax ? NOWHERE : value;
      this.#moraStart[n] = start;
      if (ends.length > 0 && value >= lossMax) this.#complete(n, value, start);
    }
  }

  #isEmpty(n: number): boolean {
    return this.#inMora[n] === NOWHERE && this.#inBlank[n] === NOWHERE;
  }

  /** The best way into the mora of node `n`: stay, from the blank before it, or straight from another mora. */
  #bestInto(n: number, token: number, parent: number): readonly [value: number, start: number] {
    let best = this.#inMora[n]!;
    let start = this.#moraStart[n]!;
    if (parent < 0) return best >= 0 ? [best, start] : [0, this.#frame];
    if (this.#inBlank[parent]! > best) {
      best = this.#inBlank[parent]!;
      start = this.#blankStart[parent]!;
    }
    const mayTouch = this.#trie.nodes[parent]!.token !== token;
    if (mayTouch && this.#inMora[parent]! > best) {
      best = this.#inMora[parent]!;
      start = this.#moraStart[parent]!;
    }
    return [best, start];
  }

  #stepBlank(n: number, lossMax: number): void {
    const comes = this.#inMora[n]! > this.#inBlank[n]!;
    const value = (comes ? this.#inMora[n]! : this.#inBlank[n]!) + this.#loss[0]!;
    if (comes) this.#blankStart[n] = this.#moraStart[n]!;
    this.#inBlank[n] = value < lossMax ? NOWHERE : value;
  }

  /** The phrases that end at node `n` have a whole path: kept while better than what overlaps it. */
  #complete(n: number, value: number, start: number): void {
    const { ends, depth } = this.#trie.nodes[n]!;
    const score = value / depth;
    for (const place of ends) {
      const { phrase, threshold } = this.#trie.phrases[place]!;
      if (score <= threshold || start <= this.#toldUntil[place]!) continue;
      const known = this.#pending[place];
      if (known !== undefined && known.score >= score) continue;
      this.#pending[place] = { phrase, score, firstFrame: start, lastFrame: this.#frame };
    }
  }

  /** Moves hits that have stayed the best for `settledFrames` to `hits`. */
  #collect(hits: PhraseHit[], settledFrames: number): void {
    for (let place = 0; place < this.#pending.length; place += 1) {
      const hit = this.#pending[place];
      if (hit === undefined || this.#frame - hit.lastFrame < settledFrames) continue;
      hits.push(hit);
      this.#toldUntil[place] = hit.lastFrame;
      this.#pending[place] = undefined;
    }
  }
}

/** Said once, told once: 殺してやる within ぶっ殺してやる is the longer phrase. */
function isWithin(hit: PhraseHit, other: PhraseHit): boolean {
  return (
    other.phrase.reading.length > hit.phrase.reading.length &&
    other.phrase.level >= hit.phrase.level &&
    other.firstFrame <= hit.firstFrame &&
    other.lastFrame >= hit.lastFrame
  );
}
