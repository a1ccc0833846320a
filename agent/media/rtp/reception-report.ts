import type { ReportBlock } from './rtcp.js';
import type { RtpHeader } from './rtp-packet.js';
import { sequenceDistance } from './serial-number.js';
import { MAX_DROPOUT, MAX_MISORDER } from './source-guard.js';

/** A longer change of transit time is a new clock at the sender, not jitter, ms. */
const JITTER_STEP_MAX_MS = 2_000;
const LOST_MAX = 0x7f_ffff;
const LOST_MIN = -0x80_0000;

/** What is known of one incoming stream, for health reports. Totals span its changes of SSRC. */
export interface ReceptionSummary {
  readonly packetsReceived: number;
  /** Expected less received, never below 0. */
  readonly packetsLost: number;
  readonly packetsDuplicate: number;
  /** Arrived after a later one. */
  readonly packetsReordered: number;
  /** RFC 3550 §A.8. */
  readonly jitterMs: number;
}

/** Counts the packets that the source guard let in: loss (RFC 3550 §A.3), jitter (§A.8). */
export class ReceptionStatistics {
  readonly #ticksPerMs: number;
  /** One bit for each of the last 32 sequence numbers: bit 0 is the highest. */
  #seen = 0;
  #ssrc: number | null = null;
  #baseSequence = 0;
  /** Not reduced to 16 bits: cycles are in it. */
  #highestSequence = 0;
  #received = 0;
  #expectedPrior = 0;
  #receivedPrior = 0;
  #transit: number | null = null;
  #jitter = 0;
  #earlierReceived = 0;
  #earlierLost = 0;
  #duplicates = 0;
  #reordered = 0;

  constructor(clockRateHz = 8_000) {
    this.#ticksPerMs = clockRateHz / 1_000;
  }

  /** SSRC of the source; null before its first packet. */
  get ssrc(): number | null {
    return this.#ssrc;
  }

  /**
   * @param arrivalMs monotonic
   * @param isAudio false for telephone-events: their timestamps stand still, which is no jitter
   */
  note(packet: Readonly<RtpHeader>, arrivalMs: number, isAudio = true): void {
    const step = sequenceDistance(this.#highestSequence & 0xffff, packet.sequenceNumber);
    if (packet.ssrc !== this.#ssrc || step > MAX_DROPOUT || step < -MAX_MISORDER) {
      this.#begin(packet);
    } else if (step > 0) {
      this.#highestSequence += step;
      this.#seen = step < 32 ? (this.#seen << step) | 1 : 1;
    } else {
      this.#noteBehind(-step);
    }
    this.#received++;
    if (isAudio) this.#noteTransit(packet.rtpTimestamp, arrivalMs);
  }

  /** The block for the next report; each call begins a new interval of `fractionLost`. */
  takeReport(lastSr: number, delaySinceLastSr: number): ReportBlock | null {
    if (this.#ssrc === null) return null;
    const expected = this.#expected();
    const expectedNow = expected - this.#expectedPrior;
    const lostNow = expectedNow - (this.#received - this.#receivedPrior);
    this.#expectedPrior = expected;
    this.#receivedPrior = this.#received;
    const fraction = expectedNow > 0 && lostNow > 0 ? Math.floor((lostNow * 256) / expectedNow) : 0;
    return {
      ssrc: this.#ssrc,
      // All of them lost would be 256, which a byte does not hold.
      fractionLost: Math.min(255, fraction),
      cumulativeLost: Math.max(LOST_MIN, Math.min(LOST_MAX, expected - this.#received)),
      extendedHighestSequence: this.#highestSequence >>> 0,
      jitter: Math.floor(this.#jitter) >>> 0,
      lastSr,
      delaySinceLastSr,
    };
  }

  summary(): ReceptionSummary {
    const lost = this.#ssrc === null ? 0 : Math.max(0, this.#expected() - this.#received);
    return {
      packetsReceived: this.#earlierReceived + this.#received,
      packetsLost: this.#earlierLost + lost,
      packetsDuplicate: this.#duplicates,
      packetsReordered: this.#reordered,
      jitterMs: this.#jitter / this.#ticksPerMs,
    };
  }

  #expected(): number {
    return this.#highestSequence - this.#baseSequence + 1;
  }

  #begin(packet: Readonly<RtpHeader>): void {
    if (this.#ssrc !== null) {
      this.#earlierReceived += this.#received;
      this.#earlierLost += Math.max(0, this.#expected() - this.#received);
    }
    this.#ssrc = packet.ssrc;
    this.#baseSequence = packet.sequenceNumber;
    this.#highestSequence = packet.sequenceNumber;
    this.#seen = 1;
    this.#received = 0;
    this.#expectedPrior = 0;
    this.#receivedPrior = 0;
    this.#transit = null;
    this.#jitter = 0;
  }

  #noteBehind(steps: number): void {
    const bit = steps < 32 ? 1 << steps : 0;
    if ((this.#seen & bit) !== 0) {
      this.#duplicates++;
      return;
    }
    this.#seen |= bit;
    this.#reordered++;
  }

  #noteTransit(rtpTimestamp: number, arrivalMs: number): void {
    const transit = (Math.floor(arrivalMs * this.#ticksPerMs) - rtpTimestamp) | 0;
    const before = this.#transit;
    this.#transit = transit;
    if (before === null) return;
    const change = Math.abs((transit - before) | 0);
    if (change > JITTER_STEP_MAX_MS * this.#ticksPerMs) return;
    this.#jitter += (change - this.#jitter) / 16;
  }
}
