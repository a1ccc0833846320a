import { join } from 'node:path';

import type { Timer } from '../../base/index.js';
import type { RecorderFileSystem } from './recorder-files.js';
import type { RecorderLimits } from './recorder-limits.js';
import type { LegGap, RecordingSummary, TappedPackets } from './recorder-protocol.js';
import { RECORDING_HELD, type RecordingState } from './recording-machine.js';
import type { GapReason, RecordedPacket } from './segment-format.js';
import { Track, type WriteTime } from './track.js';

/** One call's tracks, and where its recording stands. */
export class Recording {
  readonly callId: string;
  /** Relative to the folder of recordings. */
  readonly path: string;
  state: RecordingState = RECORDING_HELD;
  timer: Timer | null = null;
  readonly #tracks = new Map<string, Track>();
  readonly #files: RecorderFileSystem;
  readonly #limits: RecorderLimits;
  readonly #gapsTold = new Set<LegGap>();

  constructor(
    callId: string,
    path: string,
    disk: { readonly files: RecorderFileSystem; readonly limits: RecorderLimits },
  ) {
    this.callId = callId;
    this.path = path;
    this.#files = disk.files;
    this.#limits = disk.limits;
  }

  /**
   * @param why why the oldest packets fall out when memory holds no more
   * @returns false when the call has more legs than are recorded
   */
  add(tapped: TappedPackets, packets: Iterable<RecordedPacket>, why: GapReason): boolean {
    for (const packet of packets) {
      const track = this.#trackOf(tapped);
      if (track === null) return false;
      track.add(packet, why);
    }
    return true;
  }

  /** @throws what the file system throws */
  flush(root: string, now: WriteTime): void {
    for (const track of this.#tracks.values()) track.flush(join(root, this.path), now);
  }

  /** @throws what the file system throws */
  finish(root: string, now: WriteTime): void {
    for (const track of this.#tracks.values()) track.finish(join(root, this.path), now);
  }

  abandon(why: GapReason): void {
    for (const track of this.#tracks.values()) track.abandon(why);
  }

  /** @returns the gaps that have come to be since the last call of this */
  takeNewGaps(): readonly LegGap[] {
    const fresh = this.#gaps().filter((gap) => !this.#gapsTold.has(gap));
    for (const gap of fresh) this.#gapsTold.add(gap);
    return fresh;
  }

  /** @param kept false for a recording that was never written */
  summary(kept: boolean): RecordingSummary {
    const tracks = [...this.#tracks.values()];
    const legs = tracks.map((track) => track.leg);
    const firsts = tracks.flatMap((track) => track.firstArrivalMs ?? []);
    const firstMs = firsts.length === 0 ? null : Math.min(...firsts);
    const lastMs = Math.max(firstMs ?? 0, ...tracks.map((track) => track.lastArrivalMs));
    return {
      callId: this.callId,
      files: kept
        ? tracks.flatMap((track) => track.fileNames.map((name) => join(this.path, name)))
        : [],
      bytes: kept ? tracks.reduce((sum, track) => sum + track.bytes, 0) : 0,
      startedWallMs: firstMs,
      durationMs: firstMs === null ? 0 : lastMs - firstMs,
      gaps: this.#gaps(),
      legs,
      lost: legs.reduce((sum, leg) => sum + leg.lost, 0),
    };
  }

  #gaps(): LegGap[] {
    const gaps = [...this.#tracks.values()].flatMap((track) => track.gaps);
    return gaps.sort((a, b) => a.toWallMs - b.toWallMs);
  }

  #trackOf(tapped: TappedPackets): Track | null {
    const known = this.#tracks.get(tapped.legId);
    if (known !== undefined) return known;
    if (this.#tracks.size >= this.#limits.tracksMax) return null;
    const { callId, legId, speaker, codec } = tapped;
    const same = [...this.#tracks.values()].filter((t) => t.identity.speaker === speaker).length;
    const trackName = same === 0 ? speaker : `${speaker}${same + 1}`;
    const identity = { callId, legId, speaker, codec, trackName };
    const track = new Track(identity, this.#files, this.#limits);
    this.#tracks.set(legId, track);
    return track;
  }
}
