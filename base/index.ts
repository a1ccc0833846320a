export { clampDelayMs, systemClock, TIMER_DELAY_MAX_MS, type Clock, type Timer } from './clock.js';
export { randomHex, systemRandom, type Random } from './random.js';
export { openLog, silentLog, type Log, type LogFields, type LogLevel } from './log.js';
export {
  ConfigError,
  DeadlineError,
  formatConfigProblem,
  messageOf,
  ProtocolError,
  StorageError,
  TatebakoError,
  UnavailableError,
  type Blame,
  type ConfigProblem,
  type ErrorDetail,
} from './errors.js';
export { readConfigFile, validateConfig } from './config-file.js';
export { readSecretFile, type SecretFile } from './secret-file.js';
export { formatIsoTime, PTIME_MS, TELEPHONE_RATE_HZ } from './units.js';
export { listenOnUnixSocket, SOCKET_PATH_BYTES_MAX } from './unix-socket.js';
