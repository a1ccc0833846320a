import { Worker, type MessagePort, type Transferable } from 'node:worker_threads';
import type { Clock, Log } from '../../../base/index.js';
import {
  hrtimeOffsetMs,
  type BridgeWorkerStart,
  type FromBridgeWorker,
  type TapPorts,
  type ToBridgeWorker,
} from './bridge-channel.js';
import type { BridgeCommand, BridgeEvent, BridgeSettings } from './bridge-protocol.js';

/** The worker is ended by force when it has not ended by then, ms. */
const CLOSE_MS_MAX = 3_000;

export interface BridgeClientOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly onEvent: (event: BridgeEvent) => void;
  /** The worker died, which is a bug of ours: all legs are gone. Never called after `close`. */
  readonly onLost: (cause: Error) => void;
  /** Receives `RecordTap` messages; may follow later by `connect`. */
  readonly recordPort?: MessagePort;
  /** Receives `DetectTap` messages; may follow later by `connect`. */
  readonly detectPort?: MessagePort;
}

/** The main thread's side of the media worker. */
export interface BridgeClient {
  /** Resolves when the worker takes commands; rejects when it cannot start. Commands sent earlier wait. */
  readonly ready: Promise<void>;
  send(command: BridgeCommand): void;
  /** Gives a tap another port, such as that of a recorder that was started again; it is handed over. */
  connect(ports: Partial<TapPorts>): void;
  /** Closes all legs, tells their last numbers, and ends the worker. A second call waits for the first. */
  close(): Promise<void>;
}

/** Starts the media worker. */
export function startBridge(settings: BridgeSettings, options: BridgeClientOptions): BridgeClient {
  const { clock, log, onEvent, onLost } = options;
  const ports = { recordPort: options.recordPort ?? null, detectPort: options.detectPort ?? null };
  const start: BridgeWorkerStart = { settings, ...ports, hrtimeOffsetMs: hrtimeOffsetMs() };
  const worker = new Worker(new URL('./bridge-worker.js', import.meta.url), {
    name: 'media',
    workerData: start,
    transferList: portsIn(ports),
  });
  let isClosing = false;
  let isLost = false;
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const ready = new Promise<void>((resolve, reject) => {
    const lose = (cause: Error): void => {
      reject(cause);
      if (isLost || isClosing) return;
      isLost = true;
      log.error('bridge.lost', { cause: cause.message });
      onLost(cause);
    };
    worker.on('message', (message: FromBridgeWorker) => {
      if ('fault' in message) {
        log.warn('bridge.fault', { ...message.fault });
        return;
      }
      if (message.event.name === 'ready') resolve();
      onEvent(message.event);
    });
    worker.on('error', (cause) => lose(cause instanceof Error ? cause : new Error(String(cause))));
    worker.on('exit', (code) => lose(new Error(`the media worker ended with code ${code}`)));
  });
  // Whoever does not wait for it hears of it by onLost.
  ready.catch(() => undefined);
  const post = (message: ToBridgeWorker, transfer: readonly Transferable[] = []): void =>
    worker.postMessage(message, transfer);
  return {
    ready,
    send: (command) => post({ command }),
    connect: (given) => post({ connect: given }, portsIn(given)),
    async close() {
      if (!isClosing) {
        isClosing = true;
        post({ command: { do: 'close' } });
      }
      const limit = clock.after(CLOSE_MS_MAX, () => void worker.terminate());
      await exited;
      limit.cancel();
    },
  };
}

function portsIn({ recordPort, detectPort }: Partial<TapPorts>): MessagePort[] {
  return [recordPort, detectPort].filter((port) => port !== null && port !== undefined);
}
