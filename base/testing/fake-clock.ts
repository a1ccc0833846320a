import { clampDelayMs, type Clock, type Timer } from '../clock.js';

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that a test moves. Timers run in order of their time, then of their making. */
export class FakeClock implements Clock {
  #nowMs: number;
  #wallOffsetMs: number;
  #order = 0;
  readonly #pending = new Set<Pending>();

  /** @param wallStartMs Unix ms at monotonic 0; 2026-10-01T09:00:00+09:00 unless told */
  constructor(wallStartMs = 1_790_812_800_000) {
    this.#nowMs = 0;
    this.#wallOffsetMs = wallStartMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const pending: Pending = {
      atMs: this.#nowMs + clampDelayMs(delayMs),
      order: this.#order++,
      run,
    };
    this.#pending.add(pending);
    return { cancel: () => this.#pending.delete(pending) };
  }

  /** Timers not yet run. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Moves time on by `ms`, running each timer due on the way at its own time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = endMs;
  }

  /** Lets the wall clock jump, as NTP or a person does; the monotonic one stays. */
  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  #next(endMs: number): Pending | undefined {
    let first: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.atMs > endMs) continue;
      if (
        first === undefined ||
        pending.atMs < first.atMs ||
        (pending.atMs === first.atMs && pending.order < first.order)
      ) {
        first = pending;
      }
    }
    return first;
  }
}
