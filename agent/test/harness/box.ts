import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Listener } from '../../mqtt/testing/listener.js';
import { readStereo, sine, writeAudio, type Stereo } from './audio.js';
import { Child, type Exit, type Scope } from './child.js';
import { answerFirstKeepalive } from './keepalive.js';
import { Observed } from './observed.js';
import { SIP_PORT, type Place } from './place.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const COMMAND = join(ROOT, 'bin/tatebako.mjs');
export const BOX_ID = 'sakura';
/** Long enough to be heard, short enough where the announcement is not what the test is about. */
export const SHORT_ANNOUNCEMENT = { hz: 770, ms: 600 };

/** One line of the box's log. */
export interface LogLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A call as `tatebako calls --json` tells it; only what the tests look at. */
export interface CallEntry {
  readonly id: string;
  readonly direction: string;
  readonly caller: { readonly kind: string; readonly number?: string };
  readonly extension: string | null;
  readonly called: string;
  readonly announcement: { readonly what: string; readonly completed: boolean } | null;
  readonly answeredAtMs: number | null;
  readonly answeredBy: string | null;
  readonly endedAtMs: number | null;
  readonly outcome: string;
  readonly endedBy: string | null;
  readonly endedHow: string | null;
  readonly fax: boolean;
  readonly emergency: boolean;
  readonly transfers: readonly { readonly from: string; readonly to: string }[];
  readonly holds: readonly { readonly by: string; readonly toMs: number | null }[];
  readonly health: {
    readonly caller: { readonly packetsReceived: number; readonly packetsLost: number } | null;
    readonly staff: { readonly packetsReceived: number; readonly packetsLost: number } | null;
  };
  readonly recording: { readonly bytes: number; readonly durationMs: number } | null;
}

export interface BoxOptions {
  readonly profile?: 'hgw' | 'ht813' | 'generic';
  /** Register at the gateway with this digest password. */
  readonly linePassword?: string;
  /** Extensions; the password of each is `shop-<extension>-pass`. */
  readonly phones?: readonly string[];
  /** `short` (a beep of 0.6 s) unless told; `builtIn` is the spoken one. */
  readonly announcement?: 'short' | 'builtIn';
  /** Lines of further keys for a table: `{ line: ['callsMax = 1'] }`. */
  readonly more?: Readonly<Record<string, readonly string[]>>;
  /** An outside broker instead of the embedded one. */
  readonly broker?: string;
  readonly detector?: boolean;
}

export const phonePassword = (extension: string): string => `shop-${extension}-pass`;

async function secret(folder: string, name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, `${text}\n`);
  await chmod(file, 0o600);
  return file;
}

/** Writes a configuration with all that it points to. @returns its file */
export async function writeBoxConfig(place: Place, options: BoxOptions = {}): Promise<string> {
  const { profile = 'generic', phones = ['201'], linePassword, more = {} } = options;
  const tables: Record<string, string[]> = {
    box: [
      `id = "${BOX_ID}"`,
      'name = "さくら商店"',
      'timezone = "Asia/Tokyo"',
      'language = "ja"',
      'dataDirectory = "data"',
    ],
    sip: [`listenAddress = "${place.box}"`, `advertisedAddress = "${place.box}"`],
    rtp: [`firstPort = ${place.rtpFirstPort}`, `lastPort = ${place.rtpLastPort}`],
    line: [
      `profile = "${profile}"`,
      `gatewayAddress = "${place.gateway}"`,
      `gatewayPort = ${SIP_PORT}`,
      'user = "3"',
      `register = ${linePassword !== undefined}`,
    ],
    announcement: [],
    detector: [`enabled = ${options.detector === true}`],
    mqtt: [`broker = "${options.broker ?? 'embedded'}"`, `host = "${place.box}"`, 'willDelayS = 0'],
  };
  await mkdir(join(place.folder, 'data'), { recursive: true });
  if (linePassword !== undefined) {
    const file = await secret(place.folder, 'line-password', linePassword);
    tables['line']?.push('authUser = "0003"', `passwordFile = "${file}"`);
  }
  if (options.announcement !== 'builtIn') {
    const { hz, ms } = SHORT_ANNOUNCEMENT;
    await writeAudio(join(place.folder, 'announcement.wav'), sine(hz, ms));
    tables['announcement']?.push('file = "announcement.wav"');
  }
  for (const [table, lines] of Object.entries(more)) (tables[table] ??= []).push(...lines);
  const text = Object.entries(tables).map(([name, lines]) => [`[${name}]`, ...lines].join('\n'));
  for (const extension of phones) {
    const file = await secret(place.folder, `phone-${extension}`, phonePassword(extension));
    text.push(`[[phone]]\nextension = "${extension}"\nname = "電話${extension}"`);
    text.push(`passwordFile = "${file}"`);
  }
  const config = join(place.folder, 'tatebako.toml');
  await writeFile(config, `${text.join('\n')}\n`);
  return config;
}

/** The box as a shop runs it: one process from the command line, known only by what it promises outside. */
export class Box {
  readonly place: Place;
  readonly config: string;
  readonly log = new Observed<LogLine>('box log');
  readonly #t: Scope;
  #child: Child;
  #mqtt: Listener | null = null;

  constructor(t: Scope, place: Place, config: string) {
    this.#t = t;
    this.place = place;
    this.config = config;
    this.#child = this.#run();
  }

  get brokerUrl(): string {
    return `mqtt://${this.place.box}:1883`;
  }

  /** What it prints, the lines that are not JSON too. */
  get lines(): Observed<string> {
    return this.#child.lines;
  }

  #run(): Child {
    const argv = [process.execPath, COMMAND, 'run', '--config', this.config];
    const child = new Child(this.#t, 'tatebako', argv, { cwd: ROOT });
    const push = child.lines.push.bind(child.lines);
    child.lines.push = (line) => {
      push(line);
      const parsed = parseLine(line);
      if (parsed !== null) this.log.push(parsed);
    };
    return child;
  }

  async ready(count = 1): Promise<void> {
    const isReady = (line: LogLine): boolean => line.event === 'agentReady';
    const died = this.#child.exited.then(({ code }) => {
      throw new Error(`the box ended with ${code ?? 'a signal'}: ${this.#child.lines.tail()}`);
    });
    await Promise.race([this.log.until('agentReady', isReady, { count }), died]);
  }

  /** All that is said on the box's broker from now on. */
  async mqtt(): Promise<Listener> {
    if (this.#mqtt === null) {
      const listener = await Listener.open(this.brokerUrl);
      this.#t.teardown(() => listener.close());
      this.#mqtt = listener;
    }
    return this.#mqtt;
  }

  /** Resolves when so many calls have ended, as `event/call` says. */
  async callsEnded(count = 1): Promise<void> {
    const mqtt = await this.mqtt();
    await mqtt.until('a call that ended', isCallEvent('ended', 'rejected'), count);
  }

  /** Resolves when `event/call` has said `kind` so often. */
  async callEvent(kind: string, count = 1): Promise<void> {
    const mqtt = await this.mqtt();
    await mqtt.until(`call event ${kind}`, isCallEvent(kind), count);
  }

  async waitForPhones(count: number): Promise<void> {
    const mqtt = await this.mqtt();
    const says = `"phones":${count},`;
    await mqtt.until(
      says,
      (heard) => heard.topic.endsWith('/state') && heard.payload.includes(says),
    );
  }

  /** Runs one of the box's own commands. */
  async command(...args: readonly string[]): Promise<{ exit: Exit; output: string }> {
    const argv = [process.execPath, COMMAND, ...args, '--config', this.config];
    const child = new Child(this.#t, `tatebako ${args.join(' ')}`, argv, { cwd: ROOT });
    const exit = await child.exit();
    return { exit, output: child.lines.all.join('\n') };
  }

  /** The log of calls, oldest first. */
  async calls(): Promise<readonly CallEntry[]> {
    const { exit, output } = await this.command('calls', '--json');
    if (exit.code !== 0) throw new Error(`tatebako calls: exit ${exit.code ?? '?'}: ${output}`);
    return parseCalls(output).sort((a, b) => startedAt(a) - startedAt(b));
  }

  /** The only call so far. */
  async onlyCall(): Promise<CallEntry> {
    const calls = await this.calls();
    const [call] = calls;
    if (call === undefined || calls.length > 1) throw new Error(`${calls.length} calls, not one`);
    return call;
  }

  /** A call's recording: left the caller, right the staff. */
  async audio(callId: string): Promise<Stereo> {
    const file = join(this.place.folder, `audio-${callId}.wav`);
    const { exit, output } = await this.command('calls', 'audio', callId, '--out', file);
    if (exit.code !== 0) throw new Error(`calls audio: exit ${exit.code ?? '?'}: ${output}`);
    return readStereo(file);
  }

  /** SIGTERM; the box has 10 s for its farewell. */
  async stop(): Promise<Exit> {
    await this.#closeMqtt();
    return this.#child.end(10_000);
  }

  /** Power off: SIGKILL. */
  async kill(): Promise<void> {
    await this.#closeMqtt();
    this.#child.signal('SIGKILL');
    await this.#child.exited;
  }

  /** Starts it again on the same configuration and data. */
  async startAgain(): Promise<void> {
    const before = this.log.count((line) => line.event === 'agentReady');
    this.#child = this.#run();
    await this.ready(before + 1);
  }

  get exited(): Promise<Exit> {
    return this.#child.exited;
  }

  async #closeMqtt(): Promise<void> {
    await this.#mqtt?.close();
    this.#mqtt = null;
  }
}

const isCallEvent =
  (...kinds: readonly string[]) =>
  (heard: { readonly topic: string; readonly payload: string }): boolean =>
    heard.topic.endsWith('/event/call') &&
    kinds.some((kind) => heard.payload.includes(`"kind":"${kind}"`));

function parseLine(line: string): LogLine | null {
  if (!line.startsWith('{')) return null;
  try {
    const parsed: unknown = JSON.parse(line);
    return isLogLine(parsed) ? parsed : null;
  } catch {
    // Half a line of a process that was killed.
    return null;
  }
}

const isLogLine = (value: unknown): value is LogLine =>
  typeof value === 'object' && value !== null && 'event' in value;

const startedAt = (call: CallEntry): number =>
  'startedAtMs' in call && typeof call.startedAtMs === 'number' ? call.startedAtMs : 0;

const isCallEntry = (value: unknown): value is CallEntry =>
  typeof value === 'object' && value !== null && 'id' in value && 'outcome' in value;

/** One JSON array, or one JSON object a line. */
function parseCalls(output: string): CallEntry[] {
  if (output.trim() === '') return [];
  const text = output.trimStart().startsWith('[')
    ? output
    : `[${output.trim().split('\n').join(',')}]`;
  const parsed: unknown = JSON.parse(text);
  return Array.isArray(parsed) ? parsed.filter(isCallEntry) : [];
}

/** Starts a box that is ready for calls, its own phones not yet registered. */
export async function startBox(t: Scope, place: Place, options: BoxOptions = {}): Promise<Box> {
  const gateway = await answerFirstKeepalive(place);
  const box = new Box(t, place, await writeBoxConfig(place, options));
  try {
    await box.ready();
    await Promise.race([gateway?.answered, new Promise((resolve) => setTimeout(resolve, 2_000))]);
  } finally {
    gateway?.close();
  }
  await box.mqtt();
  return box;
}
