const SAMPLE_RATE_HZ = 8_000;
/** 5 ms: how often the bank looks. */
export const HOP_SAMPLES = 40;
const HOPS = 4;
const HALF_SECONDS = (HOPS / 2) * (HOP_SAMPLES / SAMPLE_RATE_HZ);
/** 20 ms: over how much it looks. */
export const WINDOW_SAMPLES = HOP_SAMPLES * HOPS;

interface Sums {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

/** What one window holds of one frequency. */
export interface ToneReading {
  /** Mean square found at the very frequency. */
  readonly seenPower: number;
  /** Mean square of the tone itself, if it is one, `offsetHz` beside. */
  readonly power: number;
  /** How far the tone lies from the frequency looked for, −50…50 Hz; means nothing without power. */
  readonly offsetHz: number;
}

/**
 * A few known frequencies, watched in windows of 20 ms that move by 5 ms: each 5 ms is multiplied with a running
 * oscillator and summed; the last four sums make the window, and how far the phase turns from its older to its newer
 * half tells the true frequency.
 * So one pass over the samples serves level, purity and frequency (Goertzel alone would give the first only).
 */
export class ToneBank {
  readonly #frequenciesHz: readonly number[];
  readonly #cosine: readonly Float64Array[];
  readonly #sine: readonly Float64Array[];
  readonly #sums: readonly Sums[];
  readonly #energies = new Float64Array(HOPS);
  readonly #hop = new Int16Array(HOP_SAMPLES);
  #filled = 0;
  #hops = 0;

  /** @param frequenciesHz whole numbers below 4,000 */
  constructor(frequenciesHz: readonly number[]) {
    const table = (wave: (angle: number) => number, hz: number): Float64Array =>
      Float64Array.from({ length: HOP_SAMPLES }, (_, n) =>
        wave((2 * Math.PI * hz * n) / SAMPLE_RATE_HZ),
      );
    this.#frequenciesHz = frequenciesHz;
    this.#cosine = frequenciesHz.map((hz) => table(Math.cos, hz));
    this.#sine = frequenciesHz.map((hz) => table(Math.sin, hz));
    this.#sums = frequenciesHz.map(() => ({
      real: new Float64Array(HOPS),
      imaginary: new Float64Array(HOPS),
    }));
  }

  /** Where the window ends, in samples since the beginning. */
  get positionSamples(): number {
    return this.#hops * HOP_SAMPLES;
  }

  /** Mean square of all that is in the window. */
  get totalPower(): number {
    let total = 0;
    for (const energy of this.#energies) total += energy;
    return total / WINDOW_SAMPLES;
  }

  /** @param onWindow called for each 5 ms that these samples complete, once a first window is full */
  push(samples: Int16Array, onWindow: () => void): void {
    for (const sample of samples) {
      this.#hop[this.#filled] = sample;
      this.#filled += 1;
      if (this.#filled === HOP_SAMPLES) {
        this.#filled = 0;
        this.#finishHop();
        if (this.#hops >= HOPS) onWindow();
      }
    }
  }

  /** The window's reading for the frequency at `index` of those given. */
  read(index: number): ToneReading {
    const { real, imaginary } = this.#sums[index]!;
    let oldReal = 0;
    let oldImaginary = 0;
    let newReal = 0;
    let newImaginary = 0;
    for (let hop = 0; hop < HOPS; hop += 1) {
      // The oldest hop is the one that the next will overwrite.
      const place = (this.#hops + hop) % HOPS;
      if (hop < HOPS / 2) {
        oldReal += real[place]!;
        oldImaginary += imaginary[place]!;
      } else {
        newReal += real[place]!;
        newImaginary += imaginary[place]!;
      }
    }
    const turn = Math.atan2(
      newImaginary * oldReal - newReal * oldImaginary,
      newReal * oldReal + newImaginary * oldImaginary,
    );
    const offsetHz = turn / (2 * Math.PI * HALF_SECONDS);
    const magnitude = (oldReal + newReal) ** 2 + (oldImaginary + newImaginary) ** 2;
    const seenPower = (2 * magnitude) / WINDOW_SAMPLES ** 2;
    return { seenPower, power: seenPower / windowLoss(offsetHz), offsetHz };
  }

  #finishHop(): void {
    const place = this.#hops % HOPS;
    let energy = 0;
    for (const sample of this.#hop) energy += sample * sample;
    this.#energies[place] = energy;
    for (let tone = 0; tone < this.#frequenciesHz.length; tone += 1) this.#correlate(tone, place);
    this.#hops += 1;
  }

  #correlate(tone: number, place: number): void {
    const cosine = this.#cosine[tone]!;
    const sine = this.#sine[tone]!;
    let real = 0;
    let imaginary = 0;
    for (let n = 0; n < HOP_SAMPLES; n += 1) {
      const sample = this.#hop[n]!;
      real += sample * cosine[n]!;
      imaginary -= sample * sine[n]!;
    }
    // The oscillator's phase at the hop's start, exact however long the call: whole Hz come round within a second.
    const cycles = (this.#frequenciesHz[tone]! * HOP_SAMPLES * (this.#hops % 200)) / SAMPLE_RATE_HZ;
    const angle = 2 * Math.PI * (cycles % 1);
    const sums = this.#sums[tone]!;
    sums.real[place] = real * Math.cos(angle) + imaginary * Math.sin(angle);
    sums.imaginary[place] = imaginary * Math.cos(angle) - real * Math.sin(angle);
  }
}

/** How much of a tone's power a 20 ms window shows when it is looked for `offsetHz` beside: sinc², at least 0.2. */
function windowLoss(offsetHz: number): number {
  const x = (Math.PI * offsetHz * WINDOW_SAMPLES) / SAMPLE_RATE_HZ;
  const sinc = Math.abs(x) < 1e-6 ? 1 : Math.sin(x) / x;
  return Math.max(0.2, sinc * sinc);
}
