import { strict as assert } from 'node:assert';
import { PowerSpectrum } from './fourier.js';
import { melFilterBank } from './mel.js';

/** Rate of what the ear hears. */
export const EAR_RATE_HZ = 16_000;
/** 4 s. */
export const WINDOW_SAMPLES = 64_000;
export const MEL_HOP_SAMPLES = 160;
export const MEL_FRAMES = 400;
export const MEL_BANDS = 80;

const FRAME = 400;
const REFLECTION = FRAME / 2;
const FLOOR = 1e-10;
/** Decades below the loudest band of the window that still count. */
const RANGE_DECADES = 8;
/** Frames whose 400 samples all lie within the window: the same numbers in the next window, so they are kept. */
const INNER_FIRST = 2;
const INNER_LAST = MEL_FRAMES - 2;

const HANN = Float64Array.from(
  { length: FRAME },
  (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / FRAME),
);

/** Where a window's samples come from: absolute positions, whose zero is the caller's choice. */
export interface SampleSource {
  /** Copies the samples from `position` on into `out`. */
  read(position: number, out: Float64Array): void;
}

/**
 * The log-mel picture of 4 s windows over one stream, as Whisper defines it. Windows overlap by 3.5 s, and a frame
 * away from the window's edges does not depend on the window: each is computed once and kept. The edge frames (reflection)
 * and the clamp (relative to the loudest band of the window) are made anew for each window.
 */
export class LogMel {
  readonly #spectrum = new PowerSpectrum(FRAME);
  readonly #bank = melFilterBank(MEL_BANDS, this.#spectrum.bins, EAR_RATE_HZ);
  readonly #frame = new Float64Array(FRAME);
  readonly #power = new Float64Array(this.#spectrum.bins);
  /** Ring of log10 mel frames, [MEL_FRAMES][MEL_BANDS]; `#owner` says which absolute frame lies in each slot. */
  readonly #kept = new Float64Array(MEL_FRAMES * MEL_BANDS);
  readonly #owner = new Float64Array(MEL_FRAMES).fill(-1);
  readonly #edge = new Float64Array(MEL_BANDS);

  /**
   * @param start absolute position of the window's first sample, ≥ 0 and a multiple of `MEL_HOP_SAMPLES`
   * @returns float32 [MEL_BANDS][MEL_FRAMES]
   */
  window(source: SampleSource, start: number): Float32Array {
    assert.equal(start % MEL_HOP_SAMPLES, 0, 'windows start on a mel frame');
    const picture = new Float32Array(MEL_BANDS * MEL_FRAMES);
    let loudest = -Infinity;
    for (let frame = 0; frame < MEL_FRAMES; frame += 1) {
      const bands = this.#bandsOf(source, start, frame);
      for (let band = 0; band < MEL_BANDS; band += 1) {
        const value = bands[band]!;
        picture[band * MEL_FRAMES + frame] = value;
        if (value > loudest) loudest = value;
      }
    }
    const lowest = loudest - RANGE_DECADES;
    for (let i = 0; i < picture.length; i += 1) {
      picture[i] = (Math.max(picture[i]!, lowest) + 4) / 4;
    }
    return picture;
  }

  #bandsOf(source: SampleSource, start: number, frame: number): Float64Array {
    const left = start + frame * MEL_HOP_SAMPLES - REFLECTION;
    if (frame < INNER_FIRST || frame > INNER_LAST) {
      this.#reflect(source, start, left);
      this.#compute(this.#edge);
      return this.#edge;
    }
    const absolute = start / MEL_HOP_SAMPLES + frame;
    const slot = absolute % MEL_FRAMES;
    const bands = this.#kept.subarray(slot * MEL_BANDS, (slot + 1) * MEL_BANDS);
    if (this.#owner[slot] !== absolute) {
      source.read(left, this.#frame);
      this.#compute(bands);
      this.#owner[slot] = absolute;
    }
    return bands;
  }

  /** Fills the frame sample by sample; places outside the window mirror at its first or last sample. */
  #reflect(source: SampleSource, start: number, left: number): void {
    const one = new Float64Array(1);
    const last = WINDOW_SAMPLES - 1;
    for (let i = 0; i < FRAME; i += 1) {
      const place = left + i - start;
      const mirrored = place < 0 ? -place : place > last ? 2 * last - place : place;
      source.read(start + mirrored, one);
      this.#frame[i] = one[0]!;
    }
  }

  #compute(out: Float64Array): void {
    for (let i = 0; i < FRAME; i += 1) this.#frame[i]! *= HANN[i]!;
    this.#spectrum.compute(this.#frame, this.#power);
    for (let band = 0; band < MEL_BANDS; band += 1) {
      const filter = this.#bank[band]!;
      let sum = 0;
      for (let i = 0; i < filter.weights.length; i += 1) {
        sum += filter.weights[i]! * this.#power[filter.first + i]!;
      }
      out[band] = Math.log10(Math.max(sum, FLOOR));
    }
  }
}
