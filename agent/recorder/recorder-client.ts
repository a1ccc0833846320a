import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';

import { messageOf, StorageError, type Clock, type Log, type Timer } from '../../base/index.js';
import { RECORDER_LIMITS, type RecorderLimits } from './recorder-limits.js';
import type {
  BeginOptions,
  LegGap,
  RecorderCommand,
  RecorderEvent,
  RecorderSettings,
  RecordingSummary,
} from './recorder-protocol.js';

/** Over the worker's own patience, for a disk on which a single write hangs, ms. */
const END_GRACE_MS = 20_000;
/** What `close` waits for the worker, ms. */
const CLOSE_MS_MAX = 10_000;

/** What the recorder tells of its own accord. Call-backs run on the agent's thread. */
export interface RecorderEvents {
  /** The disk refuses recordings: one alarm, however many calls there are. They go on, held in memory as long as it lasts. */
  onStorageFailed(reason: string): void;
  onStorageRecovered(): void;
  /** Packets of a call are gone for good. */
  onGap(callId: string, gap: LegGap): void;
  /** The call is not recorded, or not all of its legs. */
  onRefused(callId: string, reason: string): void;
  /** The recorder's thread ended: a bug of ours. Recordings stop, and `end` is refused. */
  onLost(cause: unknown): void;
}

export interface RecorderOptions {
  /** The folder of recordings: `<dataDirectory>/recordings`. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<RecorderLimits>;
}

interface Ending {
  readonly resolve: (summary: RecordingSummary) => void;
  readonly reject: (error: StorageError) => void;
  readonly timer: Timer;
}

/** The agent's side of the recorder: every call returns at once; the files belong to a thread of their own. */
export class Recorder {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: RecorderLimits;
  readonly #worker: Worker;
  readonly #events: RecorderEvents;
  readonly #endings = new Map<string, Ending>();
  #onClosed: (() => void) | null = null;
  #over = false;

  /** Use `createRecorder`. */
  constructor(options: RecorderOptions, events: RecorderEvents) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#limits = { ...RECORDER_LIMITS, ...options.limits };
    this.#events = events;
    const settings: RecorderSettings = { directory: options.directory, limits: this.#limits };
    this.#worker = new Worker(new URL('./recorder-worker.js', import.meta.url), {
      name: 'recorder',
    });
    this.#worker.postMessage({ do: 'start', settings } satisfies RecorderCommand);
    this.#worker.on('message', (event: RecorderEvent) => this.#take(event));
    this.#worker.on('error', (cause) => this.#lose(cause));
    this.#worker.on('exit', (code) => this.#lose(new Error(`recorder thread: exit ${code}`)));
  }

  /** @returns a port to transfer to the media worker, which posts RecordTap on it; any number of them may be open */
  openTapPort(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ do: 'listen', port: port1 } satisfies RecorderCommand, [port1]);
    return port2;
  }

  /** Before the leg's tap is opened. Beginning twice does nothing. */
  begin(callId: string, options: BeginOptions): void {
    this.#send({ do: 'begin', callId, options });
  }

  /** Somebody answered: what was held goes to the disk, and all that follows. */
  commit(callId: string): void {
    this.#send({ do: 'commit', callId });
  }

  /** Nobody answered: there will have been no file. */
  discard(callId: string): void {
    this.#send({ do: 'discard', callId });
  }

  /**
   * After the legs' taps are closed. A recording still held is discarded: its summary names no file.
   * @throws {StorageError} `recorder-lost`, `recorder-silent`, `recording-ending` when `end` was called before
   */
  end(callId: string): Promise<RecordingSummary> {
    const refused = (code: string): Promise<never> =>
      Promise.reject(new StorageError(code, callId, { fields: { callId } }));
    if (this.#over) return refused('recorder-lost');
    if (this.#endings.has(callId)) return refused('recording-ending');
    return new Promise((resolve, reject) => {
      const { settleMs, endPatienceMs } = this.#limits;
      const timer = this.#clock.after(settleMs + endPatienceMs + END_GRACE_MS, () => {
        this.#endings.delete(callId);
        reject(new StorageError('recorder-silent', callId, { fields: { callId } }));
      });
      this.#endings.set(callId, { resolve, reject, timer });
      this.#send({ do: 'end', callId });
    });
  }

  /** Ends what is being recorded, with everything that has come in on the disk. */
  async close(): Promise<void> {
    if (this.#over) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(CLOSE_MS_MAX, resolve);
      this.#onClosed = () => {
        timer.cancel();
        resolve();
      };
      this.#send({ do: 'close' });
    });
    this.#over = true;
    this.#refuseEndings('recorder-lost');
    await this.#worker.terminate();
  }

  #send(command: RecorderCommand): void {
    if (!this.#over) this.#worker.postMessage(command);
  }

  #take(event: RecorderEvent): void {
    switch (event.name) {
      case 'ended':
        this.#settle(event.callId, event.summary);
        return;
      case 'storageFailed':
        this.#log.error('recordingStorageFailed', { reason: event.reason });
        this.#events.onStorageFailed(event.reason);
        return;
      case 'storageRecovered':
        this.#log.info('recordingStorageRecovered');
        this.#events.onStorageRecovered();
        return;
      case 'gap':
        this.#log.warn('recordingGap', { callId: event.callId, ...event.gap });
        this.#events.onGap(event.callId, event.gap);
        return;
      case 'refused':
        this.#log.error('recordingRefused', { callId: event.callId, reason: event.reason });
        this.#events.onRefused(event.callId, event.reason);
        return;
      case 'closed':
        this.#onClosed?.();
    }
  }

  #settle(callId: string, summary: RecordingSummary): void {
    const ending = this.#endings.get(callId);
    ending?.timer.cancel();
    this.#endings.delete(callId);
    ending?.resolve(summary);
  }

  #lose(cause: unknown): void {
    if (this.#over || this.#onClosed !== null) return;
    this.#over = true;
    this.#log.error('recorderLost', { cause: messageOf(cause) });
    this.#refuseEndings('recorder-lost');
    this.#events.onLost(cause);
  }

  #refuseEndings(code: string): void {
    for (const [callId, ending] of this.#endings) {
      ending.timer.cancel();
      ending.reject(new StorageError(code, callId, { fields: { callId } }));
    }
    this.#endings.clear();
  }
}

/** Starts the recorder's thread. */
export function createRecorder(options: RecorderOptions, events: RecorderEvents): Recorder {
  return new Recorder(options, events);
}
