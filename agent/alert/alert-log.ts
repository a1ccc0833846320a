import { messageOf, StorageError, type Clock, type Log, type Timer } from '../../base/index.js';
import { alertRecord, type AlertState } from './alert.js';

/** One change to a table. Values are plain JSON. */
export type TableOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

/** A sorted table on disk, as alerts need it; the store's satisfies it. */
export interface AlertTable {
  /** In the order of keys, `gte` ≤ key < `lt`. */
  entries(range: {
    readonly gte: string;
    readonly lt: string;
  }): AsyncIterable<readonly [key: string, value: unknown]>;
  /** All or nothing; with `sync`, on the disk when it resolves. */
  batch(operations: readonly TableOperation[], options: { readonly sync: boolean }): Promise<void>;
}

/** How long telling waits for the disk, ms: an alarm that is late is worse than one that is unsaved. */
export const STORE_WAIT_MAX_MS = 150;
/** A write that takes longer than this is a fault of the disk, ms. */
export const STORE_HUNG_MS = 5_000;
/** Wait between attempts while the disk refuses, ms. */
export const STORE_RETRY_MS = 5_000;
/** The most keys that wait for a disk that refuses; then the oldest are given up and counted. */
export const UNSAVED_MAX = 20_000;
/** The most cleared alerts that are kept; the oldest go at start. */
export const CLEARED_MAX = 10_000;

const SEQ_KEY = 'seq';
const OPEN = 'open/';
const CLEARED = 'cleared/';
/** The range of all keys that begin with `prefix`, which ends in `/`. */
export const rangeOf = (prefix: string): { readonly gte: string; readonly lt: string } => ({
  gte: prefix,
  lt: `${prefix.slice(0, -1)}0`,
});

/** Fixed width, so that keys sort as numbers do. */
export const sortable = (number: number): string => String(number).padStart(16, '0');

export interface AlertLogOptions {
  readonly table: AlertTable;
  readonly clock: Clock;
  readonly log: Log;
  /** The disk began to refuse (true), or took everything again (false). */
  readonly onFailing: (isFailing: boolean) => void;
}

/**
 * Stores each step of an alert before anyone hears of it. One write is under way at a time and takes
 * along what gathered meanwhile; the newest value of a key wins. A disk that fails holds nothing back:
 * what it refused is kept in memory and tried again.
 */
export class AlertLog {
  readonly #options: AlertLogOptions;
  readonly #unsaved = new Map<string, TableOperation>();
  #waiting: (() => void)[] = [];
  #writing: Promise<void> | undefined;
  #isFailing = false;
  #retry: Timer | undefined;
  #seq = 0;
  #droppedCount = 0;

  constructor(options: AlertLogOptions) {
    this.#options = options;
  }

  /** Operations that the disk never took, since start. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /**
   * Reads what an earlier run left: the last `seq` and every alert not yet cleared, oldest first.
   * A record that cannot be read is left where it is and logged.
   */
  async restore(): Promise<readonly AlertState[]> {
    const { table, log } = this.#options;
    for await (const [, value] of table.entries({ gte: SEQ_KEY, lt: `${SEQ_KEY}\u0000` })) {
      if (typeof value === 'number' && Number.isSafeInteger(value)) this.#seq = value;
    }
    const open: AlertState[] = [];
    for await (const [key, value] of table.entries(rangeOf(OPEN))) {
      const record = alertRecord.safeParse(value);
      if (record.success) open.push(record.data);
      else log.error('alertRecordUnreadable', { key });
    }
    const cleared: string[] = [];
    for await (const [key] of table.entries(rangeOf(CLEARED))) cleared.push(key);
    const excess = cleared.slice(0, Math.max(0, cleared.length - CLEARED_MAX));
    void this.write(excess.map((key) => ({ type: 'del', key })));
    return open.sort((a, b) => a.raisedAtMs - b.raisedAtMs);
  }

  /** @returns the next number of an event of this box, and the operation that remembers it */
  nextSeq(): { readonly seq: number; readonly operation: TableOperation } {
    this.#seq += 1;
    return { seq: this.#seq, operation: { type: 'put', key: SEQ_KEY, value: this.#seq } };
  }

  /** How an alert is kept: the open ones together, so that a start reads few. */
  operationsOf(state: AlertState): readonly TableOperation[] {
    const open = `${OPEN}${state.alertId}`;
    if (state.name !== 'cleared') return [{ type: 'put', key: open, value: state }];
    const cleared = `${CLEARED}${sortable(state.raisedAtMs)}-${state.alertId}`;
    return [
      { type: 'del', key: open },
      { type: 'put', key: cleared, value: state },
    ];
  }

  /** Resolves when stored, or when there is no point in waiting any longer. Never rejects. */
  write(operations: readonly TableOperation[]): Promise<void> {
    for (const operation of operations) {
      this.#unsaved.delete(operation.key);
      this.#unsaved.set(operation.key, operation);
    }
    this.#limitUnsaved();
    if (operations.length === 0 || this.#isFailing) return Promise.resolve();
    return new Promise((resolve) => {
      const deadline = this.#options.clock.after(STORE_WAIT_MAX_MS, resolve);
      this.#waiting.push(() => {
        deadline.cancel();
        resolve();
      });
      this.#writing ??= this.#flush();
    });
  }

  /** Writes what is left, once. @throws {StorageError} code `alert-storage` when the disk refuses */
  async close(): Promise<void> {
    await this.#writing;
    this.#retry?.cancel();
    const left = [...this.#unsaved.values()];
    if (left.length === 0) return;
    this.#unsaved.clear();
    try {
      await this.#options.table.batch(left, { sync: true });
    } catch (cause) {
      throw new StorageError('alert-storage', 'alerts could not be stored', { cause });
    }
  }

  async #flush(): Promise<void> {
    while (this.#unsaved.size > 0) {
      const operations = [...this.#unsaved.values()];
      const waiting = this.#waiting;
      this.#unsaved.clear();
      this.#waiting = [];
      const isStored = await this.#attempt(operations);
      for (const resolve of waiting) resolve();
      if (!isStored) break;
    }
    this.#writing = undefined;
  }

  async #attempt(operations: readonly TableOperation[]): Promise<boolean> {
    const { table, clock, log } = this.#options;
    const hung = clock.after(STORE_HUNG_MS, () => this.#setFailing(true));
    try {
      await table.batch(operations, { sync: true });
      this.#setFailing(false);
      return true;
    } catch (cause) {
      log.error('alertStoreFailed', { cause: messageOf(cause), operations: operations.length });
      this.#takeBack(operations);
      this.#setFailing(true);
      this.#retry = clock.after(STORE_RETRY_MS, () => {
        this.#writing ??= this.#flush();
      });
      return false;
    } finally {
      hung.cancel();
    }
  }

  #takeBack(operations: readonly TableOperation[]): void {
    const newer = [...this.#unsaved.values()];
    this.#unsaved.clear();
    for (const operation of [...operations, ...newer]) this.#unsaved.set(operation.key, operation);
    this.#limitUnsaved();
  }

  #limitUnsaved(): void {
    for (const key of this.#unsaved.keys()) {
      if (this.#unsaved.size <= UNSAVED_MAX) return;
      this.#unsaved.delete(key);
      this.#droppedCount += 1;
    }
  }

  #setFailing(isFailing: boolean): void {
    if (this.#isFailing === isFailing) return;
    this.#isFailing = isFailing;
    // Whoever waits has waited enough: the disk holds no alarm back.
    for (const resolve of isFailing ? this.#waiting.splice(0) : []) resolve();
    this.#options.onFailing(isFailing);
  }
}
