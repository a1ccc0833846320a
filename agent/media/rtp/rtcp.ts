/** What one receiver says about one source (RFC 3550 §6.4.1). */
export interface ReportBlock {
  readonly ssrc: number;
  /** 0…255: 256ths lost since the report before. */
  readonly fractionLost: number;
  /** −2^23…2^23−1: duplicates can make it negative. */
  readonly cumulativeLost: number;
  /** Cycles in the high 16 bits. */
  readonly extendedHighestSequence: number;
  /** RTP ticks. */
  readonly jitter: number;
  /** Middle 32 bits of the NTP time of the last SR from this source; 0 when none came. */
  readonly lastSr: number;
  /** 1/65,536 s since that SR; 0 when none came. */
  readonly delaySinceLastSr: number;
}

/** RFC 3550 §6.4.1. */
export interface SenderReport {
  readonly kind: 'senderReport';
  readonly ssrc: number;
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
  readonly rtpTimestamp: number;
  readonly packetCount: number;
  readonly octetCount: number;
  readonly reports: readonly ReportBlock[];
}

/** RFC 3550 §6.4.2. */
export interface ReceiverReport {
  readonly kind: 'receiverReport';
  readonly ssrc: number;
  readonly reports: readonly ReportBlock[];
}

/** RFC 3550 §6.6. */
export interface Bye {
  readonly kind: 'bye';
  readonly ssrcs: readonly number[];
}

/** Of the source description only the name that every compound packet must carry (RFC 3550 §6.5.1). */
export interface CanonicalName {
  readonly kind: 'canonicalName';
  readonly ssrc: number;
  /** ASCII; cut at 255 bytes. */
  readonly name: string;
}

/** What we read. SDES, APP, feedback and XR of others are skipped: nothing here acts on them. */
export type HeardRtcp = SenderReport | ReceiverReport | Bye;
/** What we write. */
export type SentRtcp = HeardRtcp | CanonicalName;

/** Why a datagram is not RTCP; a stable name, for counting. */
export type RtcpFault = 'tooShort' | 'version' | 'packetType' | 'length' | 'padding' | 'content';

/** Packets read from one compound; a peer needs three. */
export const RTCP_PACKETS_MAX = 32;

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const BYE = 203;
/** The last packet type that RTCP uses (RFC 5761 §4 reserves 192…223; XR is 207). */
const PACKET_TYPE_MAX = 223;
const REPORT_BYTES = 24;
const CNAME = 1;

/**
 * Reads a compound packet. One that begins with no report is taken too (RFC 5506): telephones send such.
 * @param datagram whatever a peer sent; never throws
 * @returns what of it matters to us, or why all of it was refused
 * @see RFC 3550 §A.2
 */
export function decodeRtcp(datagram: Uint8Array): readonly HeardRtcp[] | RtcpFault {
  if (datagram.length < 4) return 'tooShort';
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const heard: HeardRtcp[] = [];
  let at = 0;
  for (let count = 0; at < view.byteLength; count++) {
    if (count === RTCP_PACKETS_MAX) return 'length';
    if (view.byteLength - at < 4) return 'length';
    const first = view.getUint8(at);
    const packetType = view.getUint8(at + 1);
    const end = at + 4 * (view.getUint16(at + 2) + 1);
    if (first >>> 6 !== 2) return 'version';
    if (packetType < SENDER_REPORT || packetType > PACKET_TYPE_MAX) return 'packetType';
    if (end > view.byteLength) return 'length';
    const bodyEnd = (first & 0x20) === 0 ? end : unpaddedEnd(view, at, end);
    if (bodyEnd === null) return 'padding';
    const body = new DataView(view.buffer, view.byteOffset + at + 4, bodyEnd - at - 4);
    const packet = decodeBody(packetType, first & 0x1f, body);
    if (packet === 'content') return 'content';
    if (packet !== null) heard.push(packet);
    at = end;
  }
  return heard;
}

/** Only the last packet of a compound may be padded (RFC 3550 §6.4.1). */
function unpaddedEnd(view: DataView, at: number, end: number): number | null {
  if (end !== view.byteLength) return null;
  const padding = view.getUint8(end - 1);
  if (padding === 0 || padding % 4 !== 0 || padding > end - at - 4) return null;
  return end - padding;
}

function decodeBody(
  packetType: number,
  count: number,
  body: DataView,
): HeardRtcp | 'content' | null {
  if (packetType === SENDER_REPORT) return decodeSenderReport(count, body);
  if (packetType === RECEIVER_REPORT) {
    const reports = body.byteLength < 4 ? null : decodeReports(count, body, 4);
    return reports === null
      ? 'content'
      : { kind: 'receiverReport', ssrc: body.getUint32(0), reports };
  }
  if (packetType !== BYE) return null;
  if (body.byteLength < 4 * count) return 'content';
  return { kind: 'bye', ssrcs: Array.from({ length: count }, (_, i) => body.getUint32(4 * i)) };
}

function decodeSenderReport(count: number, body: DataView): SenderReport | 'content' {
  const reports = body.byteLength < 24 ? null : decodeReports(count, body, 24);
  if (reports === null) return 'content';
  return {
    kind: 'senderReport',
    ssrc: body.getUint32(0),
    ntpSeconds: body.getUint32(4),
    ntpFraction: body.getUint32(8),
    rtpTimestamp: body.getUint32(12),
    packetCount: body.getUint32(16),
    octetCount: body.getUint32(20),
    reports,
  };
}

function decodeReports(
  count: number,
  body: DataView,
  start: number,
): readonly ReportBlock[] | null {
  if (body.byteLength < start + count * REPORT_BYTES) return null;
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * REPORT_BYTES;
    return {
      ssrc: body.getUint32(at),
      fractionLost: body.getUint8(at + 4),
      cumulativeLost: (body.getInt32(at + 4) << 8) >> 8,
      extendedHighestSequence: body.getUint32(at + 8),
      jitter: body.getUint32(at + 12),
      lastSr: body.getUint32(at + 16),
      delaySinceLastSr: body.getUint32(at + 20),
    };
  });
}

/** @returns one compound datagram of `packets` in their order (RFC 3550 §6.1) */
export function encodeRtcp(packets: readonly SentRtcp[]): Uint8Array {
  const parts = packets.map(encodePacket);
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function encodePacket(packet: SentRtcp): Uint8Array {
  switch (packet.kind) {
    case 'senderReport': {
      const view = beginPacket(SENDER_REPORT, packet.reports.length, 24 + reportsBytes(packet));
      view.setUint32(4, packet.ssrc);
      view.setUint32(8, packet.ntpSeconds);
      view.setUint32(12, packet.ntpFraction);
      view.setUint32(16, packet.rtpTimestamp);
      view.setUint32(20, packet.packetCount);
      view.setUint32(24, packet.octetCount);
      return encodeReports(packet.reports, view, 28);
    }
    case 'receiverReport': {
      const view = beginPacket(RECEIVER_REPORT, packet.reports.length, 4 + reportsBytes(packet));
      view.setUint32(4, packet.ssrc);
      return encodeReports(packet.reports, view, 8);
    }
    case 'bye': {
      const view = beginPacket(BYE, packet.ssrcs.length, 4 * packet.ssrcs.length);
      packet.ssrcs.forEach((ssrc, i) => view.setUint32(4 + 4 * i, ssrc));
      return bytesOf(view);
    }
    case 'canonicalName':
      return encodeCanonicalName(packet);
  }
}

function encodeCanonicalName(packet: CanonicalName): Uint8Array {
  const name = Buffer.from(packet.name, 'latin1').subarray(0, 255);
  // At least one zero byte ends the chunk, then zeros up to the word (§6.5).
  const chunkBytes = 4 * Math.ceil((4 + 2 + name.length + 1) / 4);
  const view = beginPacket(SOURCE_DESCRIPTION, 1, chunkBytes);
  view.setUint32(4, packet.ssrc);
  view.setUint8(8, CNAME);
  view.setUint8(9, name.length);
  const out = bytesOf(view);
  out.set(name, 10);
  return out;
}

const reportsBytes = (packet: { readonly reports: readonly ReportBlock[] }): number =>
  packet.reports.length * REPORT_BYTES;

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer);

function beginPacket(packetType: number, count: number, bodyBytes: number): DataView {
  if (count > 31) throw new RangeError('an RTCP packet counts to 31');
  const view = new DataView(new ArrayBuffer(4 + bodyBytes));
  view.setUint8(0, 0x80 | count);
  view.setUint8(1, packetType);
  view.setUint16(2, bodyBytes / 4);
  return view;
}

function encodeReports(reports: readonly ReportBlock[], view: DataView, start: number): Uint8Array {
  let at = start;
  for (const report of reports) {
    view.setUint32(at, report.ssrc);
    view.setInt32(at + 4, report.cumulativeLost & 0xff_ffff);
    view.setUint8(at + 4, report.fractionLost);
    view.setUint32(at + 8, report.extendedHighestSequence);
    view.setUint32(at + 12, report.jitter);
    view.setUint32(at + 16, report.lastSr);
    view.setUint32(at + 20, report.delaySinceLastSr);
    at += REPORT_BYTES;
  }
  return bytesOf(view);
}
