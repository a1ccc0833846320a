import type { MediaClock } from './media-clock.js';
import { PacedSender } from './paced-sender.js';
import { DIGITS, TELEPHONE_EVENT_BYTES } from './telephone-event.js';

/** A digit shorter than this is not heard by every exchange, ms. */
export const DIGIT_MS_MIN = 100;
/** Keeps within one event's 65,535 ticks, ms. */
export const DIGIT_MS_MAX = 8_000;
/** Digits that may wait; a further one is refused. */
export const DIGITS_WAITING_MAX = 64;
const STEP_MS = 20;
const TICKS_PER_MS = 8;
/** RFC 4733 §2.5.1.4: the last packet goes out three times. */
const END_PACKETS = 3;
/** Silence after the last end packet; with these it makes 100 ms between digits. */
const GAP_STEPS = 3;
/** −10 dBm0, as most phones say (RFC 4733 §2.3.3). */
const VOLUME = 10;

/** The stream that the digits go into. */
export interface TelephoneEventStream {
  /** @returns the stream's timestamp of this moment: a digit keeps that of its beginning */
  timestampAt(nowMs: number): number;
  /** Sends one packet. @param payload borrowed until it returns */
  sendEvent(payload: Uint8Array, rtpTimestamp: number, marker: boolean): void;
}

export interface TelephoneEventSenderOptions {
  readonly clock: MediaClock;
  readonly stream: TelephoneEventStream;
}

interface Waiting {
  readonly event: number;
  readonly durationMs: number;
}

interface Sending extends Waiting {
  readonly rtpTimestamp: number;
  sentMs: number;
  endsSent: number;
  gapSteps: number;
}

/** Sends digits one after the other as RFC 4733 events, a packet each 20 ms. */
export class TelephoneEventSender {
  readonly #clock: MediaClock;
  readonly #stream: TelephoneEventStream;
  readonly #pacer: PacedSender;
  readonly #waiting: Waiting[] = [];
  readonly #payload = new Uint8Array(TELEPHONE_EVENT_BYTES);
  #sending: Sending | null = null;

  constructor(options: TelephoneEventSenderOptions) {
    this.#clock = options.clock;
    this.#stream = options.stream;
    this.#pacer = new PacedSender({
      clock: options.clock,
      ptimeMs: STEP_MS,
      onFrame: () => this.#step(),
    });
  }

  /** While true, audio of the same leg may be held back (RFC 4733 §2.5.1). */
  get isSending(): boolean {
    return this.#pacer.isRunning;
  }

  /**
   * @param digit one of 0-9 * # A-D
   * @param durationMs clamped to 100…8,000
   * @returns false when it is no digit, or when 64 already wait
   */
  sendDigit(digit: string, durationMs: number): boolean {
    const event = digit.length === 1 ? DIGITS.indexOf(digit.toUpperCase()) : -1;
    if (event < 0 || this.#waiting.length >= DIGITS_WAITING_MAX) return false;
    // A NaN fails the comparison, and becomes the shortest digit.
    const wantedMs = durationMs > DIGIT_MS_MIN ? durationMs : DIGIT_MS_MIN;
    this.#waiting.push({ event, durationMs: Math.min(wantedMs, DIGIT_MS_MAX) });
    this.#pacer.start();
    return true;
  }

  /** Drops what waits and ends at once. */
  stop(): void {
    this.#waiting.length = 0;
    this.#sending = null;
    this.#pacer.stop();
  }

  #step(): void {
    const sending = this.#sending ?? this.#begin();
    if (sending === null) {
      this.#pacer.stop();
      return;
    }
    if (sending.endsSent === END_PACKETS) {
      if (--sending.gapSteps === 0) this.#sending = null;
      return;
    }
    const isFirst = sending.sentMs === 0;
    if (sending.sentMs < sending.durationMs) {
      sending.sentMs = Math.min(sending.sentMs + STEP_MS, sending.durationMs);
    }
    const isEnd = sending.sentMs >= sending.durationMs;
    if (isEnd) sending.endsSent++;
    this.#send(sending, isEnd, isFirst);
  }

  #begin(): Sending | null {
    const next = this.#waiting.shift();
    if (next === undefined) return null;
    this.#sending = {
      ...next,
      rtpTimestamp: this.#stream.timestampAt(this.#clock.monotonicMs()),
      sentMs: 0,
      endsSent: 0,
      gapSteps: GAP_STEPS,
    };
    return this.#sending;
  }

  #send(sending: Sending, isEnd: boolean, marker: boolean): void {
    const ticks = Math.round(sending.sentMs * TICKS_PER_MS);
    this.#payload[0] = sending.event;
    this.#payload[1] = (isEnd ? 0x80 : 0) | VOLUME;
    this.#payload[2] = ticks >>> 8;
    this.#payload[3] = ticks;
    this.#stream.sendEvent(this.#payload, sending.rtpTimestamp, marker);
  }
}
