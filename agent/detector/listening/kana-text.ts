import type { MoraAlphabet } from '../keyword/index.js';

/** Silence between two morae that ends a line of text: 0.4 s. */
const PAUSE_FRAMES = 20;
/** The longest line, 6 s: what is said is told while it is said. */
const LINE_FRAMES_MAX = 300;

/** What was said between two pauses; frames of the posteriors. */
export interface KanaLine {
  readonly text: string;
  readonly firstFrame: number;
  readonly lastFrame: number;
}

/** The most likely morae of a stream: best token of each frame, repeats joined, blanks dropped. */
export class KanaText {
  readonly #alphabet: MoraAlphabet;
  #tokens: number[] = [];
  #firstFrame = 0;
  #lastFrame = 0;
  #lastToken = 0;
  #nextFrame = 0;

  constructor(alphabet: MoraAlphabet) {
    this.#alphabet = alphabet;
  }

  /**
   * @param posteriors [frames][alphabet.size]
   * @param firstFrame number of the first frame; a jump ends the line
   * @returns lines that ended
   */
  hear(posteriors: Float32Array, firstFrame: number): KanaLine[] {
    const lines: KanaLine[] = [];
    const end = (when: boolean): void => {
      if (when) lines.push(...this.end());
    };
    if (firstFrame !== this.#nextFrame) {
      end(true);
      this.#lastToken = 0;
    }
    const size = this.#alphabet.size;
    this.#nextFrame = firstFrame;
    for (let from = 0; from + size <= posteriors.length; from += size) {
      const token = bestOf(posteriors, from, size);
      if (token !== 0 && token !== this.#lastToken) {
        end(this.#nextFrame - this.#lastFrame >= PAUSE_FRAMES);
        this.#take(token);
      }
      this.#lastToken = token;
      this.#nextFrame += 1;
    }
    end(
      this.#nextFrame - this.#lastFrame >= PAUSE_FRAMES ||
        this.#nextFrame - this.#firstFrame >= LINE_FRAMES_MAX,
    );
    return lines;
  }

  /** Ends the line. @returns it, or nothing when it is empty */
  end(): KanaLine[] {
    if (this.#tokens.length === 0) return [];
    const text = this.#alphabet.spell(this.#tokens);
    this.#tokens = [];
    return [{ text, firstFrame: this.#firstFrame, lastFrame: this.#lastFrame }];
  }

  #take(token: number): void {
    if (this.#tokens.length === 0) this.#firstFrame = this.#nextFrame;
    this.#tokens.push(token);
    this.#lastFrame = this.#nextFrame;
  }
}

function bestOf(posteriors: Float32Array, from: number, size: number): number {
  let best = 0;
  for (let i = 1; i < size; i += 1) {
    if (posteriors[from + i]! > posteriors[from + best]!) best = i;
  }
  return best;
}
