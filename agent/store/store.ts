import { strict as assert } from 'node:assert';

import type { ClassicLevel } from 'classic-level';

import { messageOf, StorageError, type Clock, type Log } from '../../base/index.js';
import { codecOf, type ValueCodec, type ValueShape } from './codec.js';
import { openDatabase, type StoreCondition } from './open-database.js';
import { storeErrorOf } from './store-error.js';
import {
  boundsOf,
  fullKey,
  ownKey,
  type BatchWriter,
  type EntryRange,
  type SequenceCounter,
  type Table,
  type WriteOptions,
} from './table.js';

/** Writes that may wait for the disk at once; a further one is refused with `store-overloaded`. */
export const WRITES_WAITING_MAX = 10_000;

const TABLE_NAME = /^[a-zA-Z][a-zA-Z0-9-]{0,63}$/u;
const SCHEMA_VERSION_KEY = fullKey('$store', 'schemaVersion');
const COUNTER_TABLE = '$counter';
const QUARANTINE_TABLE = '$quarantine';

/** Brings the store from one schema version to the next. Runs again when it was interrupted. */
export type Migration = (store: Store) => Promise<void>;

export interface StoreOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** `migrations[n]` leads from version n + 1 to n + 2; the version of this program is their count + 1. */
  readonly migrations?: readonly Migration[];
}

type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

/**
 * Typed tables on LevelDB. Writes are stored one after the other, in the order of the calls.
 * It knows nothing of what the tables mean.
 */
export class Store {
  readonly directory: string;
  readonly condition: StoreCondition;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #counted = new Map<string, number>();
  #database: ClassicLevel;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #quarantined = 0;
  #reopen = false;
  #closed = false;

  /** Use `openStore`. */
  constructor(
    directory: string,
    opened: { readonly database: ClassicLevel; readonly condition: StoreCondition },
    options: StoreOptions,
  ) {
    this.directory = directory;
    this.condition = opened.condition;
    this.#database = opened.database;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Broken values found and set aside since the store was opened. */
  get quarantinedCount(): number {
    return this.#quarantined;
  }

  /** Declares the table `name`: letters, digits and hyphens, 64 at most. */
  table<T>(name: string, shape: ValueShape<T>): Table<T> {
    assert.match(name, TABLE_NAME);
    return this.#table(name, codecOf(shape));
  }

  /** Declares the counter `name`. */
  counter(name: string): SequenceCounter {
    assert.match(name, TABLE_NAME);
    return { name };
  }

  /**
   * Stores all that `gather` writes, or nothing. `gather` runs when the earlier writes are stored, and must not wait.
   * @throws {StorageError} `disk-full`, `disk-read-only`, `store-overloaded`, …; then nothing was used up, counters neither
   */
  batch(gather: (writer: BatchWriter) => void, options: WriteOptions = {}): Promise<void> {
    return this.#enqueue(async () => {
      const numbers = new Map<string, number>();
      const operations: Operation[] = [];
      const counters = await this.#loadCounters();
      gather({
        put: (table, key, value) =>
          operations.push({
            type: 'put',
            key: fullKey(table.name, key),
            value: table.codec.encode(value),
          }),
        del: (table, key) => operations.push({ type: 'del', key: fullKey(table.name, key) }),
        next: (counter) => {
          const number = (numbers.get(counter.name) ?? counters.get(counter.name) ?? 0) + 1;
          numbers.set(counter.name, number);
          return number;
        },
      });
      for (const [name, number] of numbers) {
        operations.push({ type: 'put', key: fullKey(COUNTER_TABLE, name), value: String(number) });
      }
      await this.#database.batch(operations, { sync: options.sync ?? false });
      for (const [name, number] of numbers) this.#counted.set(name, number);
    });
  }

  /** Waits for the writes under way. Closing twice does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#tail;
    await this.#database.close();
  }

  /** @returns the schema version stored, null in a new store */
  async schemaVersion(): Promise<number | null> {
    const text = await this.#reading(() => this.#database.get(SCHEMA_VERSION_KEY));
    return text === undefined ? null : Number(text);
  }

  /** For `openStore` alone: marks that the store is as this version of the program wants it. */
  markSchemaVersion(version: number): Promise<void> {
    return this.#write([{ type: 'put', key: SCHEMA_VERSION_KEY, value: String(version) }], {
      sync: true,
    });
  }

  #table<T>(name: string, codec: ValueCodec<T>): Table<T> {
    const decode = async (key: string, text: string): Promise<T | undefined> => {
      try {
        return codec.decode(text);
      } catch (cause) {
        await this.#quarantine(name, key, { text, cause });
        return undefined;
      }
    };
    return {
      name,
      codec,
      get: async (key) => {
        const text = await this.#reading(() => this.#database.get(fullKey(name, key)));
        return text === undefined ? undefined : await decode(key, text);
      },
      put: (key, value, options) =>
        this.#write(
          [{ type: 'put', key: fullKey(name, key), value: codec.encode(value) }],
          options,
        ),
      del: (key, options) => this.#write([{ type: 'del', key: fullKey(name, key) }], options),
      entries: (range = {}) => this.#entries(name, range, decode),
    };
  }

  async *#entries<T>(
    name: string,
    range: EntryRange,
    decode: (key: string, text: string) => Promise<T | undefined>,
  ): AsyncGenerator<readonly [key: string, value: T]> {
    const iterator = this.#database.iterator({
      ...boundsOf(name, range),
      reverse: range.reverse ?? false,
    });
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    try {
      while (left > 0) {
        const entry = await this.#reading(() => iterator.next());
        if (entry === undefined) return;
        const key = ownKey(name, entry[0]);
        const value = await decode(key, entry[1]);
        if (value === undefined) continue;
        left -= 1;
        yield [key, value];
      }
    } finally {
      await iterator.close();
    }
  }

  async #quarantine(
    table: string,
    key: string,
    broken: { readonly text: string; readonly cause: unknown },
  ): Promise<void> {
    this.#quarantined += 1;
    this.#log.error('storeValueBroken', { table, key, cause: messageOf(broken.cause) });
    try {
      await this.#write([
        { type: 'put', key: fullKey(QUARANTINE_TABLE, fullKey(table, key)), value: broken.text },
        { type: 'del', key: fullKey(table, key) },
      ]);
    } catch (cause) {
      // It stays where it is and is met again at the next read; reading must go on.
      this.#log.warn('storeQuarantineFailed', { table, key, cause: messageOf(cause) });
    }
  }

  #write(operations: Operation[], options: WriteOptions = {}): Promise<void> {
    return this.#enqueue(() => this.#database.batch(operations, { sync: options.sync ?? false }));
  }

  #enqueue(run: () => Promise<void>): Promise<void> {
    if (this.#closed) return Promise.reject(this.#refusal('store-closed', 'is closed'));
    if (this.#waiting >= WRITES_WAITING_MAX) {
      const waiting = `has ${WRITES_WAITING_MAX} writes waiting`;
      return Promise.reject(this.#refusal('store-overloaded', waiting));
    }
    this.#waiting += 1;
    const done = this.#tail.then(() => this.#attempt(run));
    // Whoever called sees the error; the next write must not.
    this.#tail = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  async #attempt(run: () => Promise<void>): Promise<void> {
    try {
      if (this.#reopen) await this.#openAgain();
      await run();
    } catch (cause) {
      const error = storeErrorOf(cause, this.directory);
      // After a failed write LevelDB refuses every later one until it is opened again.
      if (error instanceof StorageError) this.#reopen = true;
      throw error;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #openAgain(): Promise<void> {
    this.#counted.clear();
    await this.#database.close();
    const opened = await openDatabase(this.directory, this.#clock, this.#log);
    this.#database = opened.database;
    this.#reopen = false;
    this.#log.info('storeReopened', { directory: this.directory });
  }

  async #loadCounters(): Promise<ReadonlyMap<string, number>> {
    if (this.#counted.size > 0) return this.#counted;
    for await (const [key, value] of this.#database.iterator(boundsOf(COUNTER_TABLE, {}))) {
      this.#counted.set(ownKey(COUNTER_TABLE, key), Number(value));
    }
    return this.#counted;
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    if (this.#closed) throw this.#refusal('store-closed', 'is closed');
    try {
      return await read();
    } catch (cause) {
      throw storeErrorOf(cause, this.directory);
    }
  }

  #refusal(code: string, what: string): StorageError {
    return new StorageError(code, `${this.directory}: the store ${what}`, {
      fields: { directory: this.directory },
    });
  }
}

/**
 * Opens the store in `directory`, creating, repairing and migrating it as needed; `condition` says how it was found.
 * @throws {UnavailableError} `store-locked`: another process has it open
 * @throws {StorageError} `store-newer`: written by a later version of the program; `disk-full`, `disk-read-only`, …
 */
export async function openStore(directory: string, options: StoreOptions): Promise<Store> {
  const opened = await openDatabase(directory, options.clock, options.log);
  const store = new Store(directory, opened, options);
  try {
    await migrate(store, options.migrations ?? []);
    return store;
  } catch (cause) {
    await store.close();
    throw storeErrorOf(cause, directory);
  }
}

async function migrate(store: Store, migrations: readonly Migration[]): Promise<void> {
  const ours = migrations.length + 1;
  const found = await store.schemaVersion();
  if (found === null) return store.markSchemaVersion(ours);
  if (found > ours) {
    const message = `${store.directory}: schema version ${found}, this program knows ${ours}`;
    throw new StorageError('store-newer', message, { fields: { found, ours } });
  }
  for (const [index, migration] of migrations.entries()) {
    if (index + 1 < found) continue;
    await migration(store);
    await store.markSchemaVersion(index + 2);
  }
}
