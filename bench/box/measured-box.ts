import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Child } from '../measure/child.js';
import { childrenOf, commandOf, rssBytes } from '../measure/process-figures.js';
import type { Sample } from '../measure/statistics.js';
import {
  BOX_ADDRESS,
  BOX_ID,
  extensionOf,
  GATEWAY_ADDRESS,
  LINE_USER,
  passwordOf,
  RTP_PORTS,
  SIP_PORT,
} from './place.js';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COMMAND = join(ROOT, 'bin/tatebako.mjs');
/** How long models may take to load beside a busy machine. */
const LISTENING_AFTER_MS = 60_000;
const logLine = z.looseObject({ event: z.string() });
export type LogLine = z.infer<typeof logLine>;

export interface MeasuredBoxOptions {
  readonly phones: number;
  readonly detector: boolean;
  /** A WAV to announce; the built-in one unless told. */
  readonly announcement?: string;
}

/** The box as a shop runs it: a process of its own, configured by a file, on an empty data directory. */
export class MeasuredBox {
  readonly #child: Child;
  readonly #folder: string;
  readonly #listeners = new Set<(line: LogLine) => void>();
  /** Warnings and errors that it logged, by event. */
  readonly complaints = new Map<string, number>();

  private constructor(child: Child, folder: string) {
    this.#child = child;
    this.#folder = folder;
    child.onLine((line) => this.#take(line));
  }

  /** Resolves when it takes calls, and, where it shall listen, when the detector does. */
  static async start(options: MeasuredBoxOptions): Promise<MeasuredBox> {
    const folder = await mkdtemp(join(tmpdir(), 'tatebako-bench-'));
    const config = join(folder, 'tatebako.toml');
    await mkdir(join(folder, 'data'));
    await writeFile(config, await configOf(folder, options));
    const child = new Child([process.execPath, COMMAND, 'run', '--config', config]);
    const box = new MeasuredBox(child, folder);
    const listens = options.detector ? box.until(isListening) : Promise.resolve();
    try {
      await box.until((line) => line.event === 'agentReady');
      await listens;
      return box;
    } catch (cause) {
      await box.stop();
      throw cause;
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** @returns the detector's process; null when there is none */
  get detectorPid(): number | null {
    return childrenOf(this.pid).find((pid) => commandOf(pid).includes('detector')) ?? null;
  }

  /** Resolves with the first line of its log from now on that matches. */
  until(matches: (line: LogLine) => boolean): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const listener = (line: LogLine): void => {
        if (!matches(line)) return;
        this.#listeners.delete(listener);
        clearTimeout(timeout);
        resolve(line);
      };
      const timeout = setTimeout(() => {
        reject(
          new Error(`the box is not ready after ${LISTENING_AFTER_MS} ms:\n${this.#child.tail}`),
        );
      }, LISTENING_AFTER_MS);
      this.#listeners.add(listener);
      void this.#child.exited.then((code) => {
        reject(new Error(`the box ended with ${code ?? 'a signal'}:\n${this.#child.tail}`));
      });
    });
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #take(text: string): void {
    if (!text.startsWith('{')) return;
    const parsed = logLine.safeParse(JSON.parse(text));
    if (!parsed.success) return;
    const line = parsed.data;
    if (isComplaint(line)) {
      this.complaints.set(line.event, (this.complaints.get(line.event) ?? 0) + 1);
    }
    for (const listener of this.#listeners) listener(line);
  }
}

const isListening = (line: LogLine): boolean =>
  line.event === 'detectorState' && line['name'] === 'listening';

/** pino's levels: 40 warn, 50 error. */
const isComplaint = (line: LogLine): boolean =>
  line['level'] === 'warn' || line['level'] === 'error' || Number(line['level']) >= 40;

async function secret(folder: string, name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, `${text}\n`, { mode: 0o600 });
  return file;
}

async function configOf(folder: string, options: MeasuredBoxOptions): Promise<string> {
  const tables = [
    ['box', `id = "${BOX_ID}"`, 'name = "測定商店"', 'dataDirectory = "data"'],
    [
      'sip',
      `listenAddress = "${BOX_ADDRESS}"`,
      `advertisedAddress = "${BOX_ADDRESS}"`,
      `port = ${SIP_PORT}`,
    ],
    ['rtp', `firstPort = ${RTP_PORTS.first}`, `lastPort = ${RTP_PORTS.last}`],
    [
      'line',
      'profile = "generic"',
      `gatewayAddress = "${GATEWAY_ADDRESS}"`,
      `gatewayPort = ${SIP_PORT}`,
      `user = "${LINE_USER}"`,
      'register = false',
      'callsMax = 8',
    ],
    ['detector', `enabled = ${options.detector}`],
    ['mqtt', 'broker = "embedded"', `host = "${BOX_ADDRESS}"`],
  ];
  if (options.announcement !== undefined) {
    tables.push(['announcement', `file = "${options.announcement}"`]);
  }
  // The embedded broker without a password is loopback alone, which 127.92.0.1 is.
  const text = tables.map(([name = '', ...lines]) => [`[${name}]`, ...lines].join('\n'));
  for (let index = 0; index < options.phones; index += 1) {
    const extension = extensionOf(index);
    const file = await secret(folder, `phone-${extension}`, passwordOf(extension));
    const lines = ['[[phone]]', `extension = "${extension}"`, `name = "電話${extension}"`];
    text.push([...lines, `passwordFile = "${file}"`].join('\n'));
  }
  return `${text.join('\n\n')}\n`;
}

/** Memory over time of the box's two processes. */
export class MemoryWatch {
  readonly agent: Sample[] = [];
  readonly detector: Sample[] = [];
  readonly #interval: NodeJS.Timeout;
  readonly #startedMs = performance.now();

  constructor(box: MeasuredBox, everyMs: number) {
    const look = (): void => {
      const atMs = performance.now() - this.#startedMs;
      const { detectorPid } = box;
      const figures = [
        [this.agent, rssBytes(box.pid)],
        [this.detector, detectorPid === null ? null : rssBytes(detectorPid)],
      ] as const;
      for (const [samples, value] of figures) {
        if (value !== null) samples.push({ atMs, value: value / 2 ** 20 });
      }
    };
    look();
    this.#interval = setInterval(look, everyMs);
  }

  stop(): void {
    clearInterval(this.#interval);
  }
}
