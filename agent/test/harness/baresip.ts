import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { readAudio, sine, writeAudio, type Samples } from './audio.js';
import { phonePassword } from './box.js';
import { Child, type Scope } from './child.js';
import { Observed } from './observed.js';
import { SIP_PORT, type Place } from './place.js';

const CONTROL_PORT = 4_444;

/** What baresip tells over its control connection. */
export interface BaresipEvent {
  readonly type: string;
  readonly param: string;
}

export interface BaresipOptions {
  /** Where it listens for SIP, RTP and control. */
  readonly address: string;
  /** Its account's user part. */
  readonly user: string;
  /** What it says all the time: a tone of this frequency, or any audio. */
  readonly says: number | Samples;
  /** Registers here with the shop's password for `user`; else it calls without an account. */
  readonly registrar?: string;
  /** Picks up by itself, or waits for `accept`. */
  readonly answers?: boolean;
  readonly transport?: 'udp' | 'tcp';
  readonly displayName?: string;
  /** Further account parameters, each beginning with `;`. */
  readonly account?: string;
}

/** Long enough for any test; the end of the file would be the end of what it says. */
const SPEECH_MS = 40_000;

/** A real softphone without a screen: driven over its control connection, it keeps what it heard and what it said. */
export class Baresip {
  readonly events: Observed<BaresipEvent>;
  readonly child: Child;
  readonly #folder: string;
  readonly #control: Socket;
  readonly #answers: Observed<{ token: string; ok: boolean; data: string }>;
  #tokens = 0;

  private constructor(user: string, child: Child, folder: string, control: Socket) {
    this.child = child;
    this.#folder = folder;
    this.#control = control;
    this.events = new Observed(`baresip ${user}`);
    this.#answers = new Observed(`baresip ${user} control`);
    let pending = '';
    control.setEncoding('utf8');
    control.on('data', (text: string) => {
      const [messages, rest] = readNetstrings(pending + text);
      pending = rest;
      for (const message of messages) this.#take(JSON.parse(message));
    });
    // It may be killed with words still on their way.
    control.on('error', () => undefined);
  }

  static async start(t: Scope, place: Place, options: BaresipOptions): Promise<Baresip> {
    const folder = join(place.folder, `baresip-${options.user}-${options.address}`);
    await mkdir(folder);
    const { says } = options;
    const sound = typeof says === 'number' ? sine(says, SPEECH_MS) : says;
    await writeAudio(join(folder, 'says.wav'), sound);
    await writeFile(join(folder, 'config'), configOf(options, folder, place.baresipPorts));
    await writeFile(join(folder, 'accounts'), `${accountOf(options)}\n`);
    const child = new Child(t, `baresip ${options.user}`, ['baresip', '-s', '-f', folder]);
    await child.lines.until('readiness', (line) => line.includes('baresip is ready'));
    const control = connect(CONTROL_PORT, options.address);
    t.teardown(() => void control.destroy());
    await new Promise<void>((resolve, reject) => {
      control.once('connect', resolve);
      control.once('error', reject);
    });
    return new Baresip(options.user, child, folder, control);
  }

  #take(message: unknown): void {
    if (typeof message !== 'object' || message === null) return;
    const text = (key: string): string => {
      const value: unknown = Object.entries(message).find(([name]) => name === key)?.[1];
      return typeof value === 'string' ? value : '';
    };
    if ('event' in message) this.events.push({ type: text('type'), param: text('param') });
    else if ('response' in message) {
      const ok = 'ok' in message && message.ok === true;
      this.#answers.push({ token: text('token'), ok, data: text('data') });
    }
  }

  /** One of baresip's commands: `dial sip:…`, `accept`, `hold`, `resume`, `hangup`, `transfer sip:…`, `sndcode 5`. */
  async command(command: string, params = ''): Promise<void> {
    const token = String((this.#tokens += 1));
    const json = JSON.stringify({ command, params, token });
    this.#control.write(`${Buffer.byteLength(json)}:${json},`);
    await this.#answers.until(`answer to ${command}`, (answer) => answer.token === token);
  }

  event(type: string, count = 1): Promise<BaresipEvent> {
    return this.events.until(type, (event) => event.type === type, { count });
  }

  /** From its output: it may have registered before anybody listened at its control connection. */
  async registered(): Promise<void> {
    await this.child.lines.until('registration', (line) => /200 OK .*\[\d+ bindings?\]/.test(line));
  }

  /** What it heard, one sound for each call. */
  async heard(): Promise<readonly Samples[]> {
    const files = (await readdir(this.#folder)).filter((name) => name.endsWith('-dec.wav')).sort();
    const sounds: Samples[] = [];
    for (const file of files) {
      const [mono] = await readAudio(join(this.#folder, file)).catch(() => []);
      if (mono !== undefined) sounds.push(mono);
    }
    return sounds;
  }

  /** What it heard in its only, or last, call. */
  async heardLast(): Promise<Samples> {
    return (await this.heard()).at(-1) ?? new Float32Array();
  }

  /** Ends it; it says farewell to its registrar first. */
  async stop(): Promise<void> {
    await this.child.end();
  }
}

function readNetstrings(text: string): readonly [messages: readonly string[], rest: string] {
  const messages: string[] = [];
  let bytes = Buffer.from(text);
  for (;;) {
    const colon = bytes.indexOf(':');
    if (colon < 0) break;
    const length = Number(bytes.subarray(0, colon).toString());
    if (bytes.length < colon + 1 + length + 1) break;
    messages.push(bytes.subarray(colon + 1, colon + 1 + length).toString());
    bytes = bytes.subarray(colon + 1 + length + 1);
  }
  return [messages, bytes.toString()];
}

function accountOf(options: BaresipOptions): string {
  const { user, registrar, address, answers = false, transport = 'udp', displayName } = options;
  const params = [`;answermode=${answers ? 'auto' : 'manual'}`, ';audio_codecs=pcmu', ';ptime=20'];
  if (registrar === undefined) params.push(';regint=0');
  else {
    params.push(`;auth_user=${user}`, `;auth_pass=${phonePassword(user)}`, ';regint=60');
    params.push(`;outbound="sip:${registrar}:${SIP_PORT};transport=${transport}"`);
  }
  const name = displayName === undefined ? '' : `"${displayName}" `;
  return `${name}<sip:${user}@${registrar ?? address};transport=${transport}>${params.join('')}${options.account ?? ''}`;
}

function configOf({ address }: BaresipOptions, folder: string, rtpPorts: string): string {
  const modules = ['ctrl_tcp', 'g711', 'sndfile', 'aufile', 'aubridge'];
  return [
    'poll_method epoll',
    `sip_listen ${address}:${SIP_PORT}`,
    'call_local_timeout 120',
    'call_max_calls 4',
    `audio_source aufile,${folder}/says.wav`,
    'audio_player aubridge,sink',
    'audio_alert aubridge,sink',
    ...['ausrc_srate 8000', 'auplay_srate 8000', 'ausrc_channels 1', 'auplay_channels 1'],
    'audio_txmode thread',
    'audio_level no',
    'audio_buffer 20-160',
    ...['ausrc', 'auplay', 'auenc', 'audec'].map((stage) => `${stage}_format s16`),
    `rtp_ports ${rtpPorts}`,
    'rtcp_mux no',
    'jitter_buffer_type fixed',
    'jitter_buffer_delay 2-10',
    'rtp_timeout 60',
    // Its RTP sockets are bound to no address, so that the kernel sends from this one: the SDP must say so.
    'net_interface 127.0.0.1',
    'module_path /usr/lib/baresip/modules',
    ...modules.map((name) => `module ${name}.so`),
    ...['uuid', 'account'].map((name) => `module_tmp ${name}.so`),
    'module_app menu.so',
    `snd_path ${folder}`,
    `ctrl_tcp_listen ${address}:${CONTROL_PORT}`,
    'statmode_default off',
    '',
  ].join('\n');
}

/** A phone of the shop that is registered at the box. */
export async function startPhone(
  t: Scope,
  place: Place,
  extension: string,
  options: Partial<BaresipOptions> = {},
): Promise<Baresip> {
  const phone = await Baresip.start(t, place, {
    address: place.phone(Number(extension.slice(-1))),
    user: extension,
    says: 620,
    registrar: place.box,
    answers: true,
    ...options,
  });
  await phone.registered();
  return phone;
}
