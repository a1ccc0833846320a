/** Audio that waits for the pipe. */
export interface WaitingAudio {
  readonly startTick: number;
  readonly samples: Int16Array;
}

/** Packets of 20 ms that one leg may have waiting: 1 s. */
export const WAITING_MAX = 50;

/** The audio of one leg while the pipe is full: the oldest is dropped and counted. */
export class LegMailbox {
  #waiting: WaitingAudio[] = [];
  #dropped = 0;

  get dropped(): number {
    return this.#dropped;
  }

  push(audio: WaitingAudio): void {
    this.#waiting.push(audio);
    if (this.#waiting.length <= WAITING_MAX) return;
    this.#waiting.shift();
    this.#dropped += 1;
  }

  /** Gives all that waits, oldest first, and forgets it. */
  take(): WaitingAudio[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }
}
