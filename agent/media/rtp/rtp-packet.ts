import assert from 'node:assert/strict';

/** The fixed header without CSRCs or extension, bytes (RFC 3550 §5.1). */
export const RTP_HEADER_BYTES = 12;

/** What a packet that we send says about itself. Mutable: one object serves a whole stream. */
export interface RtpHeader {
  marker: boolean;
  /** 0…127. */
  payloadType: number;
  /** uint16, wraps. */
  sequenceNumber: number;
  /** uint32, wraps. */
  rtpTimestamp: number;
  /** uint32. */
  ssrc: number;
}

/**
 * A received packet: the header's fields, and where in `datagram` the payload stands. Mutable and
 * meant to be reused, so that a packet costs no allocation; it borrows `datagram`.
 */
export interface RtpPacket extends RtpHeader {
  datagram: Uint8Array;
  /** Offset of the first payload byte: after CSRCs and header extension. */
  payloadStart: number;
  /** Offset after the last payload byte: before padding. Equal to `payloadStart` when there is none. */
  payloadEnd: number;
}

/** Why a datagram is not an RTP packet; a stable name, for counting. */
export type RtpFault = 'tooShort' | 'version' | 'rtcp' | 'extension' | 'padding';

/** @returns an empty packet for `decodeRtpPacket` to fill again and again */
export function createRtpPacket(): RtpPacket {
  return {
    marker: false,
    payloadType: 0,
    sequenceNumber: 0,
    rtpTimestamp: 0,
    ssrc: 0,
    datagram: new Uint8Array(0),
    payloadStart: 0,
    payloadEnd: 0,
  };
}

/**
 * Decodes one datagram without copying or allocating.
 * @param datagram whatever a peer sent; read only
 * @param out written only when the answer is `ok`; borrows `datagram`
 * @see RFC 3550 §5.1, §5.3.1; RFC 5761 §4 for what is RTCP on an RTP port
 */
export function decodeRtpPacket(datagram: Uint8Array, out: RtpPacket): 'ok' | RtpFault {
  const length = datagram.length;
  if (length < RTP_HEADER_BYTES) return 'tooShort';
  const first = datagram[0]!;
  const second = datagram[1]!;
  if (first >>> 6 !== 2) return 'version';
  if (second >= 192 && second <= 223) return 'rtcp';
  let start = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (start + 4 > length) return 'extension';
    start += 4 + 4 * ((datagram[start + 2]! << 8) | datagram[start + 3]!);
    if (start > length) return 'extension';
  }
  if (start > length) return 'tooShort';
  let end = length;
  if ((first & 0x20) !== 0) {
    const padding = datagram[length - 1]!;
    if (padding === 0 || padding > length - start) return 'padding';
    end -= padding;
  }
  out.marker = (second & 0x80) !== 0;
  out.payloadType = second & 0x7f;
  out.sequenceNumber = (datagram[2]! << 8) | datagram[3]!;
  out.rtpTimestamp = readUint32(datagram, 4);
  out.ssrc = readUint32(datagram, 8);
  out.datagram = datagram;
  out.payloadStart = start;
  out.payloadEnd = end;
  return 'ok';
}

/** @returns a view of the payload, borrowed from the datagram. Allocates the view: not for the relay path. */
export function payloadOf(packet: RtpPacket): Uint8Array {
  return packet.datagram.subarray(packet.payloadStart, packet.payloadEnd);
}

/**
 * Writes the fixed header into the first 12 bytes of `out`.
 * @throws {AssertionError} when `out` is shorter (a bug of the caller)
 */
export function encodeRtpHeader(header: RtpHeader, out: Uint8Array): void {
  assert.ok(out.length >= RTP_HEADER_BYTES, 'an RTP header needs 12 bytes');
  out[0] = 0x80;
  out[1] = (header.marker ? 0x80 : 0) | (header.payloadType & 0x7f);
  out[2] = header.sequenceNumber >>> 8;
  out[3] = header.sequenceNumber;
  writeUint32(out, 4, header.rtpTimestamp);
  writeUint32(out, 8, header.ssrc);
}

/**
 * Writes a whole packet: header, then payload.
 * @returns its length, bytes
 * @throws {AssertionError} when `out` is too short (a bug of the caller)
 */
export function encodeRtpPacket(header: RtpHeader, payload: Uint8Array, out: Uint8Array): number {
  assert.ok(out.length >= RTP_HEADER_BYTES + payload.length, 'the packet does not fit');
  encodeRtpHeader(header, out);
  out.set(payload, RTP_HEADER_BYTES);
  return RTP_HEADER_BYTES + payload.length;
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
