import type { PromptId } from './bridge-protocol.js';
import type { PromptShelf, ShelvedPrompt } from './prompt-shelf.js';

export interface PromptPlayOptions {
  readonly shelf: PromptShelf;
  readonly promptId: PromptId;
  readonly repeat: boolean;
  readonly onStarted: () => void;
  /** Called exactly once, whatever happens to the play. */
  readonly onEnded: (completed: boolean) => void;
}

/** One playing of a prompt. Whoever waits for its end is always told, so that no call hangs on a missing file. */
export class PromptPlay {
  readonly #options: PromptPlayOptions;
  #prompt: ShelvedPrompt | null = null;
  #position = 0;
  #isStarted = false;
  #isEnded = false;

  constructor(options: PromptPlayOptions) {
    this.#options = options;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Looks for the prompt. @returns whether there is something to play now; ends when there never will be */
  find(): boolean {
    if (this.#isEnded) return false;
    if (this.#prompt !== null) return true;
    const prompt = this.#options.shelf.find(this.#options.promptId);
    if (prompt === 'loading') return false;
    if (prompt === undefined || prompt.samples.length === 0) {
      this.end(false);
      return false;
    }
    this.#prompt = prompt;
    return true;
  }

  /**
   * Takes the next 20 ms: `write` is given where they stand in the prompt, in one or more pieces.
   * @returns how many of `wanted` there were; 0 when it is over, which ends the play
   */
  take(wanted: number, write: (prompt: ShelvedPrompt, piece: Piece) => void): number {
    const prompt = this.#prompt;
    if (prompt === null || this.#isEnded) return 0;
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#options.onStarted();
    }
    const length = prompt.samples.length;
    let written = 0;
    while (written < wanted) {
      if (this.#position === length && this.#options.repeat) this.#position = 0;
      const count = Math.min(wanted - written, length - this.#position);
      if (count === 0) break;
      write(prompt, { from: this.#position, to: this.#position + count, at: written });
      this.#position += count;
      written += count;
    }
    if (written === 0) this.end(true);
    return written;
  }

  /** Ends the play, if it has not ended. */
  end(completed: boolean): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#options.onEnded(completed);
  }
}

/** Samples `from`…`to` of a prompt, to be written from sample `at` of the frame on. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly at: number;
}
