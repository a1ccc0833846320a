/** A pending call-back of a clock. Cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time as every module receives it: never reached for, always passed in. */
export interface Clock {
  /** Monotonic milliseconds with fractions; the zero is arbitrary. For durations and timers. */
  monotonicMs(): number;
  /** Wall-clock Unix milliseconds; may jump. For what people read. */
  wallMs(): number;
  /**
   * Runs `run` once after `delayMs`. A delay is clamped to 0…2^31−1 ms: Node would run a longer one
   * after 1 ms, and peers send such numbers.
   */
  after(delayMs: number, run: () => void): Timer;
}

/** The longest delay that Node's timers keep, ms (about 24.8 days). */
export const TIMER_DELAY_MAX_MS = 2 ** 31 - 1;

/** @returns a delay that a timer can keep; NaN becomes 0 */
export function clampDelayMs(delayMs: number): number {
  return delayMs > 0 ? Math.min(delayMs, TIMER_DELAY_MAX_MS) : 0;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, run) {
    const timeout = setTimeout(run, clampDelayMs(delayMs));
    return { cancel: () => clearTimeout(timeout) };
  },
};
