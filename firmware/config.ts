import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { readConfigFile } from '../base/index.js';

/**
 * The little of the file that the daemon needs. It lets the rest pass unread: a mistake in the agent's
 * tables is the agent's to tell, and must not take lamp and bypass relay away.
 */
const firmwareConfig = z.looseObject({
  box: z.looseObject({ dataDirectory: z.string().min(1).default('data') }).prefault({}),
  firmware: z.strictObject({ socket: z.string().min(1).default('run/firmware.sock') }).prefault({}),
});

/**
 * @returns where the daemon listens, absolute: relative to the data directory, which is relative to the file
 * @throws {ConfigError} with every problem at once
 */
export function firmwareSocketIn(file: string): string {
  const { box, firmware } = readConfigFile(file, firmwareConfig);
  return resolve(dirname(resolve(file)), box.dataDirectory, firmware.socket);
}
