/** One stage of the transform: `count` butterflies of `radix` points, and what turns before them. */
interface Stage {
  readonly radix: number;
  readonly stride: number;
  readonly count: number;
}

/**
 * The power spectrum of a real frame whose length is even and made of small factors (400 = 2 × 2·4·5·5), by one complex
 * transform of half the length: even samples are its real, odd ones its imaginary part. Stockham order, so there is no
 * bit reversal and any small radix serves.
 */
export class PowerSpectrum {
  /** Samples in a frame. */
  readonly frameLength: number;
  /** Bins from 0 Hz to half the sample rate: `frameLength / 2 + 1`. */
  readonly bins: number;
  readonly #half: number;
  readonly #stages: readonly Stage[];
  /** cos and −sin of 2πk / half. */
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  /** cos and −sin of 2πk / frameLength, to take the two halves apart. */
  readonly #splitCos: Float64Array;
  readonly #splitSin: Float64Array;
  #real: Float64Array;
  #imaginary: Float64Array;
  #nextReal: Float64Array;
  #nextImaginary: Float64Array;

  constructor(frameLength: number) {
    this.frameLength = frameLength;
    this.#half = frameLength / 2;
    this.bins = this.#half + 1;
    this.#stages = stagesOf(this.#half);
    const turn = (length: number, of: (x: number) => number): Float64Array =>
      Float64Array.from({ length: this.bins }, (_, k) => of((2 * Math.PI * k) / length));
    this.#cos = turn(this.#half, Math.cos);
    this.#sin = turn(this.#half, (x) => -Math.sin(x));
    this.#splitCos = turn(frameLength, Math.cos);
    this.#splitSin = turn(frameLength, (x) => -Math.sin(x));
    this.#real = new Float64Array(this.#half);
    this.#imaginary = new Float64Array(this.#half);
    this.#nextReal = new Float64Array(this.#half);
    this.#nextImaginary = new Float64Array(this.#half);
  }

  /**
   * @param frame `frameLength` samples, already windowed
   * @param out receives `bins` squared magnitudes
   */
  compute(frame: Float64Array, out: Float64Array): void {
    for (let i = 0; i < this.#half; i += 1) {
      this.#real[i] = frame[2 * i]!;
      this.#imaginary[i] = frame[2 * i + 1]!;
    }
    for (const stage of this.#stages) this.#run(stage);
    this.#takeApart(out);
  }

  #run({ radix, stride, count }: Stage): void {
    for (let group = 0; group < count; group += 1) {
      for (let offset = 0; offset < stride; offset += 1) {
        for (let point = 0; point < radix; point += 1) {
          this.#butterfly({ radix, stride, count }, group, offset, point);
        }
      }
    }
    [this.#real, this.#nextReal] = [this.#nextReal, this.#real];
    [this.#imaginary, this.#nextImaginary] = [this.#nextImaginary, this.#imaginary];
  }

  #butterfly({ radix, stride, count }: Stage, group: number, offset: number, point: number): void {
    // The turn within the butterfly and the one between stages are steps of one table: point × (group + count × leg).
    const step = count * point * stride;
    let turn = (group * point * stride) % this.#half;
    let real = 0;
    let imaginary = 0;
    for (let leg = 0; leg < radix; leg += 1) {
      const from = offset + stride * (group + count * leg);
      const x = this.#real[from]!;
      const y = this.#imaginary[from]!;
      const cos = this.#cos[turn]!;
      const sin = this.#sin[turn]!;
      real += x * cos - y * sin;
      imaginary += x * sin + y * cos;
      turn = (turn + step) % this.#half;
    }
    const to = offset + stride * (point + radix * group);
    this.#nextReal[to] = real;
    this.#nextImaginary[to] = imaginary;
  }

  /** From the transform of (even + i·odd) to |even + turn × odd|² of each bin. */
  #takeApart(out: Float64Array): void {
    for (let k = 0; k < this.bins; k += 1) {
      const a = k % this.#half;
      const b = (this.#half - k) % this.#half;
      const evenReal = (this.#real[a]! + this.#real[b]!) / 2;
      const evenImaginary = (this.#imaginary[a]! - this.#imaginary[b]!) / 2;
      const oddReal = (this.#imaginary[a]! + this.#imaginary[b]!) / 2;
      const oddImaginary = (this.#real[b]! - this.#real[a]!) / 2;
      const cos = this.#splitCos[k]!;
      const sin = this.#splitSin[k]!;
      const real = evenReal + oddReal * cos - oddImaginary * sin;
      const imaginary = evenImaginary + oddReal * sin + oddImaginary * cos;
      out[k] = real * real + imaginary * imaginary;
    }
  }
}

function stagesOf(length: number): Stage[] {
  const stages: Stage[] = [];
  let stride = 1;
  for (let rest = length; rest > 1;) {
    const radix = [4, 5, 2, 3].find((candidate) => rest % candidate === 0) ?? rest;
    rest /= radix;
    stages.push({ radix, stride, count: rest });
    stride *= radix;
  }
  return stages;
}
