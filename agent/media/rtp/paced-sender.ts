import type { MediaClock, MediaTimer } from './media-clock.js';

/** Frames sent at once after a late wake-up; more would arrive as a burst that overruns the receiver. */
export const CATCH_UP_FRAMES_MAX = 3;
/** Node's timers may fire this early, ms: then the frame goes out rather than waiting a turn. */
const EARLY_MS = 1;

export interface PacedSenderOptions {
  readonly clock: MediaClock;
  /** 20 unless told. */
  readonly ptimeMs?: number;
  /**
   * Makes and sends one frame. `slot` counts packet times since the start, those that were skipped
   * included, so that `slot * ticks` keeps to real time. May call `stop()`.
   */
  readonly onFrame: (slot: number) => void;
}

/**
 * Calls `onFrame` at t0 + n × 20 ms. Each wait is set to an absolute time, so that lateness never
 * adds up; after a stall it catches up by at most three frames, then anchors t0 anew.
 */
export class PacedSender {
  readonly #clock: MediaClock;
  readonly #ptimeMs: number;
  readonly #onFrame: (slot: number) => void;
  #timer: MediaTimer | null = null;
  #running = false;
  #startMs = 0;
  #slot = 0;
  #skippedCount = 0;
  #anchorCount = 0;

  constructor(options: PacedSenderOptions) {
    this.#clock = options.clock;
    this.#ptimeMs = options.ptimeMs ?? 20;
    this.#onFrame = options.onFrame;
  }

  /** Frames that were never sent, since they were too late. */
  get skippedCount(): number {
    return this.#skippedCount;
  }

  /** How often t0 was anchored anew. */
  get anchorCount(): number {
    return this.#anchorCount;
  }

  get isRunning(): boolean {
    return this.#running;
  }

  /** Slot 0 is due now. Does nothing while running. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#startMs = this.#clock.monotonicMs();
    this.#slot = 0;
    this.#arm();
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #dueMs(): number {
    return this.#startMs + this.#slot * this.#ptimeMs;
  }

  #arm(): void {
    const delayMs = Math.max(0, this.#dueMs() - this.#clock.monotonicMs());
    this.#timer = this.#clock.after(delayMs, () => this.#wake());
  }

  #wake(): void {
    const nowMs = this.#clock.monotonicMs();
    const due = 1 + Math.floor((nowMs + EARLY_MS - this.#dueMs()) / this.#ptimeMs);
    for (let i = 0; i < Math.min(due, CATCH_UP_FRAMES_MAX); i++) {
      const slot = this.#slot++;
      this.#onFrame(slot);
      if (!this.#isLive()) return;
    }
    if (due > CATCH_UP_FRAMES_MAX) this.#anchor(due - CATCH_UP_FRAMES_MAX, nowMs);
    this.#arm();
  }

  // A call, so that the compiler does not believe that onFrame leaves the field alone.
  #isLive(): boolean {
    return this.#running;
  }

  #anchor(skipped: number, nowMs: number): void {
    this.#skippedCount += skipped;
    this.#anchorCount++;
    this.#slot += skipped;
    this.#startMs = nowMs + this.#ptimeMs - this.#slot * this.#ptimeMs;
  }
}
