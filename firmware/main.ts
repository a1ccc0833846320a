/** The hardware daemon: its parts wired, from the socket to the lamp. */
import { ConfigError, systemClock, type Clock, type Log } from '../base/index.js';
import { firmwareSocketIn } from './config.js';
import { BoxFront } from './devices/index.js';
import { FakeHardware, openTerminalPanel, type FakeState, type Terminal } from './hal/index.js';
import { startHardwareServer } from './server/index.js';

export type { Terminal } from './hal/index.js';

export interface FirmwareOptions {
  /** Where to listen, absolute; else `configFile` says it. */
  readonly socketPath?: string;
  readonly configFile?: string;
  /** Lamp, buzzer, buttons and relay in memory. */
  readonly simulate: boolean;
  readonly clock?: Clock;
  readonly log: Log;
  /** Draws the simulated hardware there and takes keys as buttons. */
  readonly terminal?: Terminal;
  /** Logs each change of lamp, buzzer and relay, each flash included. */
  readonly everyChange?: boolean;
  /** Ends the daemon as SIGTERM does. */
  readonly stop?: AbortSignal;
}

export const EXIT_OK = 0;

/**
 * Runs until SIGTERM or SIGINT; SIGUSR1 presses the simulated SOS button, SIGUSR2 acknowledges.
 * @returns the exit status
 * @throws {ConfigError} in the configuration, or without `simulate` on a build that has no drivers
 * @throws {UnavailableError} `socket-taken`, `socket-listen`
 */
export async function runFirmware(options: FirmwareOptions): Promise<number> {
  const { log, clock = systemClock, terminal } = options;
  const socketPath = socketOf(options);
  if (!options.simulate) throw withoutDrivers(options.configFile);
  const hardware = new FakeHardware(clock);
  if (terminal === undefined) hardware.watch(logChanges(log, options.everyChange === true));
  const front = new BoxFront({ hardware, clock, log });
  // Before anyone is told that we serve: until then SIGUSR1 would open Node's debugger.
  const signals = watchSignals(hardware, options.stop);
  const closePanel =
    terminal === undefined ? undefined : openTerminalPanel(hardware, terminal, signals.finish);
  try {
    const server = await startHardwareServer({ socketPath, front, log });
    await signals.finished;
    await server.close();
  } finally {
    closePanel?.();
    signals.close();
    front.close();
    hardware.close();
  }
  log.info('firmwareStopped');
  return EXIT_OK;
}

interface Signals {
  /** Resolves at SIGTERM, SIGINT, `stop` or `finish()`. */
  readonly finished: Promise<void>;
  readonly finish: () => void;
  readonly close: () => void;
}

function watchSignals(hardware: FakeHardware, stop: AbortSignal | undefined): Signals {
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const pressSos = (): void => hardware.press('sos');
  const pressAcknowledge = (): void => hardware.press('acknowledge');
  process.once('SIGTERM', finish).once('SIGINT', finish);
  process.on('SIGUSR1', pressSos).on('SIGUSR2', pressAcknowledge);
  if (stop?.aborted === true) finish();
  else stop?.addEventListener('abort', finish, { once: true });
  const close = (): void => {
    stop?.removeEventListener('abort', finish);
    process.off('SIGTERM', finish).off('SIGINT', finish);
    process.off('SIGUSR1', pressSos).off('SIGUSR2', pressAcknowledge);
  };
  return { finished, finish, close };
}

function socketOf({ socketPath, configFile }: FirmwareOptions): string {
  return socketPath ?? firmwareSocketIn(configFile ?? 'tatebako.toml');
}

function withoutDrivers(file = 'tatebako.toml'): ConfigError {
  return new ConfigError([
    {
      file,
      path: 'firmware',
      expected: '--simulate, since this build drives no real hardware yet',
      found: 'none',
    },
  ]);
}

/** The relay always, since it is rare and matters; flashes only when asked for. */
function logChanges(log: Log, everyChange: boolean): (state: FakeState) => void {
  let wasOnBox = false;
  return ({ lamp, buzzerHz, isLineOnBox }) => {
    if (isLineOnBox !== wasOnBox) log.info('relay', { isLineOnBox });
    else if (everyChange) log.info('lamp', { lamp, buzzerHz });
    wasOnBox = isLineOnBox;
  };
}
