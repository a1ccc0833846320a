/** The memory: the store's tables, the recorder, and what an earlier run left behind. */
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, StorageError, type Clock, type Log, type Timer } from '../../base/index.js';
import type { AlertTable } from '../alert/index.js';
import {
  callRecordSchema,
  type CallRecord,
  type CallRecorder,
  type StoredCall,
} from '../call/index.js';
import { tokenRecord, type TokenRecord } from '../control/index.js';
import {
  createRecorder,
  rebuildStereo,
  recoverRecordings,
  type CutRecording,
  type Recorder,
} from '../recorder/index.js';
import type { StoredBinding } from '../sip/index.js';
import { openStore, type Store, type Table } from '../store/index.js';

export interface MemoryOptions {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onFault: (code: string) => void;
  /** The disk refuses recordings or records, or takes them again. */
  readonly onStorage: (user: 'recordings' | 'records', isFailing: boolean) => void;
}

/** The disk as people see it. */
export interface StorageState {
  readonly state: 'ok' | 'full' | 'failed';
  readonly freeBytes: number | null;
}

/** Live calls whose newest state waits to be written; the calls at once are few. */
const LIVE_MAX = 64;
/** Between attempts to write what the store refused, ms. */
const STORE_RETRY_MS = 2_000;

/** In the system's own words: no space, or no quota, left. */
const DISK_FULL = /\b(ENOSPC|EDQUOT)\b/;

/** Keys of calls sort by their time. */
const keyOf = (record: Pick<CallRecord, 'id' | 'startedAtMs'>): string =>
  `${String(Math.round(record.startedAtMs)).padStart(15, '0')}-${record.id}`;

export class Memory {
  readonly tokens: Table<TokenRecord>;
  readonly #options: MemoryOptions;
  readonly #store: Store;
  readonly #calls: Table<CallRecord>;
  readonly #keys: Table<string>;
  readonly #live: Table<unknown>;
  readonly #bindings: Table<unknown>;
  readonly #waiting = new Map<string, StoredCall>();
  #writing: Promise<void> | null = null;
  /** Set while the store refuses: the newest states wait for the next attempt. */
  #retry: Timer | null = null;
  #isStoreFailing = false;
  #recorder: Recorder | null = null;
  #storage: StorageState['state'] = 'ok';

  private constructor(options: MemoryOptions, store: Store) {
    this.#options = options;
    this.#store = store;
    this.#calls = store.table('call', callRecordSchema);
    this.#keys = store.table('callKey', z.string());
    this.#live = store.table('liveCall', z.unknown());
    this.#bindings = store.table('binding', z.unknown());
    this.tokens = store.table('token', tokenRecord);
  }

  /** @throws {UnavailableError} `store-locked` when another agent uses the directory */
  static async open(options: MemoryOptions): Promise<Memory> {
    const { dataDirectory, clock, log } = options;
    const store = await openStore(join(dataDirectory, 'store'), { clock, log });
    const memory = new Memory(options, store);
    await memory.#markCutCalls();
    return memory;
  }

  get recordings(): string {
    return join(this.#options.dataDirectory, 'recordings');
  }

  /** Whether the store came up whole; else an alarm is due. */
  get isIntact(): boolean {
    return this.#store.condition.name === 'intact';
  }

  /** Starts the recorder; to be called once. */
  startRecorder(): Recorder {
    const { clock, log, onFault, onStorage } = this.#options;
    this.#recorder = createRecorder(
      { directory: this.recordings, clock, log },
      {
        onStorageFailed: (reason) => {
          this.#storage = DISK_FULL.test(reason) ? 'full' : 'failed';
          log.error('recordingFailed', { reason });
          onStorage('recordings', true);
        },
        onStorageRecovered: () => {
          this.#storage = 'ok';
          log.info('recordingRecovered');
          onStorage('recordings', false);
        },
        onGap: (callId, gap) =>
          log.warn('recordingGap', { callId, speaker: gap.speaker, why: gap.why }),
        onRefused: (callId, reason) => log.error('recordingRefused', { callId, reason }),
        onLost: (cause) => {
          log.error('recorderLost', { cause: messageOf(cause) });
          onFault('recorder-lost');
        },
      },
    );
    return this.#recorder;
  }

  /** The recorder as calls see it. */
  callRecorder(recorder: Recorder): CallRecorder {
    return {
      begin: (callId) => recorder.begin(callId, { heldUntilAnswered: true }),
      commit: (callId) => recorder.commit(callId),
      discard: (callId) => recorder.discard(callId),
      end: async (callId) => {
        try {
          const { files, bytes, durationMs, gaps } = await recorder.end(callId);
          return {
            files,
            bytes,
            durationMs,
            gaps: gaps.map(({ speaker, fromWallMs, toWallMs, why }) => ({
              speaker,
              fromWallMs,
              toWallMs,
              why,
            })),
          };
        } catch (cause) {
          this.#options.log.error('recordingNotEnded', { callId, cause: messageOf(cause) });
          return null;
        }
      },
    };
  }

  /** Alerts keep their own records; the table knows none of them. */
  alertTable(): AlertTable {
    const table = this.#store.table('alert', z.unknown());
    const store = this.#store;
    return {
      async *entries({ gte, lt }) {
        for await (const entry of table.entries({ gte })) {
          if (entry[0] >= lt) return;
          yield entry;
        }
      },
      batch: async (operations, { sync }) => {
        await store.batch(
          (writer) => {
            for (const operation of operations) {
              if (operation.type === 'put') writer.put(table, operation.key, operation.value);
              else writer.del(table, operation.key);
            }
          },
          { sync },
        );
      },
    };
  }

  /** Keeps the newest state of a call; older ones that still wait are skipped. Never throws: the call goes on. */
  keep(stored: StoredCall): void {
    if (this.#waiting.size >= LIVE_MAX && !this.#waiting.has(stored.state.record.id)) return;
    this.#waiting.set(stored.state.record.id, stored);
    if (this.#retry === null) this.#writing ??= this.#writeWaiting();
  }

  async getCall(id: string): Promise<CallRecord | undefined> {
    const key = await this.#keys.get(id);
    return key === undefined ? undefined : this.#calls.get(key);
  }

  /** Newest first. */
  async *calls(sinceMs: number): AsyncGenerator<CallRecord> {
    const gte = String(Math.max(0, Math.round(sinceMs))).padStart(15, '0');
    for await (const [, record] of this.#calls.entries({ gte, reverse: true })) yield record;
  }

  /** @returns the stereo audio of a call, s16 interleaved at 8 kHz; null when there is none */
  audioOf(record: CallRecord): AsyncGenerator<Int16Array, unknown> | null {
    const files = record.recording?.files ?? [];
    if (files.length === 0) return null;
    return rebuildStereo({ directory: this.recordings, files }, { log: this.#options.log });
  }

  async bindings(): Promise<readonly StoredBinding[]> {
    const stored = await this.#bindings.get('all');
    return isBindings(stored) ? stored : [];
  }

  keepBindings(bindings: readonly StoredBinding[]): void {
    this.#bindings.put('all', bindings).then(
      () => this.#worked(),
      (cause: unknown) => this.#failed(cause),
    );
  }

  /** As of now: whoever asks must not be told of a disk that has filled up since. */
  storageState(freeBytes: number | null): StorageState {
    // A disk that cannot even say how full it is has failed.
    return {
      state: this.#storage === 'ok' && freeBytes === null ? 'failed' : this.#storage,
      freeBytes,
    };
  }

  /** @returns what is free for recordings; null when the disk does not say */
  async freeBytes(): Promise<number | null> {
    try {
      const { bavail, bsize } = await statfs(this.#options.dataDirectory);
      return bavail * bsize;
    } catch {
      // `storageState` makes of it what people are told.
      return null;
    }
  }

  async closeRecorder(): Promise<void> {
    await this.#recorder?.close();
  }

  async close(): Promise<void> {
    // One last attempt; a store that still refuses must not hold up the farewell.
    if (this.#retry !== null) this.#writing ??= this.#writeWaiting();
    while (this.#writing !== null) await this.#writing;
    this.#retry?.cancel();
    await this.#store.close();
  }

  async #writeWaiting(): Promise<void> {
    this.#retry?.cancel();
    this.#retry = null;
    for (const [id, stored] of this.#waiting) {
      this.#waiting.delete(id);
      if (await this.#write(stored)) continue;
      // A newer state may have come meanwhile; it is written in this one's place.
      if (!this.#waiting.has(id)) this.#waiting.set(id, stored);
      this.#retry = this.#options.clock.after(STORE_RETRY_MS, () => {
        this.#writing ??= this.#writeWaiting();
      });
      break;
    }
    this.#writing = null;
  }

  /** @returns whether the store took it */
  async #write({ state, dialogs }: StoredCall): Promise<boolean> {
    const { record } = state;
    const isOver = state.phase === 'ended';
    try {
      await this.#store.batch(
        (writer) => {
          writer.put(this.#calls, keyOf(record), record);
          writer.put(this.#keys, record.id, keyOf(record));
          if (isOver && record.endedAtMs !== null) writer.del(this.#live, record.id);
          else writer.put(this.#live, record.id, { state, dialogs });
        },
        { sync: isOver },
      );
      this.#worked();
      return true;
    } catch (cause) {
      this.#failed(cause);
      return false;
    }
  }

  #worked(): void {
    if (this.#isStoreFailing) this.#options.onStorage('records', false);
    this.#isStoreFailing = false;
  }

  #failed(cause: unknown): void {
    this.#isStoreFailing = true;
    const code = cause instanceof StorageError ? cause.code : 'store-failed';
    this.#options.log.error('storeFailed', { code, cause: messageOf(cause) });
    this.#options.onStorage('records', true);
  }

  /** Calls that were going on when the box stopped: their recordings are sealed, their records say that they were cut. */
  async #markCutCalls(): Promise<void> {
    const { clock, log } = this.#options;
    const found = new Map<string, CutRecording>();
    const onFound = async (recording: CutRecording): Promise<void> => {
      found.set(recording.callId, recording);
      await this.#markCut(recording.callId, recording);
    };
    await recoverRecordings(this.recordings, { clock, log, onFound });
    const left: string[] = [];
    for await (const [id] of this.#live.entries()) left.push(id);
    for (const id of left) {
      if (!found.has(id)) await this.#markCut(id, null);
      await this.#live.del(id);
    }
  }

  async #markCut(callId: string, recording: CutRecording | null): Promise<void> {
    const record = await this.getCall(callId);
    this.#options.log.warn('callCut', { callId, isRecorded: recording !== null });
    if (record === undefined) return;
    const { outcome, answeredAtMs, startedAtMs } = record;
    const endedAtMs =
      record.endedAtMs ?? recording?.lastWallMs ?? record.answeredAtMs ?? record.startedAtMs;
    // A call may have ended as it should, and only its recording been cut while it was put away.
    const ending =
      outcome === 'inProgress' ? ({ outcome: 'cut', endedBy: 'box', endedAtMs } as const) : {};
    const kept =
      recording === null
        ? record.recording
        : {
            files: recording.files,
            bytes: 0,
            durationMs: Math.max(
              0,
              (recording.lastWallMs ?? endedAtMs) - (answeredAtMs ?? startedAtMs),
            ),
            gaps: [],
          };
    await this.#calls.put(keyOf(record), { ...record, ...ending, recording: kept }, { sync: true });
  }
}

function isBindings(value: unknown): value is readonly StoredBinding[] {
  return (
    Array.isArray(value) &&
    value.every(
      (one) => typeof one === 'object' && one !== null && 'extension' in one && 'contact' in one,
    )
  );
}
