import assert from 'node:assert/strict';

/** Zero crossings of the sinc on each side, at the lower of the two rates. */
const ZERO_CROSSINGS = 48;
/** Kaiser window: side lobes at −84 dB. */
const KAISER_BETA = 8.5;
/** Half the transition band, as a share of half the lower rate: all above that half is in the stop band. */
const HALF_TRANSITION = 0.056;
/** Ratios with more phases than this take the two nearest and go between them. */
const PHASES_MAX = 512;
const RATE_MAX_HZ = 384_000;

/**
 * Changes the sample rate of a stream, any whole rate to any other, by a windowed sinc in polyphase form. The output
 * starts where the input starts (no delay to take off) and lasts as long, to one sample.
 * In the pass band (88 % of half the lower rate) a sine keeps its level to 0.01 dB; aliases lie below −70 dB.
 */
export class Resampler {
  readonly #step: number;
  readonly #phaseCount: number;
  readonly #outPerRound: number;
  readonly #inPerRound: number;
  readonly #taps: number;
  /** `#phaseCount + 1` filters of `#taps` each; the last is the first, one sample on. */
  readonly #table: Float32Array;
  /** Input not yet done with; samples[0] stands at `#start`. */
  #pending: Float32Array;
  #pendingCount: number;
  #start: number;
  #inputCount = 0;
  #outputCount = 0;
  #output = new Float32Array(1_024);

  constructor(fromHz: number, toHz: number) {
    for (const rate of [fromHz, toHz]) {
      assert(Number.isInteger(rate) && rate > 0 && rate <= RATE_MAX_HZ, 'a rate is 1…384,000 Hz');
    }
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#outPerRound = toHz / divisor;
    this.#inPerRound = fromHz / divisor;
    this.#step = fromHz / toHz;
    this.#phaseCount = Math.min(this.#outPerRound, PHASES_MAX);
    const half = Math.ceil(ZERO_CROSSINGS * Math.max(1, this.#step));
    this.#taps = 2 * half;
    this.#table = filterTable(this.#phaseCount, half, 1 / Math.max(1, this.#step));
    this.#start = -(half - 1);
    this.#pendingCount = half - 1;
    this.#pending = new Float32Array(this.#taps + 1_024);
  }

  /**
   * @param samples any scale; kept to
   * @returns what can be said so far, same scale; borrowed until the next call
   */
  push(samples: Float32Array | Int16Array): Float32Array {
    this.#inputCount += samples.length;
    this.#append(samples);
    return this.#produce(Infinity);
  }

  /** @returns the rest, as if silence followed. Ends the stream; borrowed */
  flush(): Float32Array {
    const half = this.#taps / 2;
    this.#append(new Float32Array(half + Math.ceil(this.#step) + 1));
    return this.#produce(Math.round(this.#inputCount / this.#step));
  }

  #append(samples: Float32Array | Int16Array): void {
    const needed = this.#pendingCount + samples.length;
    if (needed > this.#pending.length) {
      const larger = new Float32Array(needed * 2);
      larger.set(this.#pending.subarray(0, this.#pendingCount));
      this.#pending = larger;
    }
    this.#pending.set(samples, this.#pendingCount);
    this.#pendingCount = needed;
  }

  #produce(outputMax: number): Float32Array {
    const room = Math.ceil(this.#pendingCount / this.#step) + 2;
    if (room > this.#output.length) this.#output = new Float32Array(room);
    let made = 0;
    let first = this.#firstTap();
    while (this.#outputCount < outputMax && first + this.#taps <= this.#pendingCount) {
      this.#output[made] = this.#filter(first);
      made += 1;
      this.#outputCount += 1;
      first = this.#firstTap();
    }
    const done = Math.min(first, this.#pendingCount);
    this.#pending.copyWithin(0, done, this.#pendingCount);
    this.#pendingCount -= done;
    this.#start += done;
    return this.#output.subarray(0, made);
  }

  /** Where in `#pending` the next output's filter begins. Whole-number arithmetic: no drift in a long call. */
  #firstTap(): number {
    const rounds = Math.floor(this.#outputCount / this.#outPerRound);
    const rest = this.#outputCount % this.#outPerRound;
    const place =
      rounds * this.#inPerRound + Math.floor((rest * this.#inPerRound) / this.#outPerRound);
    return place - (this.#taps / 2 - 1) - this.#start;
  }

  #filter(first: number): number {
    const rest = this.#outputCount % this.#outPerRound;
    const fraction = ((rest * this.#inPerRound) % this.#outPerRound) / this.#outPerRound;
    const phase = fraction * this.#phaseCount;
    const whole = Math.floor(phase + 1e-9);
    const between = phase - whole;
    const near = this.#sum(first, whole);
    return between < 1e-6 ? near : near + (this.#sum(first, whole + 1) - near) * between;
  }

  #sum(first: number, phase: number): number {
    const row = phase * this.#taps;
    let sum = 0;
    for (let tap = 0; tap < this.#taps; tap += 1) {
      sum += this.#pending[first + tap]! * this.#table[row + tap]!;
    }
    return sum;
  }
}

/** @param scale how much lower the cut-off lies than half the input's rate, 0…1 */
function filterTable(phaseCount: number, half: number, scale: number): Float32Array {
  const taps = 2 * half;
  const table = new Float32Array((phaseCount + 1) * taps);
  const cutoff = scale * (1 - HALF_TRANSITION);
  const norm = bessel(KAISER_BETA);
  for (let phase = 0; phase <= phaseCount; phase += 1) {
    const row = table.subarray(phase * taps, (phase + 1) * taps);
    let total = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const x = tap - (half - 1) - phase / phaseCount;
      const edge = x / half;
      const window =
        Math.abs(edge) >= 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - edge * edge)) / norm;
      row[tap] = cutoff * sinc(cutoff * x) * window;
      total += row[tap]!;
    }
    // Every phase passes a constant unchanged; else the phases themselves would sound.
    for (let tap = 0; tap < taps; tap += 1) row[tap] = row[tap]! / total;
  }
  return table;
}

function sinc(x: number): number {
  return Math.abs(x) < 1e-12 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The modified Bessel function I0, by its series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
