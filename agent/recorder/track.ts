import { join } from 'node:path';

import { TELEPHONE_RATE_HZ } from '../../base/index.js';
import {
  lastSegmentNumber,
  PART_SUFFIX,
  segmentName,
  type RecorderFileSystem,
  type SegmentFile,
} from './recorder-files.js';
import type { RecorderLimits } from './recorder-limits.js';
import type { LegGap, RecordedLeg } from './recorder-protocol.js';
import {
  BLOCK_BODY_BYTES_MAX,
  encodeBlock,
  encodeSegmentHeader,
  packetBytes,
  type BlockContent,
  type GapReason,
  type RecordedCodec,
  type RecordedPacket,
  type RecordedSpeaker,
  type RecordingGap,
} from './segment-format.js';
import { SequenceTally } from './sequence-tally.js';

/** A gap ends one packet time after the last packet that is missing, ms. */
const PACKET_MS = 20;

export interface TrackIdentity {
  readonly callId: string;
  readonly legId: string;
  readonly speaker: RecordedSpeaker;
  readonly codec: RecordedCodec;
  /** `caller`, `staff2`: begins the names of its files. */
  readonly trackName: string;
}

interface OpenSegment {
  readonly path: string;
  readonly file: SegmentFile;
  readonly createdAtMs: number;
  sizeBytes: number;
  blocks: number;
}

/** The time of a write, on both clocks. */
export interface WriteTime {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** One leg on its way to the disk: what is not there yet, and the segment that grows. */
export class Track {
  readonly identity: TrackIdentity;
  readonly gaps: LegGap[] = [];
  readonly #files: RecorderFileSystem;
  readonly #limits: RecorderLimits;
  readonly #tally = new SequenceTally();
  readonly #written: string[] = [];
  #pending: RecordedPacket[] = [];
  #pendingBytes = 0;
  #dropped: RecordingGap | null = null;
  #segment: OpenSegment | null = null;
  /** Of the last segment; null until the folder was looked at. */
  #segmentNumber: number | null = null;
  #bytes = 0;
  #firstArrivalMs: number | null = null;
  #lastArrivalMs = 0;
  #ended = false;

  constructor(identity: TrackIdentity, files: RecorderFileSystem, limits: RecorderLimits) {
    this.identity = identity;
    this.#files = files;
    this.#limits = limits;
  }

  get firstArrivalMs(): number | null {
    return this.#firstArrivalMs;
  }

  get lastArrivalMs(): number {
    return this.#lastArrivalMs;
  }

  /** Names of the segment files, oldest first. */
  get fileNames(): readonly string[] {
    return this.#written;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get leg(): RecordedLeg {
    const { legId, speaker, codec } = this.identity;
    return { legId, speaker, codec, packets: this.#tally.packets, lost: this.#tally.lost };
  }

  /** @param why why the oldest packets fall out when memory holds no more */
  add(packet: RecordedPacket, why: GapReason): void {
    this.#tally.add(packet);
    this.#firstArrivalMs ??= packet.arrivalMs;
    this.#lastArrivalMs = packet.arrivalMs;
    this.#pending.push(packet);
    this.#pendingBytes += packetBytes(packet);
    const oldestMs = packet.arrivalMs - this.#limits.heldMsMax;
    let drop = 0;
    for (const held of this.#pending) {
      if (held.arrivalMs >= oldestMs && this.#pendingBytes <= this.#limits.heldBytesMax) break;
      this.#drop(held, why);
      drop += 1;
    }
    if (drop > 0) this.#pending.splice(0, drop);
  }

  /**
   * Puts on the disk what is not there yet, and waits until it is. When the disk refuses, everything stays in memory.
   * @throws what the file system throws
   */
  flush(directory: string, now: WriteTime): void {
    const contents = this.#contents();
    if (contents.length > 0) this.#write(directory, now, contents);
    this.#settleGap();
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  /** The same, and the end block. Doing it twice does nothing. */
  finish(directory: string, now: WriteTime): void {
    if (this.#ended) return;
    const lastWallMs = this.#lastArrivalMs;
    this.#write(directory, now, [...this.#contents(), { kind: 'end', cut: false, lastWallMs }]);
    this.#settleGap();
    this.#pending = [];
    this.#ended = true;
    this.#closeSegment();
  }

  /** Gives up on what the disk did not take. */
  abandon(why: GapReason): void {
    if (this.#ended) return;
    for (const packet of this.#pending) this.#drop(packet, why);
    this.#pending = [];
    this.#settleGap();
    this.#closeSegment();
  }

  #drop(packet: RecordedPacket, why: GapReason): void {
    this.#pendingBytes -= packetBytes(packet);
    const wallMs = packet.arrivalMs;
    this.#dropped = {
      fromWallMs: this.#dropped?.fromWallMs ?? wallMs,
      toWallMs: wallMs + PACKET_MS,
      why: this.#dropped?.why ?? why,
      packets: (this.#dropped?.packets ?? 0) + 1,
    };
  }

  #settleGap(): void {
    if (this.#dropped === null) return;
    const { legId, speaker } = this.identity;
    this.gaps.push({ ...this.#dropped, legId, speaker });
    this.#dropped = null;
  }

  #contents(): BlockContent[] {
    const contents: BlockContent[] = [];
    if (this.#dropped !== null) contents.push({ kind: 'gap', gap: this.#dropped });
    let packets: RecordedPacket[] = [];
    let bytes = 0;
    for (const packet of this.#pending) {
      bytes += packetBytes(packet);
      if (bytes > BLOCK_BODY_BYTES_MAX) {
        contents.push({ kind: 'packets', packets });
        packets = [];
        bytes = packetBytes(packet);
      }
      packets.push(packet);
    }
    if (packets.length > 0) contents.push({ kind: 'packets', packets });
    return contents;
  }

  #write(directory: string, now: WriteTime, contents: readonly BlockContent[]): void {
    this.#rotate(now);
    const segment = (this.#segment ??= this.#create(directory, now));
    const blocks = contents.map((content, n) =>
      encodeBlock(content, segment.blocks + n, now.wallMs),
    );
    const bytes = Buffer.concat(blocks);
    try {
      segment.file.append(bytes);
      segment.file.sync();
    } catch (cause) {
      this.#leave(segment);
      throw cause;
    }
    segment.sizeBytes += bytes.length;
    segment.blocks += blocks.length;
    this.#bytes += bytes.length;
  }

  #rotate(now: WriteTime): void {
    const segment = this.#segment;
    if (segment === null) return;
    const { segmentBytesMax, segmentMsMax } = this.#limits;
    const old = now.monotonicMs - segment.createdAtMs >= segmentMsMax;
    if (old || segment.sizeBytes >= segmentBytesMax) this.#closeSegment();
  }

  #create(directory: string, now: WriteTime): OpenSegment {
    this.#files.makeDirectory(directory);
    const { trackName } = this.identity;
    // A call that outlived a restart of the agent goes on behind the segments of its first part.
    this.#segmentNumber ??= lastSegmentNumber(this.#files.list(directory), trackName);
    const segmentNumber = this.#segmentNumber + 1;
    const name = segmentName(trackName, segmentNumber);
    const path = join(directory, name);
    const header = encodeSegmentHeader({
      ...this.identity,
      clockRateHz: TELEPHONE_RATE_HZ,
      segmentNumber,
      createdAtWallMs: now.wallMs,
    });
    // Left by an attempt whose removal failed too.
    this.#files.remove(path + PART_SUFFIX);
    const file = this.#files.create(path + PART_SUFFIX);
    try {
      file.append(header);
      file.sync();
      this.#files.rename(path + PART_SUFFIX, path);
    } catch (cause) {
      this.#quietly(() => file.close());
      this.#quietly(() => this.#files.remove(path + PART_SUFFIX));
      this.#quietly(() => this.#files.remove(path));
      throw cause;
    }
    this.#segmentNumber = segmentNumber;
    this.#written.push(name);
    this.#bytes += header.length;
    return { path, file, createdAtMs: now.monotonicMs, sizeBytes: header.length, blocks: 0 };
  }

  /** After a failed write: what was whole before stays, and the next attempt begins a new segment. */
  #leave(segment: OpenSegment): void {
    this.#quietly(() => segment.file.truncate(segment.sizeBytes));
    this.#quietly(() => segment.file.close());
    this.#segment = null;
    if (segment.blocks > 0) return;
    this.#quietly(() => this.#files.remove(segment.path));
    this.#written.pop();
    this.#segmentNumber = null;
    this.#bytes -= segment.sizeBytes;
  }

  #closeSegment(): void {
    const segment = this.#segment;
    this.#segment = null;
    if (segment !== null) this.#quietly(() => segment.file.close());
  }

  /** The disk has refused already, or has everything: a further refusal changes nothing. */
  #quietly(act: () => void): void {
    try {
      act();
    } catch {
      // See above.
    }
  }
}
