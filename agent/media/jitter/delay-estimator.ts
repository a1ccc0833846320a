const WINDOW_PACKETS = 256;
const QUANTILE = 0.98;

/**
 * How much later than the fastest packet the slow ones come: the 98th percentile over the last 256 packets (5 s).
 * Clock drift between the sender and us is a few µs a packet, and so stays far below a frame over the window.
 */
export class DelayEstimator {
  readonly #transitMs = new Float64Array(WINDOW_PACKETS);
  readonly #sorted = new Float64Array(WINDOW_PACKETS);
  #count = 0;

  /** Packets in the window, 0…256. */
  get packets(): number {
    return Math.min(this.#count, WINDOW_PACKETS);
  }

  reset(): void {
    this.#count = 0;
  }

  /** @param transitMs arrival time − media time; only differences matter */
  add(transitMs: number): void {
    this.#transitMs[this.#count % WINDOW_PACKETS] = transitMs;
    this.#count += 1;
  }

  /** @returns ms; 0 before the second packet */
  spreadMs(): number {
    const size = this.packets;
    if (size < 2) return 0;
    const sorted = this.#sorted.subarray(0, size);
    sorted.set(this.#transitMs.subarray(0, size));
    sorted.sort();
    const slow = sorted[Math.min(size - 1, Math.floor(size * QUANTILE))] ?? 0;
    return slow - (sorted[0] ?? 0);
  }
}
