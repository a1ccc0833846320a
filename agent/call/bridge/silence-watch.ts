import type { Clock, Timer } from '../../../base/index.js';

/** Tells once when a leg has sent nothing for a while: the far end is gone without a word. */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #onSilence: (forMs: number) => void;
  #timer: Timer | null = null;
  #heardAtMs = 0;

  constructor(clock: Clock, onSilence: (forMs: number) => void) {
    this.#clock = clock;
    this.#onSilence = onSilence;
  }

  /** A packet came. */
  note(arrivalMs: number): void {
    this.#heardAtMs = arrivalMs;
  }

  /** Counts from now, or from the next packet on. @param afterMs null: no longer */
  watch(afterMs: number | null): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (afterMs === null) return;
    this.#heardAtMs = this.#clock.monotonicMs();
    this.#arm(afterMs, afterMs);
  }

  #arm(delayMs: number, afterMs: number): void {
    this.#timer = this.#clock.after(delayMs, () => {
      const silentMs = this.#clock.monotonicMs() - this.#heardAtMs;
      if (silentMs < afterMs) return this.#arm(afterMs - silentMs, afterMs);
      this.#timer = null;
      return this.#onSilence(silentMs);
    });
  }
}
