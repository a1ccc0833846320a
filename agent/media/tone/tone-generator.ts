import assert from 'node:assert/strict';

/** Endless or ending audio, 8 kHz mono, asked for frame by frame. */
export interface ToneSource {
  /** True when nothing but silence will come. */
  readonly isDone: boolean;
  /** Fills all of `out`, going on where the last fill ended; silence after the end. */
  fill(out: Int16Array): void;
}

export interface ToneSpec {
  /** One or two tones, each at its level: dBFS of the tone's peak, ≤ 0. */
  readonly tones: readonly { readonly frequencyHz: number; readonly levelDbfs: number }[];
  /** Makes the tone swell and fade, as an old bell does. */
  readonly modulationHz?: number;
  /** ms on and ms off in turn; empty: without a pause. */
  readonly cadenceMs: readonly number[];
  /** Rounds through the cadence; Infinity: for ever. */
  readonly rounds: number;
}

const SAMPLES_PER_MS = 8;
const SAMPLE_RATE_HZ = 8_000;
const FULL_SCALE = 32_767;
const MODULATION_DEPTH = 0.85;
/** The edges rise and fall within this, so that nothing clicks. */
const EDGE_SAMPLES = 40;

interface Oscillator {
  readonly step: number;
  readonly amplitude: number;
}

/** A tone with a rhythm. Phase runs on through pauses and frames. */
export class CadencedTone implements ToneSource {
  readonly #oscillators: readonly Oscillator[];
  readonly #modulationStep: number;
  /** Ends of the on and off stretches of one round, in samples. */
  readonly #bounds: readonly number[];
  readonly #roundSamples: number;
  readonly #endSample: number;
  #position = 0;

  /** @throws {AssertionError} for a frequency outside 0…4,000 Hz or an empty stretch (a bug of the caller) */
  constructor({ tones, modulationHz = 0, cadenceMs, rounds }: ToneSpec) {
    assert(cadenceMs.every((ms) => ms > 0) && rounds >= 0, 'a cadence has lengths above 0');
    this.#oscillators = tones.map(({ frequencyHz, levelDbfs }) => {
      assert(
        frequencyHz > 0 && frequencyHz < SAMPLE_RATE_HZ / 2,
        'a tone lies below half the rate',
      );
      return {
        step: (2 * Math.PI * frequencyHz) / SAMPLE_RATE_HZ,
        amplitude: FULL_SCALE * 10 ** (Math.min(0, levelDbfs) / 20),
      };
    });
    this.#modulationStep = (2 * Math.PI * modulationHz) / SAMPLE_RATE_HZ;
    const bounds: number[] = [];
    let end = 0;
    for (const ms of cadenceMs) bounds.push((end += Math.round(ms * SAMPLES_PER_MS)));
    this.#bounds = bounds;
    this.#roundSamples = end;
    this.#endSample = end === 0 || rounds === Infinity ? Infinity : end * rounds;
  }

  get isDone(): boolean {
    return this.#position >= this.#endSample;
  }

  fill(out: Int16Array): void {
    for (let n = 0; n < out.length; n += 1) {
      const sample = this.isDone ? 0 : this.#sampleAt(this.#position) * this.#edge();
      out[n] = Math.max(-32_768, Math.min(FULL_SCALE, Math.round(sample)));
      this.#position += 1;
    }
  }

  #sampleAt(position: number): number {
    let sample = 0;
    for (const { step, amplitude } of this.#oscillators)
      sample += amplitude * Math.sin(step * position);
    if (this.#modulationStep === 0) return sample;
    const swell = 1 - MODULATION_DEPTH * Math.cos(this.#modulationStep * position);
    return (sample * swell) / (1 + MODULATION_DEPTH);
  }

  /** 0 in a pause, 1 in a beep, between them at the edges. */
  #edge(): number {
    if (this.#roundSamples === 0) return rise(this.#position);
    const place = this.#position % this.#roundSamples;
    const stretch = this.#bounds.findIndex((end) => place < end);
    if (stretch % 2 === 1) return 0;
    const start = stretch === 0 ? 0 : this.#bounds[stretch - 1]!;
    return Math.min(rise(place - start), rise(this.#bounds[stretch]! - 1 - place));
  }
}

function rise(fromEdge: number): number {
  if (fromEdge >= EDGE_SAMPLES) return 1;
  return 0.5 - 0.5 * Math.cos((Math.PI * fromEdge) / EDGE_SAMPLES);
}

const LINE_LEVEL_DBFS = -16;
const line = { frequencyHz: 400, levelDbfs: LINE_LEVEL_DBFS };

/** What a caller hears while the phones ring: 400 Hz swelling at 16 Hz, 1 s on, 2 s off (Japan). */
export function ringBackTone(): ToneSource {
  return new CadencedTone({
    tones: [line],
    modulationHz: 16,
    cadenceMs: [1_000, 2_000],
    rounds: Infinity,
  });
}

/** 400 Hz, 500 ms on, 500 ms off (Japan). @param rounds how many beeps */
export function busyTone(rounds = Infinity): ToneSource {
  return new CadencedTone({ tones: [line], cadenceMs: [500, 500], rounds });
}

/** Two beeps within 1 s: says "recorded" where the announcement itself cannot be played. */
export function attentionBeep(): ToneSource {
  const beep = { frequencyHz: 1_000, levelDbfs: LINE_LEVEL_DBFS };
  return new CadencedTone({ tones: [beep], cadenceMs: [300, 200], rounds: 2 });
}

/** A sine without end. @param levelDbfs of its peak, ≤ 0 */
export function sineTone(frequencyHz: number, levelDbfs: number): ToneSource {
  return new CadencedTone({ tones: [{ frequencyHz, levelDbfs }], cadenceMs: [], rounds: Infinity });
}
