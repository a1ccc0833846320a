import {
  dtmfTone,
  TelephoneEventSender,
  type TelephoneEventStream,
  type ToneSource,
} from 'node-mediastream';
import type { Clock } from '../../../base/index.js';
import { encodeLaw, FRAME_OCTETS, type Codec } from './law.js';

/** In-band digits that may wait; further ones are dropped. */
const IN_BAND_MAX = 64;
const DIGIT_MS_MIN = 100;
const DIGIT_MS_MAX = 8_000;
const PAUSE_MS = 80;

/** The digits that a leg is to hear, in either of the two ways. */
export class DigitsOut {
  readonly #events: TelephoneEventSender;
  readonly #inBand: ToneSource[] = [];
  readonly #samples = new Int16Array(FRAME_OCTETS);

  constructor(clock: Clock, stream: TelephoneEventStream) {
    this.#events = new TelephoneEventSender({ clock, stream });
  }

  /** While true, voice is held back. */
  get isSendingEvent(): boolean {
    return this.#events.isSending;
  }

  /** Whether frames are to be fetched by `fillInBand`. */
  get isInBand(): boolean {
    return this.#inBand.length > 0;
  }

  /** RFC 4733. What is no digit is left out. */
  sendEvent(digit: string, durationMs: number): void {
    this.#events.sendDigit(digit, durationMs);
  }

  /** As tones within the audio. What is no digit is left out. */
  sayInBand(digit: string, durationMs: number): void {
    if (!/^[0-9*#A-D]$/i.test(digit) || this.#inBand.length >= IN_BAND_MAX) return;
    const onMs = Math.min(DIGIT_MS_MAX, durationMs > DIGIT_MS_MIN ? durationMs : DIGIT_MS_MIN);
    this.#inBand.push(dtmfTone(digit.toUpperCase(), { onMs, offMs: PAUSE_MS }));
  }

  /** @param out receives 20 ms. @returns false when no digit is being said */
  fillInBand(codec: Codec, out: Uint8Array): boolean {
    const tone = this.#inBand[0];
    if (tone === undefined) return false;
    tone.fill(this.#samples);
    encodeLaw(codec, this.#samples, out);
    if (tone.isDone) this.#inBand.shift();
    return true;
  }

  stop(): void {
    this.#events.stop();
    this.#inBand.length = 0;
  }
}
