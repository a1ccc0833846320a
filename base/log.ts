import { pino, type DestinationStream } from 'pino';

/** Fields of a log line: ids, names, quantities with their unit. Never speech, whole numbers of callers or secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A log of events with fields, no prose. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A log that adds `fields` to each line. */
  with(fields: LogFields): Log;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

interface PinoLike {
  debug(fields: object, event: string): void;
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
  error(fields: object, event: string): void;
  child(fields: object): PinoLike;
}

const wrap = (target: PinoLike): Log => ({
  debug: (event, fields = {}) => target.debug(fields, event),
  info: (event, fields = {}) => target.info(fields, event),
  warn: (event, fields = {}) => target.warn(fields, event),
  error: (event, fields = {}) => target.error(fields, event),
  with: (fields) => wrap(target.child(fields)),
});

/**
 * JSON lines, one per event.
 * @param destination where they go; standard output unless told
 */
export function openLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return wrap(destination === undefined ? pino(options) : pino(options, destination));
}

const nothing = (): void => undefined;
/** A log that keeps nothing; for tests and for libraries that must be quiet. */
export const silentLog: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  with: () => silentLog,
};
