const HISTORY = 512;

/** The signed distance `to − from` of two uint32 timestamps, −2^31…2^31−1 (RFC 1982). */
export function timestampDistance(from: number, to: number): number {
  return (to - from) | 0;
}

/**
 * Makes 16-bit sequence numbers into numbers that never wrap, and remembers which of the last 512 were seen
 * (RFC 3550 §A.1: cycles and the extended highest sequence number).
 */
export class SequenceUnwrapper {
  readonly #seen = new Float64Array(HISTORY).fill(-1);
  #newest = -1;

  /** The highest extended number seen; −1 before the first. */
  get newest(): number {
    return this.#newest;
  }

  reset(): void {
    this.#seen.fill(-1);
    this.#newest = -1;
  }

  /** @returns the extended number, not yet marked as seen */
  extend(sequenceNumber: number): number {
    // The first is put one cycle up, so that packets older than it stay positive.
    if (this.#newest < 0) return 0x1_0000 + sequenceNumber;
    const distance = ((sequenceNumber - this.#newest) << 16) >> 16;
    return this.#newest + distance;
  }

  has(extended: number): boolean {
    return this.#seen[extended % HISTORY] === extended;
  }

  /** @returns false when this packet was seen before */
  mark(extended: number): boolean {
    if (this.has(extended)) return false;
    this.#seen[extended % HISTORY] = extended;
    this.#newest = Math.max(this.#newest, extended);
    return true;
  }
}
