import assert from 'node:assert/strict';

import { encodeRtpHeader, RTP_HEADER_BYTES, type RtpHeader, type RtpPacket } from './rtp-packet.js';
import { sequenceDistance, timestampDistance } from './serial-number.js';
import { MAX_DROPOUT, MAX_MISORDER } from './source-guard.js';

/** Comfort noise keeps its static payload type on every leg (RFC 3389 §4). */
const COMFORT_NOISE = 13;
/** A timestamp this far from what both the clock and the sequence say is a jump, ms. */
const TIMESTAMP_JUMP_MS = 1_000;
/** The longest packet time that we believe one step of sequence to be, ms. */
const PACKET_TIME_MAX_MS = 120;
/** Stands for "what we play" where an SSRC stands for a relayed source. */
const OWN = -1;

/** Where a stream begins, or goes on after a restart: what its next packet carries. */
export interface RtpStreamStart {
  readonly ssrc: number;
  readonly sequenceNumber: number;
  readonly rtpTimestamp: number;
  /** 8,000 unless told (G.711, telephone-event). */
  readonly clockRateHz?: number;
  /** 20 unless told. */
  readonly ptimeMs?: number;
}

/** How payload types of the source become those that the receiver's SDP allows. */
export interface RelayPayloadTypes {
  readonly audioOut: number;
  readonly telephoneEventIn: number | null;
  /** null: the receiver has none, its events are left out. */
  readonly telephoneEventOut: number | null;
}

/**
 * The one outgoing stream of a leg: our SSRC, sequence and timestamps, continuous whatever is sent.
 *
 *   relayed packet --rewrite()--\
 *   prompt, mix ------next()------> sequence + 1, timestamp on the same time line, marker after a change
 *   RFC 4733 digit --insert()---/
 *
 * A relayed source keeps its own spacing: what it lost stays a gap, what came late lands in its
 * place, silence keeps its length. Only where the source changes is the stream joined anew, at the
 * timestamp that the clock gives. Allocates nothing.
 */
export class RtpRewriter {
  readonly ssrc: number;
  readonly #ticksPerMs: number;
  readonly #ptimeMs: number;
  readonly #header: RtpHeader;
  #types: RelayPayloadTypes = { audioOut: 0, telephoneEventIn: null, telephoneEventOut: null };
  #nextSequence: number;
  #highestTimestamp: number;
  #highestAtMs: number | null = null;
  #source: number | null = null;
  #sequenceOffset = 0;
  #timestampOffset = 0;
  #highestIn = 0;
  /** Steps from the first packet since the last join to `highestIn`; nothing before it may be mapped. */
  #sinceJoin = 0;
  #referenceTimestamp = 0;
  #referenceMs = 0;
  #rejoinSequence = false;
  #markNext = true;
  #ownSequence = 0;
  #staleCount = 0;
  #joinCount = 0;

  constructor(start: RtpStreamStart) {
    this.ssrc = start.ssrc;
    this.#ticksPerMs = (start.clockRateHz ?? 8_000) / 1_000;
    this.#ptimeMs = start.ptimeMs ?? 20;
    this.#nextSequence = start.sequenceNumber & 0xffff;
    this.#highestTimestamp = start.rtpTimestamp >>> 0;
    this.#header = {
      marker: false,
      payloadType: 0,
      sequenceNumber: 0,
      rtpTimestamp: 0,
      ssrc: start.ssrc,
    };
  }

  /** Packets left out because they belong before a change of source. */
  get staleCount(): number {
    return this.#staleCount;
  }

  /** How often the stream was joined to another source or to a jump of the same. */
  get joinCount(): number {
    return this.#joinCount;
  }

  /** What a restarted program starts from; take `rtpTimestamp` on by the time that has passed. */
  snapshot(nowMs: number): RtpStreamStart {
    return {
      ssrc: this.ssrc,
      sequenceNumber: this.#nextSequence,
      rtpTimestamp: this.timestampAt(nowMs),
      clockRateHz: this.#ticksPerMs * 1_000,
      ptimeMs: this.#ptimeMs,
    };
  }

  /** The next packet, from whichever source, begins a new talkspurt: joined anew, marked. */
  switchSource(types?: RelayPayloadTypes): void {
    if (types !== undefined) this.#types = types;
    this.#source = null;
  }

  /** The timestamp that a packet made at `nowMs` carries: whole packet times after the last. */
  timestampAt(nowMs: number): number {
    if (this.#highestAtMs === null) return this.#highestTimestamp;
    const packets = Math.max(1, Math.round((nowMs - this.#highestAtMs) / this.#ptimeMs));
    return (this.#highestTimestamp + packets * this.#ptimeMs * this.#ticksPerMs) >>> 0;
  }

  /**
   * Puts a relayed packet into `out` as a packet of ours: 12 bytes of header, then the payload;
   * CSRCs, extension and padding stay behind. `out` may be the packet's own datagram.
   * @returns its length in bytes; 0 when it must not be sent
   * @throws {AssertionError} when `out` is too short (a bug of the caller)
   */
  rewrite(packet: RtpPacket, nowMs: number, out: Uint8Array): number {
    const isEvent = packet.payloadType === this.#types.telephoneEventIn;
    const payloadType = this.#payloadTypeFor(packet.payloadType, isEvent);
    if (payloadType === null) {
      // Left out on purpose: it must not look like loss to the receiver.
      this.#rejoinSequence = true;
      return 0;
    }
    if (!this.#map(packet.ssrc, packet, isEvent, nowMs)) {
      this.#staleCount++;
      return 0;
    }
    const length = packet.payloadEnd - packet.payloadStart;
    assert.ok(out.length >= RTP_HEADER_BYTES + length, 'the packet does not fit');
    // Forward and never ahead of its source, so that it also works in place.
    for (let i = 0; i < length; i++) {
      out[RTP_HEADER_BYTES + i] = packet.datagram[packet.payloadStart + i]!;
    }
    const header = this.#header;
    this.#finish(packet.sequenceNumber, packet.rtpTimestamp, header);
    // Some peers count their digits on a time of their own: it must not become the stream's.
    if (!isEvent || this.#highestAtMs === null) this.#noteTimestamp(header.rtpTimestamp, nowMs);
    header.marker ||= packet.marker;
    header.payloadType = payloadType;
    encodeRtpHeader(header, out);
    return RTP_HEADER_BYTES + length;
  }

  /**
   * Numbers the next packet of what we play or mix; writes all of `header` but `payloadType`.
   * @param mediaTick position on the player's own time line, ticks: a skipped frame is a step of two
   */
  next(mediaTick: number, nowMs: number, header: RtpHeader): void {
    this.#ownSequence = (this.#ownSequence + 1) & 0xffff;
    const own = this.#header;
    own.sequenceNumber = this.#ownSequence;
    own.rtpTimestamp = mediaTick >>> 0;
    this.#map(OWN, own, false, nowMs);
    this.#finish(this.#ownSequence, own.rtpTimestamp, header);
    this.#noteTimestamp(header.rtpTimestamp, nowMs);
  }

  /**
   * Numbers a packet that goes between the others, such as each one of a digit; whatever follows
   * goes on after it, on its own timestamps. Writes `sequenceNumber`, `rtpTimestamp` and `ssrc`.
   * @param rtpTimestamp one of ours, from `timestampAt`; the same for all packets of one digit
   */
  insert(rtpTimestamp: number, nowMs: number, header: RtpHeader): void {
    header.ssrc = this.ssrc;
    header.sequenceNumber = this.#nextSequence;
    header.rtpTimestamp = rtpTimestamp >>> 0;
    this.#nextSequence = (this.#nextSequence + 1) & 0xffff;
    this.#noteTimestamp(header.rtpTimestamp, nowMs);
    this.#rejoinSequence = true;
  }

  #payloadTypeFor(payloadType: number, isEvent: boolean): number | null {
    if (isEvent) return this.#types.telephoneEventOut;
    return payloadType === COMFORT_NOISE ? COMFORT_NOISE : this.#types.audioOut;
  }

  /** Sets the offsets for this packet. @returns false when its place was taken by an earlier source */
  #map(source: number, packet: Readonly<RtpHeader>, isEvent: boolean, nowMs: number): boolean {
    const step = sequenceDistance(this.#highestIn, packet.sequenceNumber);
    const isRestart = step > MAX_DROPOUT || step < -MAX_MISORDER;
    const jumps = step > 0 && !isEvent && this.#hasJumped(packet.rtpTimestamp, step, nowMs);
    if (source !== this.#source || isRestart || jumps) {
      this.#source = source;
      this.#join(packet, nowMs);
      return true;
    }
    if (this.#rejoinSequence) {
      if (step <= 0) return false;
      this.#joinSequence(packet.sequenceNumber);
    } else if (this.#sinceJoin + step < 0) {
      return false;
    } else if (step > 0) {
      this.#highestIn = packet.sequenceNumber;
      this.#sinceJoin += step;
    }
    // Events stay at their beginning for seconds: they say nothing about how time passes.
    if (!isEvent && timestampDistance(this.#referenceTimestamp, packet.rtpTimestamp) > 0) {
      this.#referenceTimestamp = packet.rtpTimestamp;
      this.#referenceMs = nowMs;
    }
    return true;
  }

  #join(packet: Readonly<RtpHeader>, nowMs: number): void {
    this.#joinSequence(packet.sequenceNumber);
    this.#timestampOffset = (this.timestampAt(nowMs) - packet.rtpTimestamp) >>> 0;
    this.#referenceTimestamp = packet.rtpTimestamp;
    this.#referenceMs = nowMs;
    this.#markNext = true;
    this.#joinCount++;
  }

  #joinSequence(sequenceNumber: number): void {
    this.#sequenceOffset = (this.#nextSequence - sequenceNumber) & 0xffff;
    this.#highestIn = sequenceNumber;
    this.#sinceJoin = 0;
    this.#rejoinSequence = false;
  }

  /** A stalled network keeps to the sequence, a silent source to the clock; a jump keeps to neither. */
  #hasJumped(rtpTimestamp: number, step: number, nowMs: number): boolean {
    const moved = timestampDistance(this.#referenceTimestamp, rtpTimestamp);
    if (moved >= 0 && moved <= step * PACKET_TIME_MAX_MS * this.#ticksPerMs) return false;
    const passed = (nowMs - this.#referenceMs) * this.#ticksPerMs;
    return Math.abs(moved - passed) > TIMESTAMP_JUMP_MS * this.#ticksPerMs;
  }

  #finish(sequenceNumber: number, rtpTimestamp: number, header: RtpHeader): void {
    header.ssrc = this.ssrc;
    header.marker = this.#markNext;
    header.sequenceNumber = (sequenceNumber + this.#sequenceOffset) & 0xffff;
    header.rtpTimestamp = (rtpTimestamp + this.#timestampOffset) >>> 0;
    this.#markNext = false;
    if (sequenceDistance(this.#nextSequence, header.sequenceNumber) >= 0) {
      this.#nextSequence = (header.sequenceNumber + 1) & 0xffff;
    }
  }

  #noteTimestamp(rtpTimestamp: number, nowMs: number): void {
    const isAhead = timestampDistance(this.#highestTimestamp, rtpTimestamp) > 0;
    if (this.#highestAtMs !== null && !isAhead) return;
    this.#highestTimestamp = rtpTimestamp;
    this.#highestAtMs = nowMs;
  }
}
