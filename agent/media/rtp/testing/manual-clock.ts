import type { MediaClock, MediaTimer } from '../media-clock.js';

interface Pending {
  readonly atMs: number;
  readonly run: () => void;
}

/** A clock that a test moves. */
export class ManualClock implements MediaClock {
  #nowMs: number;
  readonly #pending = new Set<Pending>();

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): MediaTimer {
    const pending = { atMs: this.#nowMs + delayMs, run };
    this.#pending.add(pending);
    return { cancel: () => this.#pending.delete(pending) };
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Runs each timer due within `ms` at its own time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#pending].filter((pending) => pending.atMs <= endMs);
      due.sort((a, b) => a.atMs - b.atMs);
      const next = due[0];
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = endMs;
  }

  /** The machine stands still: time passes, and no timer runs. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }
}
