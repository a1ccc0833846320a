import { mkdir, rename } from 'node:fs/promises';

import { ClassicLevel } from 'classic-level';

import { messageOf, StorageError, type Clock, type Log } from '../../base/index.js';
import { isCorruption, storeErrorOf } from './store-error.js';

/** How the database was found when it was opened. */
export type StoreCondition =
  | { readonly name: 'intact' }
  /** LevelDB rebuilt it from what was readable. */
  | { readonly name: 'repaired'; readonly error: StorageError }
  /** Beyond repair: moved aside whole, and begun anew. */
  | { readonly name: 'replaced'; readonly movedTo: string; readonly error: StorageError };

export interface OpenedDatabase {
  readonly database: ClassicLevel;
  readonly condition: StoreCondition;
}

async function open(directory: string): Promise<ClassicLevel> {
  const database = new ClassicLevel(directory, { keyEncoding: 'utf8', valueEncoding: 'utf8' });
  await database.open();
  return database;
}

const corrupt = (directory: string, cause: unknown): StorageError =>
  new StorageError('store-corrupt', `${directory}: ${messageOf(cause)}`, {
    cause,
    fields: { directory },
  });

/**
 * Opens the LevelDB in `directory`. A broken one is repaired; one that cannot be repaired is moved aside, never deleted:
 * a box that has lost its tables still takes calls, and what is in the old files can be looked for later.
 * @throws {UnavailableError} `store-locked` when another process has it open
 * @throws {StorageError} when the disk refuses
 */
export async function openDatabase(
  directory: string,
  clock: Clock,
  log: Log,
): Promise<OpenedDatabase> {
  try {
    await mkdir(directory, { recursive: true });
    return { database: await open(directory), condition: { name: 'intact' } };
  } catch (cause) {
    if (!isCorruption(cause)) throw storeErrorOf(cause, directory);
    log.error('storeCorrupt', { directory, cause: messageOf(cause) });
    return await rescue(directory, clock, corrupt(directory, cause));
  }
}

async function rescue(
  directory: string,
  clock: Clock,
  error: StorageError,
): Promise<OpenedDatabase> {
  try {
    await ClassicLevel.repair(directory);
    return { database: await open(directory), condition: { name: 'repaired', error } };
  } catch {
    // Repair failing is the very reason for the next step; the first error says what was wrong.
  }
  const movedTo = `${directory}.broken-${clock.wallMs()}`;
  try {
    await rename(directory, movedTo);
    await mkdir(directory, { recursive: true });
    return {
      database: await open(directory),
      condition: { name: 'replaced', movedTo, error },
    };
  } catch (cause) {
    throw storeErrorOf(cause, directory);
  }
}
