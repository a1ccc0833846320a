/** A pending call-back. Cancelling twice, or after it ran, does nothing. */
export interface MediaTimer {
  cancel(): void;
}

/** Time as this package receives it: always passed in, so that a test can move it. */
export interface MediaClock {
  /** Monotonic milliseconds with fractions; the zero is arbitrary. */
  monotonicMs(): number;
  /** Runs `run` once after `delayMs`. */
  after(delayMs: number, run: () => void): MediaTimer;
}
