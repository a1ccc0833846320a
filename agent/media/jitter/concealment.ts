import assert from 'node:assert/strict';

const FRAME_SAMPLES = 160;
/** 200…66 Hz: the pitches searched for. */
const PITCH_MIN = 40;
const PITCH_MAX = 120;
const MATCH_SAMPLES = 160;
const OVERLAP_MAX = PITCH_MAX / 4;
const PERIODS_MAX = 3;
const HISTORY = PERIODS_MAX * PITCH_MAX + OVERLAP_MAX;
/** After each of these another pitch period joins the loop, so that it does not buzz. */
const PERIOD_SAMPLES = 80;
const FADE_FROM = 80;
const SILENT_FROM = 480;
/** The way back: a quarter period, and 4 ms more for each 10 ms that was lost, to 10 ms. */
const RETURN_STEP = 32;
const RETURN_MAX = 80;

/**
 * Hides lost frames of 8 kHz speech: goes on with the last pitch periods, fades from 10 ms, is silent from 60 ms, and
 * cross-fades back into what comes next. Adds no delay; where the loop begins, the step to it is smoothed instead.
 * Call exactly one of receive() and conceal() per 20 ms frame, in order.
 * @see ITU-T G.711 Appendix I, after whose method this is made
 */
export class Concealer {
  readonly #history = new Float32Array(HISTORY);
  /** The history when the loss began. Its last `#periods` pitch periods are the loop. */
  readonly #loop = new Float32Array(HISTORY);
  #pitch = PITCH_MAX;
  #periods = 1;
  #place = 0;
  #step = 0;
  #lostSamples = 0;
  #concealedCount = 0;

  /** Frames made up, since the beginning. */
  get concealedCount(): number {
    return this.#concealedCount;
  }

  /** True while the last frame was made up. */
  get isConcealing(): boolean {
    return this.#lostSamples > 0;
  }

  /**
   * A frame that came. Unchanged, unless one before it was lost: then its beginning is cross-faded in place.
   * @param frame 160 samples, 8 kHz
   */
  receive(frame: Int16Array): void {
    assert.equal(frame.length, FRAME_SAMPLES);
    if (this.#lostSamples > 0) this.#crossFade(frame);
    this.#lostSamples = 0;
    this.#remember(frame);
  }

  /** A frame that did not come. @param out receives 160 samples */
  conceal(out: Int16Array): void {
    assert.equal(out.length, FRAME_SAMPLES);
    if (this.#lostSamples === 0) this.#begin();
    for (let n = 0; n < FRAME_SAMPLES; n += 1) out[n] = saturate(this.#next());
    this.#concealedCount += 1;
    this.#remember(out);
  }

  #begin(): void {
    this.#loop.set(this.#history);
    this.#pitch = findPitch(this.#loop);
    this.#periods = 1;
    this.#place = 0;
    this.#step = this.#loop[HISTORY - 1]! - this.#loop[HISTORY - 1 - this.#pitch]!;
  }

  /** One sample of the loop, faded; moves on. */
  #next(): number {
    const lost = this.#lostSamples;
    this.#lostSamples += 1;
    if (lost >= SILENT_FROM) return 0;
    if (lost === PERIOD_SAMPLES || lost === 2 * PERIOD_SAMPLES) this.#lengthen();
    const quarter = this.#pitch >> 2;
    let sample = this.#looped();
    // The first join: no period repeats exactly, so the step is worn off over a quarter period.
    if (lost < quarter) sample += this.#step * (1 - (lost + 1) / quarter);
    this.#place = (this.#place + 1) % (this.#periods * this.#pitch);
    const gain = lost < FADE_FROM ? 1 : 1 - (lost - FADE_FROM) / (SILENT_FROM - FADE_FROM);
    return sample * gain;
  }

  /** The loop's end runs into what came just before its start, so that going round makes no step. */
  #looped(): number {
    const length = this.#periods * this.#pitch;
    const quarter = this.#pitch >> 2;
    const start = HISTORY - length;
    const here = this.#loop[start + this.#place]!;
    const left = length - this.#place;
    if (left > quarter) return here;
    const before = this.#loop[start - left]!;
    const share = (quarter - left + 1) / (quarter + 1);
    return here * (1 - share) + before * share;
  }

  #lengthen(): void {
    if (this.#periods === PERIODS_MAX) return;
    this.#periods += 1;
    // The loop now starts one period earlier: the same sample stands one period further on.
    this.#place += this.#pitch;
  }

  #crossFade(frame: Int16Array): void {
    const tensOfMs = Math.ceil(this.#lostSamples / PERIOD_SAMPLES);
    const wanted = (this.#pitch >> 2) + (tensOfMs - 1) * RETURN_STEP;
    const length = Math.min(RETURN_MAX, wanted);
    for (let n = 0; n < length; n += 1) {
      const share = (n + 1) / (length + 1);
      frame[n] = saturate(frame[n]! * share + this.#next() * (1 - share));
    }
  }

  #remember(frame: Int16Array): void {
    this.#history.copyWithin(0, FRAME_SAMPLES);
    this.#history.set(frame, HISTORY - FRAME_SAMPLES);
  }
}

function saturate(sample: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(sample)));
}

/** @returns the lag, 40…120 samples, at which the last 20 ms look most like what was before */
function findPitch(history: Float32Array): number {
  const start = history.length - MATCH_SAMPLES;
  let best = PITCH_MAX;
  let bestMatch = 0;
  for (let lag = PITCH_MIN; lag <= PITCH_MAX; lag += 1) {
    let correlation = 0;
    let energy = 1;
    for (let n = start; n < history.length; n += 1) {
      const earlier = history[n - lag]!;
      correlation += history[n]! * earlier;
      energy += earlier * earlier;
    }
    const match = correlation <= 0 ? 0 : (correlation * correlation) / energy;
    // Twice the pitch matches as well as the pitch: a longer lag must be clearly better.
    if (match > bestMatch * 1.02) {
      bestMatch = match;
      best = lag;
    }
  }
  return best;
}
