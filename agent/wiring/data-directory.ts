import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, messageOf } from '../../base/index.js';
import type { Config } from '../config.js';

/**
 * Makes the folder of everything that the box keeps, with the one for its sockets.
 * @throws {ConfigError} when it cannot be made: the operator named a place that is none
 */
export async function makeDataDirectory({ file, dataDirectory }: Config): Promise<void> {
  try {
    await mkdir(join(dataDirectory, 'run'), { recursive: true, mode: 0o750 });
  } catch (cause) {
    const expected = 'a directory that can be made and written';
    const found = messageOf(cause);
    throw new ConfigError([{ file, path: 'box.dataDirectory', expected, found }], { cause });
  }
}
