/** Those who relay the same calls in the same minutes: the box's media worker, a bare C relay, rtpengine in userspace. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { z } from 'zod';
import { Child, isInstalled } from '../measure/child.js';
import { openNgClient } from './rtpengine-client.js';

/** One relay with its calls up. */
export interface Contestant {
  readonly name: string;
  readonly pid: number;
  /** Where the load generator sends, one for each of its ports. */
  readonly relayPorts: readonly number[];
  close(): Promise<void>;
}

/** Brings calls up between these ports of the load generator, two a call. */
export type OpenContestant = (loadPorts: readonly number[]) => Promise<Contestant>;

const SOURCES = fileURLToPath(new URL('../../../bench/relay', import.meta.url));
const BRIDGE_RELAY = fileURLToPath(new URL('./bridge-relay.js', import.meta.url));
const C_RELAY_FIRST_PORT = 21_000;
const NG_PORT = 2_223;
const RTPENGINE_PORTS = ['--port-min=22000', '--port-max=23999'];
const portList = z.array(z.int());

/** Compiles one of the C programs that stand beside this file. @returns the program */
export function compile(name: string, folder: string): string {
  const program = join(folder, name);
  const flags = ['-O2', '-Wall', '-Wextra', '-o', program];
  execFileSync('gcc', [...flags, join(SOURCES, `${name}.c`)], { stdio: 'inherit' });
  return program;
}

/** The box's media worker, with or without copies for recorder and detector and an ear for tones. */
export function bridgeRelay(withTaps: boolean): OpenContestant {
  return async (loadPorts) => {
    const flags = withTaps ? ['--taps'] : [];
    const argv = [process.execPath, BRIDGE_RELAY, ...loadPorts.map(String), ...flags];
    const child = new Child(argv);
    const line = await child.line((text) => text.startsWith('['));
    return {
      name: withTaps ? 'media worker, taps on' : 'media worker',
      pid: child.pid,
      relayPorts: portList.parse(JSON.parse(line)),
      close: async () => {
        child.endInput();
        await child.exited;
      },
    };
  };
}

export function cRelay(program: string): OpenContestant {
  return async (loadPorts) => {
    const relayPorts = loadPorts.map((_, i) => C_RELAY_FIRST_PORT + 2 * i);
    const child = new Child([program]);
    const ready = child.line((text) => text === 'ready');
    child.write(relayPorts.map((port, i) => `${port} ${loadPorts[i] ?? 0}\n`).join(''));
    child.endInput();
    await ready;
    return { name: 'C relay', pid: child.pid, relayPorts, close: () => child.stop() };
  };
}

export const hasRtpengine = (): boolean => isInstalled('rtpengine');

/** rtpengine without its kernel module: each call set up by offer and answer over its control protocol. */
export const rtpengine: OpenContestant = async (loadPorts) => {
  const own = ['--foreground', '--log-stderr', '--log-level=4', '--config-file=none'];
  const limits = ['--timeout=3600', '--silent-timeout=3600', ...RTPENGINE_PORTS];
  const where = ['--table=-1', '--interface=127.0.0.1', `--listen-ng=127.0.0.1:${NG_PORT}`];
  const child = new Child(['rtpengine', ...own, ...limits, ...where]);
  const client = await openNgClient(NG_PORT);
  try {
    await client.ready();
    const relayPorts: number[] = [];
    for (let i = 0; i < loadPorts.length; i += 2) {
      const [a = 0, b = 0] = loadPorts.slice(i, i + 2);
      relayPorts.push(...(await client.call(`call-${i / 2}`, a, b)));
    }
    return { name: 'rtpengine', pid: child.pid, relayPorts, close: () => child.stop() };
  } catch (cause) {
    await child.stop();
    throw new Error(`rtpengine: ${child.tail}`, { cause });
  } finally {
    client.close();
  }
};
