export interface LimiterOptions {
  /** No sample leaves louder than this, dBFS, ≤ 0. */
  readonly ceilingDbfs: number;
  readonly attackMs?: number;
  readonly releaseMs?: number;
  readonly sampleRateHz?: number;
}

const FULL_SCALE = 32_767;

/**
 * Keeps a shout from hurting the one who listens: turns the gain down within the attack time, and back up slowly. What
 * overshoots before the gain has followed is cut at the ceiling. For the receiver's side only: recording and detector
 * hear the line as it is.
 */
export class Limiter {
  readonly #ceiling: number;
  readonly #attack: number;
  readonly #release: number;
  #envelope = 0;
  #gain = 1;

  constructor({
    ceilingDbfs,
    attackMs = 2,
    releaseMs = 200,
    sampleRateHz = 8_000,
  }: LimiterOptions) {
    const perSample = (ms: number): number =>
      1 - Math.exp(-1_000 / (Math.max(ms, 0.1) * sampleRateHz));
    this.#ceiling = FULL_SCALE * 10 ** (Math.min(0, ceilingDbfs) / 20);
    this.#attack = perSample(attackMs);
    this.#release = perSample(releaseMs);
  }

  /** How much the last sample was turned down, dB ≤ 0. */
  get gainDb(): number {
    return 20 * Math.log10(this.#gain);
  }

  /** @param samples s16, changed in place; any length, state carries over */
  limit(samples: Int16Array): void {
    for (let n = 0; n < samples.length; n += 1) {
      const sample = samples[n]!;
      const size = Math.abs(sample);
      // The envelope holds between the peaks of a low voice; otherwise the gain would ride on the wave itself.
      this.#envelope =
        size > this.#envelope ? size : this.#envelope - this.#envelope * this.#release;
      const wanted = this.#envelope > this.#ceiling ? this.#ceiling / this.#envelope : 1;
      const speed = wanted < this.#gain ? this.#attack : this.#release;
      this.#gain += (wanted - this.#gain) * speed;
      samples[n] = Math.trunc(
        Math.max(-this.#ceiling, Math.min(this.#ceiling, sample * this.#gain)),
      );
    }
  }
}
