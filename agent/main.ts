/** The agent's process: reads nothing itself, wires everything, ends cleanly. */
import {
  ConfigError,
  formatConfigProblem,
  messageOf,
  openLog,
  systemClock,
  systemRandom,
  UnavailableError,
  type ConfigProblem,
  type Log,
} from '../base/index.js';
import type { Config } from './config.js';
import { Agent, type World } from './wiring/agent.js';
import { Outside } from './wiring/outside.js';

/** sysexits.h: bad configuration; internal software error. */
const EXIT_CONFIG = 78;
const EXIT_BUG = 70;

export interface RunOptions {
  readonly log?: Log;
  /** Where configuration problems go, one a line. */
  readonly complain: (line: string) => void;
}

/**
 * Runs the agent until SIGTERM or SIGINT.
 * @returns the exit status: 0, 70 for a bug of ours, 78 for a bad configuration (a port that is taken is one)
 */
export async function runAgent(config: Config, options: RunOptions): Promise<number> {
  const log = options.log ?? openLog('info');
  const world: World = { clock: systemClock, log, random: systemRandom };
  const stopped = stopSignal();
  try {
    const agent = await Agent.start(config, world);
    const outside = await openOutside(agent, world);
    log.info('agentReady', {
      boxId: config.box.id,
      sipPort: agent.telephone.port,
      mqttPort: agent.mqtt?.port ?? null,
    });
    const signal = await stopped;
    log.info('agentStopping', { signal });
    await outside.close();
    await agent.stop();
    log.info('agentStopped');
    return 0;
  } catch (cause) {
    const problem = problemOf(cause, config);
    if (problem === null) {
      log.error('agentFailed', {
        cause: messageOf(cause),
        stack: cause instanceof Error ? cause.stack : null,
      });
      return EXIT_BUG;
    }
    options.complain(formatConfigProblem(problem));
    log.error('agentRefused', { path: problem.path, found: problem.found });
    return EXIT_CONFIG;
  }
}

async function openOutside(agent: Agent, world: World): Promise<Outside> {
  try {
    return await Outside.open(agent, world);
  } catch (cause) {
    await agent.stop();
    throw cause;
  }
}

/** A second signal changes nothing: the farewell has its own limits, and must not be cut short by an impatient one. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
}

/** What another program holds is the operator's to settle: which port, and by what setting. */
function problemOf(cause: unknown, config: Config): ConfigProblem | null {
  if (cause instanceof ConfigError) return cause.problems[0] ?? null;
  if (!(cause instanceof UnavailableError)) return null;
  const { file } = config;
  const { port: taken } = cause.fields;
  const port = typeof taken === 'number' ? String(taken) : 'the port';
  switch (cause.code) {
    case 'sipPortInUse':
      return {
        file,
        path: 'sip.port',
        expected: 'a free port',
        found: `${port}, which another program uses`,
      };
    case 'sipPortUnavailable':
      return {
        file,
        path: 'sip.listenAddress',
        expected: 'an address of this machine',
        found: messageOf(cause),
      };
    case 'port-taken':
      return {
        file,
        path: 'mqtt.port',
        expected: 'a free port',
        found: `${port}, which another program uses`,
      };
    case 'mqtt-listen':
      return {
        file,
        path: 'mqtt.host',
        expected: 'an address of this machine',
        found: messageOf(cause),
      };
    case 'store-locked':
    case 'socket-taken':
      return {
        file,
        path: 'box.dataDirectory',
        expected: 'a directory that no other agent uses',
        found: messageOf(cause),
      };
    default:
      return null;
  }
}
