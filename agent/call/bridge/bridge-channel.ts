import type { MessagePort } from 'node:worker_threads';
import type { BridgeFault } from './bridge-environment.js';
import type { BridgeCommand, BridgeEvent, BridgeSettings } from './bridge-protocol.js';

/** Where taps go, thread to thread; null: nowhere, yet. */
export interface TapPorts {
  readonly recordPort: MessagePort | null;
  readonly detectPort: MessagePort | null;
}

/** What the worker is started with. */
export interface BridgeWorkerStart extends TapPorts {
  readonly settings: BridgeSettings;
  /** `process.hrtime` less `performance.now()` of the main thread: so both threads' monotonic ms are the same. */
  readonly hrtimeOffsetMs: number;
}

/** What goes to the worker besides the commands. */
export type ToBridgeWorker =
  { readonly command: BridgeCommand } | { readonly connect: Partial<TapPorts> };

/** What comes back. */
export type FromBridgeWorker = { readonly event: BridgeEvent } | { readonly fault: BridgeFault };

/** @returns how far the zero of this thread's `performance.now()` is from that of `process.hrtime`, ms */
export function hrtimeOffsetMs(): number {
  return Number(process.hrtime.bigint()) / 1e6 - performance.now();
}
