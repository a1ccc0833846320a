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
  const server = await startHardwareServer({ socketPath, front, log }).catch((cause: unknown) => {
    front.close();
    throw cause;
  });
  await new Promise<void>((resolve) => {
    const pressSos = (): void => hardware.press('sos');
    const pressAcknowledge = (): void => hardware.press('acknowledge');
    const closePanel =
      terminal === undefined ? undefined : openTerminalPanel(hardware, terminal, () => finish());
    const finish = (): void => {
      closePanel?.();
      process.off('SIGTERM', finish).off('SIGINT', finish);
      process.off('SIGUSR1', pressSos).off('SIGUSR2', pressAcknowledge);
      resolve();
    };
    process.once('SIGTERM', finish).once('SIGINT', finish);
    process.on('SIGUSR1', pressSos).on('SIGUSR2', pressAcknowledge);
    if (options.stop?.aborted === true) finish();
    else options.stop?.addEventListener('abort', finish, { once: true });
  });
  front.close();
  await server.close();
  hardware.close();
  log.info('firmwareStopped');
  return EXIT_OK;
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
