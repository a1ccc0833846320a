import { join } from 'node:path';

import { messageOf, type Clock, type Timer } from '../../base/index.js';
import { recordingPathOf, type RecorderFileSystem } from './recorder-files.js';
import type {
  BeginOptions,
  RecorderEvent,
  RecorderSettings,
  TappedPackets,
} from './recorder-protocol.js';
import { Recording } from './recording.js';
import { step as stepRecording, type RecordingEvent } from './recording-machine.js';
import type { GapReason, RecordedPacket } from './segment-format.js';
import { step as stepStorage, STORAGE_WRITING, type StorageEvent } from './storage-machine.js';
import type { WriteTime } from './track.js';

/** Reads a `PacketBatch` of node-mediastream. */
export type ReadPackets = (batch: Uint8Array) => Iterable<RecordedPacket>;

export interface RecorderEdges {
  readonly clock: Clock;
  readonly files: RecorderFileSystem;
  readonly readPackets: ReadPackets;
  readonly emit: (event: RecorderEvent) => void;
}

const PROBE_BYTES = 4_096;
const DISK_FULL_CODES: readonly unknown[] = ['ENOSPC', 'EDQUOT'];

/** What the disk refuses with, a person or a restart can mend; anything else is our bug and ends the worker. */
const STORAGE_CODES: readonly unknown[] = [
  ...DISK_FULL_CODES,
  ...[
    'EIO',
    'EROFS',
    'EACCES',
    'EPERM',
    'ENODEV',
    'ENXIO',
    'EMFILE',
    'ENFILE',
    'ENOENT',
    'ENOTDIR',
  ],
  ...['EFBIG', 'ESTALE', 'EBUSY', 'ETIMEDOUT', 'EEXIST'],
];

const codeOf = (cause: unknown): unknown =>
  cause instanceof Error && 'code' in cause ? cause.code : undefined;

/**
 * All recordings of the box, in the recorder's thread. Drives the two machines: one per recording, one for the disk.
 * Everything is synchronous; the only waits are timers of the clock.
 */
export class RecorderCore {
  readonly #settings: RecorderSettings;
  readonly #edges: RecorderEdges;
  readonly #recordings = new Map<string, Recording>();
  readonly #early: TappedPackets[] = [];
  #storage = STORAGE_WRITING;
  #failedFor: GapReason = 'disk-failed';
  #flushTimer: Timer | null = null;
  #stray = 0;

  constructor(settings: RecorderSettings, edges: RecorderEdges) {
    this.#settings = settings;
    this.#edges = edges;
  }

  /** Batches of calls that are not recorded (any more). */
  get strayBatches(): number {
    return this.#stray;
  }

  begin(callId: string, options: BeginOptions): void {
    const { limits } = this.#settings;
    if (this.#recordings.has(callId)) return;
    if (this.#recordings.size >= limits.recordingsMax) {
      const reason = `${limits.recordingsMax} recordings at once`;
      this.#edges.emit({ name: 'refused', callId, reason });
      return;
    }
    const { clock, files } = this.#edges;
    const path = recordingPathOf(callId, options.beganAtWallMs ?? clock.wallMs());
    this.#recordings.set(callId, new Recording(callId, path, { files, limits }));
    this.#takeEarly(callId);
    if (!options.heldUntilAnswered) this.dispatch(callId, { name: 'commit' });
    this.#flushTimer ??= clock.after(limits.flushEveryMs, () => this.#flushDue());
  }

  /** Feeds an event to a call's recording; of a call that is not there, it is stray and changes nothing. */
  dispatch(callId: string, event: RecordingEvent): void {
    const recording = this.#recordings.get(callId);
    if (recording === undefined) return;
    const [next, effects] = stepRecording(recording.state, event);
    recording.state = next;
    for (const effect of effects) this.#perform(recording, effect.do);
  }

  tap(tapped: TappedPackets): void {
    const recording = this.#recordings.get(tapped.callId);
    if (recording === undefined) {
      this.#early.push(tapped);
      if (this.#early.length <= this.#settings.limits.earlyBatchesMax) return;
      this.#early.shift();
      this.#stray += 1;
      return;
    }
    if (recording.state.name === 'draining') {
      this.#stray += 1;
      return;
    }
    this.#take(recording, tapped);
  }

  /** Ends every recording at once, whatever is still on its way. For the end of the process. */
  close(): void {
    for (const callId of [...this.#recordings.keys()]) {
      this.dispatch(callId, { name: 'end' });
      this.dispatch(callId, { name: 'settled' });
      this.dispatch(callId, { name: 'gaveUp' });
    }
    this.#flushTimer?.cancel();
    this.#flushTimer = null;
    this.#edges.emit({ name: 'closed' });
  }

  #perform(recording: Recording, effect: string): void {
    const { callId } = recording;
    const { limits } = this.#settings;
    const later = (delayMs: number, name: RecordingEvent['name']): void => {
      recording.timer?.cancel();
      recording.timer = this.#edges.clock.after(delayMs, () => this.dispatch(callId, { name }));
    };
    if (effect === 'flush') this.#write((root, now) => recording.flush(root, now));
    if (effect === 'scheduleSettled') later(limits.settleMs, 'settled');
    if (effect === 'scheduleGiveUp') later(limits.endPatienceMs, 'gaveUp');
    if (effect === 'closeTracks') this.#finish(recording);
    if (effect === 'abandon') recording.abandon(this.#failedFor);
    if (effect === 'report') this.#report(recording);
    if (effect === 'forget') {
      recording.timer?.cancel();
      this.#recordings.delete(callId);
    }
    this.#tellGaps(recording);
  }

  #report(recording: Recording): void {
    const kept = recording.state.name === 'ended';
    this.#tellGaps(recording);
    const summary = recording.summary(kept);
    this.#edges.emit({ name: 'ended', callId: recording.callId, summary });
  }

  #tellGaps(recording: Recording): void {
    for (const gap of recording.takeNewGaps()) {
      this.#edges.emit({ name: 'gap', callId: recording.callId, gap });
    }
  }

  #finish(recording: Recording): void {
    const done = this.#write((root, now) => recording.finish(root, now));
    if (done) this.dispatch(recording.callId, { name: 'drained' });
  }

  #take(recording: Recording, tapped: TappedPackets): void {
    const { readPackets } = this.#edges;
    const why = recording.state.name === 'held' ? 'held-too-long' : this.#failedFor;
    if (recording.add(tapped, readPackets(tapped.packets), why)) return;
    const reason = `${this.#settings.limits.tracksMax} legs in one call`;
    this.#edges.emit({ name: 'refused', callId: recording.callId, reason });
  }

  #takeEarly(callId: string): void {
    const mine = this.#early.filter((tapped) => tapped.callId === callId);
    const others = this.#early.filter((tapped) => tapped.callId !== callId);
    this.#early.splice(0, this.#early.length, ...others);
    for (const tapped of mine) this.tap(tapped);
  }

  #flushDue(): void {
    const { clock } = this.#edges;
    if (this.#storage.name !== 'waiting') this.#flushAll();
    const idle = this.#recordings.size === 0;
    if (idle) this.#early.length = 0;
    const { flushEveryMs } = this.#settings.limits;
    this.#flushTimer = idle ? null : clock.after(flushEveryMs, () => this.#flushDue());
  }

  #flushAll(): void {
    for (const recording of [...this.#recordings.values()]) {
      const { name } = recording.state;
      if (name === 'live' || name === 'settling') {
        this.#write((root, now) => recording.flush(root, now));
        this.#tellGaps(recording);
      }
      if (name === 'draining') this.#finish(recording);
    }
  }

  /** @returns whether all of it is on the disk */
  #write(write: (root: string, now: WriteTime) => void): boolean {
    if (this.#storage.name === 'waiting') return false;
    const { clock } = this.#edges;
    try {
      write(this.#settings.directory, { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() });
      return true;
    } catch (cause) {
      const code = codeOf(cause);
      if (!STORAGE_CODES.includes(code)) throw cause;
      this.#failedFor = DISK_FULL_CODES.includes(code) ? 'disk-full' : 'disk-failed';
      this.#dispatchStorage({ name: 'failed', reason: messageOf(cause) });
      return false;
    }
  }

  #dispatchStorage(event: StorageEvent): void {
    const [next, effects] = stepStorage(this.#storage, event);
    this.#storage = next;
    for (const effect of effects) {
      if (effect.do === 'raiseAlarm') {
        this.#edges.emit({ name: 'storageFailed', reason: effect.reason });
      }
      if (effect.do === 'clearAlarm') this.#edges.emit({ name: 'storageRecovered' });
      if (effect.do === 'scheduleRetry') {
        const { retryEveryMs } = this.#settings.limits;
        this.#edges.clock.after(retryEveryMs, () => this.#retry());
      }
    }
  }

  #retry(): void {
    this.#dispatchStorage({ name: 'retryDue' });
    // A probe first: a disk with room for one block of one call is not mended.
    if (!this.#write((root) => this.#probe(root))) return;
    this.#flushAll();
    this.#dispatchStorage({ name: 'wrote' });
  }

  #probe(root: string): void {
    const { files } = this.#edges;
    const path = join(root, '.probe');
    files.makeDirectory(root);
    files.remove(path);
    const file = files.create(path);
    try {
      file.append(Buffer.alloc(PROBE_BYTES));
      file.sync();
    } finally {
      file.close();
      files.remove(path);
    }
  }
}
