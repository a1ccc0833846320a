import { DTMF_HIGH_HZ, DTMF_LOW_HZ, dtmfDigitAt } from './dtmf-digit.js';
import { HOP_SAMPLES, ToneBank, WINDOW_SAMPLES, type ToneReading } from './tone-bank.js';

/** Positions count samples (8 kHz) since the first one pushed, to within 10 ms. */
export type DtmfEvent =
  | { readonly name: 'digitStarted'; readonly digit: string; readonly startSample: number }
  | {
      readonly name: 'digitEnded';
      readonly digit: string;
      readonly startSample: number;
      readonly endSample: number;
    };

/** −42 dBov for each of the two tones. */
const POWER_MIN = (32_767 ** 2 / 2) * 10 ** (-42 / 10);
/** The high group may be 4 dB louder or 8 dB weaker (ITU-T Q.24, Japan: 5); a little more, for what noise adds. */
const TWIST_MAX = 10 ** (5.5 / 10);
const TWIST_MIN = 10 ** (-9.5 / 10);
/** ±1.5 % must pass, ±3.5 % must not (ITU-T Q.24). */
const OFFSET_MAX = 0.025;
/** How far the best of a group stands above its second: 6 dB. */
const GROUP_LEAD = 4;
/** The share of all power that the two tones hold: speech spreads it over more. */
const PURITY_MIN = 0.88;
/** 20 ms windows, 5 ms apart, four in a row: tones under 30 ms are nothing yet, 40 ms always pass. */
const HITS_TO_START = 4;
/** A drop-out of 10 ms does not end a digit; a pause of 40 ms always does. */
const MISSES_TO_END = 7;
const NONE = '';

/** Finds DTMF in the audio itself, for lines that send no telephone-event (RFC 4733): 40 ms on, 40 ms off. */
export class DtmfDetector {
  readonly #bank = new ToneBank([...DTMF_LOW_HZ, ...DTMF_HIGH_HZ]);
  readonly #onEvent: (event: DtmfEvent) => void;
  #candidate = NONE;
  #hits = 0;
  #misses = 0;
  #digit = NONE;
  #startSample = 0;

  constructor(onEvent: (event: DtmfEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** @param samples 8 kHz s16, any length */
  push(samples: Int16Array): void {
    this.#bank.push(samples, () => this.#look());
  }

  /** No sample follows: a digit still pressed is let go. */
  end(): void {
    if (this.#digit !== NONE) this.#endDigit(this.#bank.positionSamples);
  }

  #look(): void {
    const seen = this.#classify();
    const position = this.#bank.positionSamples;
    this.#hits = seen === this.#candidate ? this.#hits + 1 : 1;
    this.#candidate = seen;
    if (this.#digit !== NONE) {
      this.#misses = seen === this.#digit ? 0 : this.#misses + 1;
      if (this.#misses < MISSES_TO_END) return;
      this.#endDigit(position - MISSES_TO_END * HOP_SAMPLES);
    }
    if (seen === NONE || this.#hits < HITS_TO_START) return;
    this.#digit = seen;
    this.#misses = 0;
    const heard = WINDOW_SAMPLES + (this.#hits - 1) * HOP_SAMPLES;
    this.#startSample = Math.max(0, position - heard);
    this.#onEvent({ name: 'digitStarted', digit: seen, startSample: this.#startSample });
  }

  #endDigit(endSample: number): void {
    const digit = this.#digit;
    this.#digit = NONE;
    this.#onEvent({ name: 'digitEnded', digit, startSample: this.#startSample, endSample });
  }

  /** @returns the digit that the window holds, or NONE */
  #classify(): string {
    const total = this.#bank.totalPower;
    if (total < POWER_MIN) return NONE;
    const low = this.#strongest(0, DTMF_LOW_HZ);
    const high = this.#strongest(DTMF_LOW_HZ.length, DTMF_HIGH_HZ);
    if (low === undefined || high === undefined) return NONE;
    const twist = high.reading.power / low.reading.power;
    if (twist > TWIST_MAX || twist < TWIST_MIN) return NONE;
    if (low.reading.power + high.reading.power < PURITY_MIN * total) return NONE;
    return dtmfDigitAt(low.place, high.place);
  }

  #strongest(
    from: number,
    groupHz: readonly number[],
  ): { readonly place: number; readonly reading: ToneReading } | undefined {
    const readings = groupHz.map((_, place) => this.#bank.read(from + place));
    let best = 0;
    readings.forEach((reading, place) => {
      if (reading.seenPower > readings[best]!.seenPower) best = place;
    });
    const reading = readings[best]!;
    if (reading.power < POWER_MIN) return undefined;
    if (Math.abs(reading.offsetHz) > OFFSET_MAX * groupHz[best]!) return undefined;
    const isClear = readings.every(
      (other, place) => place === best || other.seenPower * GROUP_LEAD < reading.seenPower,
    );
    return isClear ? { place: best, reading } : undefined;
  }
}
