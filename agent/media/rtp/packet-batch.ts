import { payloadOf, type RtpPacket } from './rtp-packet.js';

/**
 * Packets as they came off the wire, many in one buffer, for the recorder.
 *
 *   "RPB1"                                          4 bytes
 *   then for each packet, big-endian:
 *   | arrivalMs f64 | ssrc u32 | rtpTimestamp u32 | sequenceNumber u16 | M, payloadType u8 | length u16 | payload |
 *     0               8          12                 16                   18                  19           21
 */
const MAGIC = 0x52_50_42_31;
const HEADER_BYTES = 4;
const RECORD_BYTES = 21;
const INITIAL_BYTES = 16 * 1_024;
/** A batch that nobody takes stops growing here: about two minutes of PCMU. */
const SIZE_BYTES_MAX = 1_024 * 1_024;

/** One packet out of a batch. */
export interface RawPacket {
  /**
   * Unix ms of the arrival, with fractions. The writer takes it from the monotonic clock and one
   * reading of the wall clock per leg, so that within a leg it never runs backwards.
   */
  readonly arrivalMs: number;
  readonly ssrc: number;
  readonly rtpTimestamp: number;
  readonly sequenceNumber: number;
  readonly payloadType: number;
  readonly marker: boolean;
  /** A view into the batch. */
  readonly payload: Uint8Array;
}

/** Collects packets; `take` hands them over as one buffer that may be transferred to another thread. */
export class PacketBatchWriter {
  readonly #sizeBytesMax: number;
  #view: DataView<ArrayBuffer>;
  #sizeBytes = HEADER_BYTES;
  #packetCount = 0;
  #droppedCount = 0;

  /** @param sizeBytesMax packets beyond it are dropped and counted until the next `take` */
  constructor(sizeBytesMax = SIZE_BYTES_MAX) {
    this.#sizeBytesMax = sizeBytesMax;
    this.#view = new DataView(new ArrayBuffer(Math.min(INITIAL_BYTES, sizeBytesMax)));
  }

  /** Packets since the last `take`. */
  get packetCount(): number {
    return this.#packetCount;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Packets that did not fit, since the beginning. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Copies one packet in. @returns false when the batch is full: the packet is dropped and counted */
  append(packet: RtpPacket, arrivalMs: number): boolean {
    const length = packet.payloadEnd - packet.payloadStart;
    if (!this.#makeRoom(RECORD_BYTES + length)) {
      this.#droppedCount++;
      return false;
    }
    const at = this.#sizeBytes;
    const view = this.#view;
    view.setFloat64(at, arrivalMs);
    view.setUint32(at + 8, packet.ssrc);
    view.setUint32(at + 12, packet.rtpTimestamp);
    view.setUint16(at + 16, packet.sequenceNumber);
    view.setUint8(at + 18, (packet.marker ? 0x80 : 0) | packet.payloadType);
    view.setUint16(at + 19, length);
    new Uint8Array(view.buffer).set(payloadOf(packet), at + RECORD_BYTES);
    this.#sizeBytes += RECORD_BYTES + length;
    this.#packetCount++;
    return true;
  }

  /** @returns the batch in a buffer of its own; the writer begins an empty one */
  take(): Uint8Array<ArrayBuffer> {
    this.#view.setUint32(0, MAGIC);
    const batch = new Uint8Array(this.#view.buffer.slice(0, this.#sizeBytes));
    this.#sizeBytes = HEADER_BYTES;
    this.#packetCount = 0;
    return batch;
  }

  #makeRoom(bytes: number): boolean {
    const needed = this.#sizeBytes + bytes;
    if (needed > this.#sizeBytesMax) return false;
    if (needed <= this.#view.byteLength) return true;
    const grown = new Uint8Array(
      Math.min(this.#sizeBytesMax, Math.max(needed, 2 * this.#view.byteLength)),
    );
    grown.set(new Uint8Array(this.#view.buffer, 0, this.#sizeBytes));
    this.#view = new DataView(grown.buffer);
    return true;
  }
}

/**
 * Reads a batch packet by packet.
 * @throws {RangeError} at the first byte that cannot be of a batch: cut off, or not one at all
 */
export function* readPacketBatch(batch: Uint8Array): Generator<RawPacket, void, undefined> {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  if (batch.length < HEADER_BYTES || view.getUint32(0) !== MAGIC) {
    throw new RangeError('not a packet batch');
  }
  let at = HEADER_BYTES;
  while (at < batch.length) {
    if (batch.length - at < RECORD_BYTES) throw new RangeError(`packet batch cut off at ${at}`);
    const start = at + RECORD_BYTES;
    const end = start + view.getUint16(at + 19);
    const arrivalMs = view.getFloat64(at);
    if (end > batch.length) throw new RangeError(`packet batch cut off at ${at}`);
    if (!Number.isFinite(arrivalMs)) throw new RangeError(`packet batch without a time at ${at}`);
    const markerAndType = view.getUint8(at + 18);
    yield {
      arrivalMs,
      ssrc: view.getUint32(at + 8),
      rtpTimestamp: view.getUint32(at + 12),
      sequenceNumber: view.getUint16(at + 16),
      payloadType: markerAndType & 0x7f,
      marker: (markerAndType & 0x80) !== 0,
      payload: batch.subarray(start, end),
    };
    at = end;
  }
}
