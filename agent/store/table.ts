import type { ValueCodec } from './codec.js';

/** Which entries to read: keys compare as UTF-8 bytes. */
export interface EntryRange {
  readonly gte?: string;
  readonly lte?: string;
  /** Highest key first. */
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface WriteOptions {
  /** Wait until it is on the disk itself: for what must outlive a power cut, such as alerts. */
  readonly sync?: boolean;
}

/** One typed table of the store. Reading leaves out broken values: they are set aside and counted. */
export interface Table<T> {
  readonly name: string;
  readonly codec: ValueCodec<T>;
  /** @throws {StorageError} when the disk refuses */
  get(key: string): Promise<T | undefined>;
  put(key: string, value: T, options?: WriteOptions): Promise<void>;
  /** Deleting what is not there does nothing. */
  del(key: string, options?: WriteOptions): Promise<void>;
  /** In order of keys, of the state when iteration began. */
  entries(range?: EntryRange): AsyncGenerator<readonly [key: string, value: T]>;
}

/** Counts 1, 2, 3, … without a gap or a repeat over restarts: each number is stored with what bears it. */
export interface SequenceCounter {
  readonly name: string;
}

/** Gathers the writes of one batch: all of them reach the store, or none. */
export interface BatchWriter {
  put<T>(table: Table<T>, key: string, value: T): void;
  del<T>(table: Table<T>, key: string): void;
  /** The next number of `counter`; it is only used up when the batch is stored. */
  next(counter: SequenceCounter): number;
}

/** Between a table's name and the key. Names hold no such character. */
const SEPARATOR = '!';
/** The character after SEPARATOR: the first that no key of the table begins with. */
const AFTER_SEPARATOR = '"';

/** @returns the key in LevelDB */
export const fullKey = (table: string, key: string): string => `${table}${SEPARATOR}${key}`;

/** @returns the bounds of `range` in LevelDB, which never leave the table */
export function boundsOf(
  table: string,
  range: EntryRange,
): { gte: string; lt: string } | { gte: string; lte: string } {
  const gte = fullKey(table, range.gte ?? '');
  if (range.lte === undefined) return { gte, lt: `${table}${AFTER_SEPARATOR}` };
  return { gte, lte: fullKey(table, range.lte) };
}

/** @returns the table's own key */
export const ownKey = (table: string, key: string): string =>
  key.slice(table.length + SEPARATOR.length);
