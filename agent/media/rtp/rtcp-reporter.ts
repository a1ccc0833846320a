import type { MediaClock, MediaTimer } from './media-clock.js';
import type { ReceptionStatistics } from './reception-report.js';
import {
  decodeRtcp,
  encodeRtcp,
  type HeardRtcp,
  type ReportBlock,
  type RtcpFault,
  type SenderReport,
  type SentRtcp,
} from './rtcp.js';

/** Mean time between our reports, ms; each wait is 0.5…1.5 of it (RFC 3550 §6.2, §6.3.1). */
export const REPORT_INTERVAL_MS = 5_000;
/** A longer round trip is a peer's wrong arithmetic, ms. */
const ROUND_TRIP_MAX_MS = 10_000;
const UNITS_PER_MS = 65.536;

export interface RtcpReporterOptions {
  readonly clock: MediaClock;
  /** Ours. */
  readonly ssrc: number;
  /** RFC 3550 §6.5.1: the same for the whole life of the leg; names no person. */
  readonly canonicalName: string;
  readonly reception: ReceptionStatistics;
  /** 0 ≤ x < 1, for the spread of the interval. */
  readonly random: () => number;
  readonly send: (datagram: Uint8Array) => void;
  /** 8,000 unless told. */
  readonly clockRateHz?: number;
}

/**
 * The RTCP of one leg. Its NTP times count from the zero of the monotonic clock, as RFC 3550 §6.4.1
 * allows, so that a jump of the wall clock never spoils a round trip.
 */
export class RtcpReporter {
  readonly #options: RtcpReporterOptions;
  readonly #ticksPerMs: number;
  #timer: MediaTimer | null = null;
  #packetsSent = 0;
  #octetsSent = 0;
  #packetsReported = 0;
  #lastSentTimestamp = 0;
  #lastSentMs = 0;
  #heardSr: { readonly ssrc: number; readonly middle: number; readonly atMs: number } | null = null;
  #roundTripMs: number | null = null;
  #peerReport: ReportBlock | null = null;
  #byeHeard = false;
  #faultCount = 0;

  constructor(options: RtcpReporterOptions) {
    this.#options = options;
    this.#ticksPerMs = (options.clockRateHz ?? 8_000) / 1_000;
  }

  /** By LSR and DLSR of the other side; null while unknown (RFC 3550 §6.4.1). */
  get roundTripMs(): number | null {
    return this.#roundTripMs;
  }

  /** What the other side last said of our stream; null while it said nothing. */
  get peerReport(): ReportBlock | null {
    return this.#peerReport;
  }

  /** RTCP's BYE ends nothing: calls end by SIP. */
  get isByeHeard(): boolean {
    return this.#byeHeard;
  }

  /** Datagrams that were no RTCP. */
  get faultCount(): number {
    return this.#faultCount;
  }

  get packetsSent(): number {
    return this.#packetsSent;
  }

  /** Does nothing while running. */
  start(): void {
    if (this.#timer === null) this.#arm();
  }

  /** Says BYE and ends (RFC 3550 §6.3.7). */
  stop(): void {
    if (this.#timer === null) return;
    this.#timer.cancel();
    this.#timer = null;
    this.#options.send(this.#encodeReport([{ kind: 'bye', ssrcs: [this.#options.ssrc] }]));
  }

  /** Counts one RTP packet of ours. */
  noteSent(payloadBytes: number, rtpTimestamp: number): void {
    this.#packetsSent++;
    this.#octetsSent += payloadBytes;
    this.#lastSentTimestamp = rtpTimestamp;
    this.#lastSentMs = this.#options.clock.monotonicMs();
  }

  /** Takes one datagram from the other side's RTCP port; never throws. */
  receive(datagram: Uint8Array, arrivalMs: number): 'ok' | RtcpFault {
    const packets = decodeRtcp(datagram);
    if (typeof packets === 'string') {
      this.#faultCount++;
      return packets;
    }
    for (const packet of packets) this.#hear(packet, arrivalMs);
    return 'ok';
  }

  #hear(packet: HeardRtcp, arrivalMs: number): void {
    if (packet.kind === 'bye') {
      this.#byeHeard = true;
      return;
    }
    if (packet.kind === 'senderReport') {
      const middle = ((packet.ntpSeconds << 16) | (packet.ntpFraction >>> 16)) >>> 0;
      this.#heardSr = { ssrc: packet.ssrc, middle, atMs: arrivalMs };
    }
    for (const report of packet.reports) {
      if (report.ssrc === this.#options.ssrc) this.#hearReport(report, arrivalMs);
    }
  }

  #hearReport(report: ReportBlock, arrivalMs: number): void {
    this.#peerReport = report;
    if (report.lastSr === 0) return;
    const now = middleOf(arrivalMs);
    const units = (now - report.lastSr - report.delaySinceLastSr) | 0;
    // Slightly below zero is rounding on the other side; far off is no measurement.
    const roundTripMs = Math.max(0, units / UNITS_PER_MS);
    if (units > -UNITS_PER_MS * 10 && roundTripMs <= ROUND_TRIP_MAX_MS) {
      this.#roundTripMs = roundTripMs;
    }
  }

  #arm(): void {
    const delayMs = REPORT_INTERVAL_MS * (0.5 + this.#options.random());
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#options.send(this.#encodeReport([]));
      this.#arm();
    });
  }

  #encodeReport(more: readonly SentRtcp[]): Uint8Array {
    const { ssrc, canonicalName: name } = this.#options;
    const nowMs = this.#options.clock.monotonicMs();
    const reports = this.#takeReports(nowMs);
    const isSender = this.#packetsSent !== this.#packetsReported;
    this.#packetsReported = this.#packetsSent;
    const report: SentRtcp = isSender
      ? this.#senderReport(nowMs, reports)
      : { kind: 'receiverReport', ssrc, reports };
    return encodeRtcp([report, { kind: 'canonicalName', ssrc, name }, ...more]);
  }

  #takeReports(nowMs: number): readonly ReportBlock[] {
    const { reception } = this.#options;
    const heard = this.#heardSr;
    const isOfSource = heard !== null && heard.ssrc === reception.ssrc;
    const block = isOfSource
      ? reception.takeReport(heard.middle, Math.round((nowMs - heard.atMs) * UNITS_PER_MS) >>> 0)
      : reception.takeReport(0, 0);
    return block === null ? [] : [block];
  }

  #senderReport(nowMs: number, reports: readonly ReportBlock[]): SenderReport {
    const ticks = Math.round((nowMs - this.#lastSentMs) * this.#ticksPerMs);
    return {
      kind: 'senderReport',
      ssrc: this.#options.ssrc,
      ntpSeconds: Math.floor(nowMs / 1_000) >>> 0,
      ntpFraction: Math.floor((nowMs % 1_000) * (2 ** 32 / 1_000)) >>> 0,
      // The timestamp of this very moment, not of the last packet (§6.4.1).
      rtpTimestamp: (this.#lastSentTimestamp + ticks) >>> 0,
      packetCount: this.#packetsSent >>> 0,
      octetCount: this.#octetsSent >>> 0,
      reports,
    };
  }
}

/** The middle 32 bits of an NTP time: 1/65,536 s, wraps after 18 hours. */
function middleOf(monotonicMs: number): number {
  return Math.floor(monotonicMs * UNITS_PER_MS) >>> 0;
}
