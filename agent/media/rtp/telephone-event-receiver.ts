import type { RtpPacket } from './rtp-packet.js';
import { sequenceDistance, timestampDistance } from './serial-number.js';
import { DIGITS, EVENT_DURATION_MAX, TELEPHONE_EVENT_BYTES } from './telephone-event.js';

/** A digit none of whose end packets came is closed after this silence, ms. */
export const END_LOST_MS = 150;
/** Digits remembered after they were closed, so that late packets do not open them again. */
const CLOSED_MAX = 16;
/** Audio this far after the last word of an event means that the event is over, ticks at 8 kHz. */
const AUDIO_PAST_TICKS = 320;
const TICKS_PER_MS = 8;
/** Above and below: a duration that falls like this has wrapped, not gone back. */
const WRAP_FROM = 0xc000;
const WRAP_TO = 0x4000;

interface EventKey {
  readonly ssrc: number;
  readonly rtpTimestamp: number;
  readonly event: number;
}

interface OpenEvent {
  readonly keys: EventKey[];
  readonly event: number;
  readonly ssrc: number;
  /** Of the current segment. */
  rtpTimestamp: number;
  /** Of the current segment, as last said. */
  duration: number;
  /** Ticks of the segments, or wraps, before it. */
  before: number;
  sequenceNumber: number;
  heardAtMs: number;
}

/** Called once for each digit, when it is over. */
export type OnDigit = (digit: string, durationMs: number) => void;

/**
 * Hears the digits of one leg (RFC 4733): one for each (SSRC, timestamp, event), however often its
 * packets repeat, whether the end packets share a sequence number, have no marker, or never come.
 */
export class TelephoneEventReceiver {
  readonly #onDigit: OnDigit;
  readonly #closed: EventKey[] = [];
  #open: OpenEvent | null = null;
  #ignoredCount = 0;

  constructor(onDigit: OnDigit) {
    this.#onDigit = onDigit;
  }

  /** Packets that were malformed, or events that are no digit. */
  get ignoredCount(): number {
    return this.#ignoredCount;
  }

  /** Takes a packet whose payload type is telephone-event. */
  push(packet: RtpPacket, nowMs: number): void {
    this.tick(nowMs);
    const { datagram, payloadStart: at } = packet;
    const event = datagram[at];
    if (packet.payloadEnd - at < TELEPHONE_EVENT_BYTES || event === undefined) {
      this.#ignoredCount++;
      return;
    }
    if (event >= DIGITS.length) {
      this.#ignoredCount++;
      return;
    }
    const duration = (datagram[at + 2]! << 8) | datagram[at + 3]!;
    const isEnd = (datagram[at + 1]! & 0x80) !== 0;
    const key = { ssrc: packet.ssrc, rtpTimestamp: packet.rtpTimestamp, event };
    if (this.#closed.some((closed) => isSame(closed, key))) return;
    this.#follow(key, packet, duration, nowMs);
    if (isEnd) this.#close();
  }

  /** Takes note of an audio packet: well past the open event, it says that the end was lost. */
  audio(rtpTimestamp: number, nowMs: number): void {
    const open = this.#open;
    if (open === null) return;
    this.tick(nowMs);
    const past = timestampDistance(open.rtpTimestamp, rtpTimestamp) - open.duration;
    // Audio may go on between the packets of an event: only what is clearly later counts.
    if (past > AUDIO_PAST_TICKS && this.#open !== null) this.#close();
  }

  /** To be called every 20…50 ms while nothing else arrives. */
  tick(nowMs: number): void {
    if (this.#open !== null && nowMs - this.#open.heardAtMs >= END_LOST_MS) this.#close();
  }

  /** The leg ends: closes the open digit. */
  end(): void {
    if (this.#open !== null) this.#close();
  }

  #follow(key: EventKey, packet: RtpPacket, duration: number, nowMs: number): void {
    const open = this.#open;
    if (open !== null && belongs(open, key)) {
      open.heardAtMs = nowMs;
      if (sequenceDistance(open.sequenceNumber, packet.sequenceNumber) < 0) return;
      if (duration < WRAP_TO && open.duration > WRAP_FROM) open.before += 0x1_0000;
      else if (duration < open.duration) return;
      open.duration = duration;
      open.sequenceNumber = packet.sequenceNumber;
      return;
    }
    if (open !== null && isNextSegment(open, key, packet.marker)) {
      open.before += timestampDistance(open.rtpTimestamp, key.rtpTimestamp);
      open.keys.push(key);
      open.rtpTimestamp = key.rtpTimestamp;
      open.duration = duration;
      open.sequenceNumber = packet.sequenceNumber;
      open.heardAtMs = nowMs;
      return;
    }
    if (open !== null) this.#close();
    this.#open = {
      ...key,
      keys: [key],
      duration,
      before: 0,
      sequenceNumber: packet.sequenceNumber,
      heardAtMs: nowMs,
    };
  }

  #close(): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    this.#closed.push(...open.keys.slice(-CLOSED_MAX));
    this.#closed.splice(0, this.#closed.length - CLOSED_MAX);
    this.#onDigit(DIGITS.charAt(open.event), (open.before + open.duration) / TICKS_PER_MS);
  }
}

function isSame(a: EventKey, b: EventKey): boolean {
  return a.rtpTimestamp === b.rtpTimestamp && a.event === b.event && a.ssrc === b.ssrc;
}

function belongs(open: OpenEvent, key: EventKey): boolean {
  return open.keys.some((known) => isSame(known, key));
}

/** A key held for more than 8 s: the next segment begins where the last one was full (§2.5.1.3). */
function isNextSegment(open: OpenEvent, key: EventKey, marker: boolean): boolean {
  if (marker || open.event !== key.event || open.ssrc !== key.ssrc) return false;
  const moved = timestampDistance(open.rtpTimestamp, key.rtpTimestamp);
  return moved === EVENT_DURATION_MAX || (moved === open.duration && open.duration > WRAP_FROM);
}
