/** Length of the interpolation filter, in samples at the doubled rate. */
const TAPS = 41;
const DELAY = (TAPS - 1) / 2;
const KAISER_BETA = 5;

/** Input samples that an output sample needs after its own place: what `Upsampler` holds back. */
export const UPSAMPLER_LOOKAHEAD = DELAY / 2;

/** Modified Bessel function of the first kind, order 0, by its power series. */
function bessel0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** The filter that the model was trained behind: a sinc cut off at a quarter of the new rate, Kaiser window, gain 2. */
export function upsamplingTaps(): Float64Array {
  const taps = Float64Array.from({ length: TAPS }, (_, n) => {
    const x = (Math.PI * (n - DELAY)) / 2;
    const kaiser = bessel0(KAISER_BETA * Math.sqrt(1 - ((n - DELAY) / DELAY) ** 2));
    return (x === 0 ? 1 : Math.sin(x) / x) * kaiser;
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => (2 * tap) / sum);
}

const ALL_TAPS = upsamplingTaps();
/** At even places the sinc is zero but for its middle: those outputs are the input itself, scaled. */
const MIDDLE_TAP = ALL_TAPS[DELAY] ?? 1;
const ODD_TAPS = ALL_TAPS.filter((_, n) => n % 2 === 1);
/** Input samples that one output looks at: `ODD_TAPS.length` around its place. */
const REACH = ODD_TAPS.length;

/**
 * 8 kHz s16 to 16 kHz float (full scale 1.0), in pieces of any length, as if the stream had been one piece with zeros
 * around it. The output lags by `UPSAMPLER_LOOKAHEAD` input samples; `flush` brings the rest.
 */
export class Upsampler {
  /** The last `REACH` input samples. */
  readonly #history = new Float64Array(REACH);
  #toSkip = UPSAMPLER_LOOKAHEAD;

  /** @returns two samples for each of `samples`, less what is held back at the start */
  push(samples: Int16Array): Float32Array {
    const out = new Float32Array(2 * samples.length);
    let written = 0;
    for (const sample of samples) {
      this.#history.copyWithin(0, 1);
      this.#history[REACH - 1] = sample / 32_768;
      if (this.#toSkip > 0) {
        this.#toSkip -= 1;
        continue;
      }
      out[written] = (this.#history[REACH - 1 - UPSAMPLER_LOOKAHEAD] ?? 0) * MIDDLE_TAP;
      out[written + 1] = this.#between();
      written += 2;
    }
    return out.subarray(0, written);
  }

  /** @returns the samples that were held back; the stream is over */
  flush(): Float32Array {
    return this.push(new Int16Array(UPSAMPLER_LOOKAHEAD));
  }

  #between(): number {
    let sum = 0;
    for (let i = 0; i < REACH; i += 1) sum += this.#history[i]! * ODD_TAPS[i]!;
    return sum;
  }
}
