import { strict as assert } from 'node:assert';
import { crc32 } from 'node:zlib';

/**
 * Segment files, version 1: see docs/segment-format.md, where the layout is drawn. Big-endian, like RTP itself.
 * A segment is one header and then blocks; each of them bears its own CRC-32, so that a torn tail shows.
 */
export const SEGMENT_MAGIC = 'TTBKSEG\n';
export const SEGMENT_VERSION = 1;
/** Begins each block, so that a reader finds the next one behind a broken one. */
export const BLOCK_MARKER = 0x54_42_4c_4b;
/** Bytes of a block before its body. */
export const BLOCK_HEADER_BYTES = 60;
/** A second of G.711 with 10 ms packets is 10 200 bytes; a flood is spread over several blocks. */
export const BLOCK_BODY_BYTES_MAX = 65_536;
/** Bytes of a packet in a block before its payload. */
export const PACKET_HEADER_BYTES = 22;

const HEADER_FIXED_BYTES = 68;
const CRC_BYTES = 4;
const TEXT_BYTES_MAX = 255;

/** Whose voice comes in on the leg. */
export type RecordedSpeaker = 'caller' | 'staff';
export type RecordedCodec = 'PCMU' | 'PCMA';

/** One RTP packet as it came. */
export interface RecordedPacket {
  /** Unix ms with fractions, of a clock that never runs backwards and is the same for all legs of a call. */
  readonly arrivalMs: number;
  readonly sequenceNumber: number;
  readonly rtpTimestamp: number;
  readonly payloadType: number;
  readonly marker: boolean;
  readonly ssrc: number;
  readonly payload: Uint8Array;
}

/** A time of which a leg's packets are missing on the disk through our own doing, not the network's. */
export interface RecordingGap {
  readonly fromWallMs: number;
  readonly toWallMs: number;
  readonly why: GapReason;
  readonly packets: number;
}

/** `disk-full` and its like: storage refused; `held-too-long`: nobody had answered within what memory holds. */
export type GapReason = 'disk-full' | 'disk-failed' | 'held-too-long';

/** What every segment begins with. */
export interface SegmentHeader {
  readonly callId: string;
  readonly legId: string;
  readonly speaker: RecordedSpeaker;
  readonly codec: RecordedCodec;
  readonly clockRateHz: number;
  /** 1 for the first segment of a track. */
  readonly segmentNumber: number;
  /** Unix ms. */
  readonly createdAtWallMs: number;
}

export type BlockContent =
  | { readonly kind: 'packets'; readonly packets: readonly RecordedPacket[] }
  | { readonly kind: 'gap'; readonly gap: RecordingGap }
  /** The track is complete; `cut`: the agent did not live to end it, recovery did. */
  | { readonly kind: 'end'; readonly cut: boolean; readonly lastWallMs: number };

const KIND_CODE = { packets: 1, gap: 2, end: 3 } as const;
const CODEC_CODE = { PCMU: 0, PCMA: 8 } as const;
const SPEAKER_CODE = { caller: 0, staff: 1 } as const;
const GAP_CODE = { 'disk-full': 1, 'disk-failed': 2, 'held-too-long': 3 } as const;
const END_BODY_BYTES = 9;
const GAP_BODY_BYTES = 21;

/** The checksum of what stands before it. */
function seal(bytes: Buffer, body: Uint8Array = new Uint8Array()): void {
  const crcAt = bytes.length - CRC_BYTES;
  bytes.writeUInt32BE(crc32(body, crc32(bytes.subarray(0, crcAt))), crcAt);
}

/** @param header `callId` and `legId` of 255 UTF-8 bytes at most, a bug otherwise */
export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const callId = Buffer.from(header.callId, 'utf8');
  const legId = Buffer.from(header.legId, 'utf8');
  assert(callId.length <= TEXT_BYTES_MAX && legId.length <= TEXT_BYTES_MAX);
  const length = HEADER_FIXED_BYTES + callId.length + legId.length + CRC_BYTES;
  const bytes = Buffer.alloc(length);
  bytes.write(SEGMENT_MAGIC, 0, 'latin1');
  bytes.writeUInt16BE(SEGMENT_VERSION, 8);
  bytes.writeUInt16BE(length, 10);
  bytes.writeUInt8(SPEAKER_CODE[header.speaker], 12);
  bytes.writeUInt8(CODEC_CODE[header.codec], 13);
  bytes.writeUInt32BE(header.clockRateHz, 16);
  bytes.writeUInt32BE(header.segmentNumber, 20);
  bytes.writeDoubleBE(header.createdAtWallMs, 24);
  // 32…63: the place of the previous segment's hash; zero while there is no chain.
  bytes.writeUInt16BE(callId.length, 64);
  bytes.writeUInt16BE(legId.length, 66);
  callId.copy(bytes, HEADER_FIXED_BYTES);
  legId.copy(bytes, HEADER_FIXED_BYTES + callId.length);
  seal(bytes);
  return bytes;
}

/** @returns the header and its length; a text says what is wrong with it */
export function decodeSegmentHeader(
  bytes: Buffer,
): { readonly header: SegmentHeader; readonly length: number } | string {
  if (bytes.length < HEADER_FIXED_BYTES + CRC_BYTES) return 'shorter than a header';
  if (bytes.toString('latin1', 0, 8) !== SEGMENT_MAGIC) return 'no segment file';
  if (bytes.readUInt16BE(8) !== SEGMENT_VERSION) return `version ${bytes.readUInt16BE(8)}`;
  const length = bytes.readUInt16BE(10);
  const callIdLength = bytes.readUInt16BE(64);
  const legIdLength = bytes.readUInt16BE(66);
  if (length !== HEADER_FIXED_BYTES + callIdLength + legIdLength + CRC_BYTES) return 'wrong length';
  if (bytes.length < length) return 'shorter than its header';
  const crcAt = length - CRC_BYTES;
  if (crc32(bytes.subarray(0, crcAt)) !== bytes.readUInt32BE(crcAt)) return 'wrong checksum';
  const legIdAt = HEADER_FIXED_BYTES + callIdLength;
  const header = {
    callId: bytes.toString('utf8', HEADER_FIXED_BYTES, legIdAt),
    legId: bytes.toString('utf8', legIdAt, legIdAt + legIdLength),
    speaker: bytes.readUInt8(12) === SPEAKER_CODE.caller ? ('caller' as const) : ('staff' as const),
    codec: bytes.readUInt8(13) === CODEC_CODE.PCMA ? ('PCMA' as const) : ('PCMU' as const),
    clockRateHz: bytes.readUInt32BE(16),
    segmentNumber: bytes.readUInt32BE(20),
    createdAtWallMs: bytes.readDoubleBE(24),
  };
  return { header, length };
}

/** @returns the bytes that `packet` takes in a block */
export const packetBytes = (packet: RecordedPacket): number =>
  PACKET_HEADER_BYTES + packet.payload.length;

function encodePackets(packets: readonly RecordedPacket[]): Buffer {
  const body = Buffer.alloc(packets.reduce((sum, packet) => sum + packetBytes(packet), 0));
  let at = 0;
  for (const packet of packets) {
    body.writeUInt8((packet.marker ? 0x80 : 0) | packet.payloadType, at);
    body.writeUInt16BE(packet.sequenceNumber, at + 2);
    body.writeUInt32BE(packet.rtpTimestamp, at + 4);
    body.writeUInt32BE(packet.ssrc, at + 8);
    body.writeDoubleBE(packet.arrivalMs, at + 12);
    body.writeUInt16BE(packet.payload.length, at + 20);
    body.set(packet.payload, at + PACKET_HEADER_BYTES);
    at += packetBytes(packet);
  }
  return body;
}

function encodeBody(content: BlockContent): Buffer {
  if (content.kind === 'packets') return encodePackets(content.packets);
  if (content.kind === 'gap') {
    const body = Buffer.alloc(GAP_BODY_BYTES);
    body.writeUInt8(GAP_CODE[content.gap.why], 0);
    body.writeDoubleBE(content.gap.fromWallMs, 1);
    body.writeDoubleBE(content.gap.toWallMs, 9);
    body.writeUInt32BE(content.gap.packets, 17);
    return body;
  }
  const body = Buffer.alloc(END_BODY_BYTES);
  body.writeUInt8(content.cut ? 1 : 0, 0);
  body.writeDoubleBE(content.lastWallMs, 1);
  return body;
}

/**
 * @param content at most BLOCK_BODY_BYTES_MAX bytes of packets, a bug otherwise
 * @param blockNumber counts the blocks of the segment from 0
 */
export function encodeBlock(content: BlockContent, blockNumber: number, wallMs: number): Buffer {
  const body = encodeBody(content);
  assert(body.length <= BLOCK_BODY_BYTES_MAX);
  const header = Buffer.alloc(BLOCK_HEADER_BYTES);
  header.writeUInt32BE(BLOCK_MARKER, 0);
  header.writeUInt8(KIND_CODE[content.kind], 4);
  header.writeUInt32BE(body.length, 8);
  header.writeUInt32BE(blockNumber, 12);
  header.writeDoubleBE(wallMs, 16);
  // 24…55: the place of the hash chain over blocks; zero while there is no chain.
  seal(header, body);
  return Buffer.concat([header, body]);
}

function decodePackets(body: Buffer): RecordedPacket[] | null {
  const packets: RecordedPacket[] = [];
  let at = 0;
  while (at < body.length) {
    if (at + PACKET_HEADER_BYTES > body.length) return null;
    const payloadAt = at + PACKET_HEADER_BYTES;
    const end = payloadAt + body.readUInt16BE(at + 20);
    if (end > body.length) return null;
    packets.push({
      arrivalMs: body.readDoubleBE(at + 12),
      sequenceNumber: body.readUInt16BE(at + 2),
      rtpTimestamp: body.readUInt32BE(at + 4),
      payloadType: body.readUInt8(at) & 0x7f,
      marker: body.readUInt8(at) >= 0x80,
      ssrc: body.readUInt32BE(at + 8),
      payload: body.subarray(payloadAt, end),
    });
    at = end;
  }
  return packets;
}

function gapReasonOf(code: number): GapReason {
  if (code === GAP_CODE['disk-full']) return 'disk-full';
  return code === GAP_CODE['held-too-long'] ? 'held-too-long' : 'disk-failed';
}

function decodeBody(kind: number, body: Buffer): BlockContent | null {
  if (kind === KIND_CODE.packets) {
    const packets = decodePackets(body);
    return packets === null ? null : { kind: 'packets', packets };
  }
  if (kind === KIND_CODE.gap && body.length === GAP_BODY_BYTES) {
    const gap = {
      why: gapReasonOf(body.readUInt8(0)),
      fromWallMs: body.readDoubleBE(1),
      toWallMs: body.readDoubleBE(9),
      packets: body.readUInt32BE(17),
    };
    return { kind: 'gap', gap };
  }
  if (kind !== KIND_CODE.end || body.length !== END_BODY_BYTES) return null;
  return { kind: 'end', cut: body.readUInt8(0) === 1, lastWallMs: body.readDoubleBE(1) };
}

/** One whole block as it stands in a segment. */
export interface SegmentBlock {
  readonly content: BlockContent;
  readonly blockNumber: number;
  /** Unix ms of its writing. */
  readonly wallMs: number;
}

/** @returns the block that begins at `at` and where the next begins; null when none is whole there */
export function decodeBlock(
  bytes: Buffer,
  at: number,
): { readonly block: SegmentBlock; readonly next: number } | null {
  const bodyAt = at + BLOCK_HEADER_BYTES;
  if (bodyAt > bytes.length || bytes.readUInt32BE(at) !== BLOCK_MARKER) return null;
  const next = bodyAt + bytes.readUInt32BE(at + 8);
  if (next - bodyAt > BLOCK_BODY_BYTES_MAX || next > bytes.length) return null;
  const body = bytes.subarray(bodyAt, next);
  const crcAt = bodyAt - CRC_BYTES;
  if (crc32(body, crc32(bytes.subarray(at, crcAt))) !== bytes.readUInt32BE(crcAt)) return null;
  const content = decodeBody(bytes.readUInt8(at + 4), body);
  if (content === null) return null;
  const block = {
    content,
    blockNumber: bytes.readUInt32BE(at + 12),
    wallMs: bytes.readDoubleBE(at + 16),
  };
  return { block, next };
}
