const OVERLOAD = 32_767;
const QUIETEST = 127;

function toAudioLevel(meanSquare: number): number {
  const db = 10 * Math.log10(meanSquare / OVERLOAD ** 2);
  return Math.max(0, Math.min(QUIETEST, Math.round(-db)));
}

/**
 * @param samples s16, any length; empty is silence
 * @returns 0 (overload) … 127 (silence): the RMS level in −dBov
 * @see RFC 6464 §3, RFC 6465 appendix A
 */
export function audioLevel(samples: Int16Array): number {
  if (samples.length === 0) return QUIETEST;
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  return toAudioLevel(energy / samples.length);
}

export interface LevelSecond {
  /** Samples metered before this second. */
  readonly positionSamples: number;
  /** −dBov of the whole second, 0…127 (RFC 6464 §3). */
  readonly audioLevel: number;
  /** −dBov of its loudest sample, 0…127. */
  readonly peakLevel: number;
}

/** Sums up the level for each full second of one direction. */
export class LevelMeter {
  readonly #onSecond: (second: LevelSecond) => void;
  readonly #sampleRateHz: number;
  #energy = 0;
  #peak = 0;
  #count = 0;
  #position = 0;

  constructor(onSecond: (second: LevelSecond) => void, sampleRateHz = 8_000) {
    this.#onSecond = onSecond;
    this.#sampleRateHz = sampleRateHz;
  }

  /** −dBov of what was metered of the running second; 127 at its start. */
  get runningLevel(): number {
    return this.#count === 0 ? QUIETEST : toAudioLevel(this.#energy / this.#count);
  }

  /** @param samples s16, any length */
  push(samples: Int16Array): void {
    for (const sample of samples) {
      this.#energy += sample * sample;
      this.#peak = Math.max(this.#peak, Math.abs(sample));
      this.#count += 1;
      if (this.#count === this.#sampleRateHz) this.#finishSecond();
    }
  }

  #finishSecond(): void {
    const second = {
      positionSamples: this.#position,
      audioLevel: toAudioLevel(this.#energy / this.#count),
      peakLevel: toAudioLevel(this.#peak ** 2),
    };
    this.#position += this.#count;
    this.#energy = 0;
    this.#peak = 0;
    this.#count = 0;
    this.#onSecond(second);
  }
}
