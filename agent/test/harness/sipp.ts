import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { phonePassword } from './box.js';
import { untilBound } from './bound.js';
import { Child, type Scope } from './child.js';
import { SIP_PORT, type Place } from './place.js';
import { pause, receiveRequest, receiveResponse, scenario, send } from './sipp-scenario.js';
import { answer, sdp } from './sipp-messages.js';

/** Nobody listens there. */
const NO_MEDIA_PORT = 40_000;
const TIMEOUT_S = 60;

export interface SippOptions {
  /** Names its files; one test may run several. */
  readonly name: string;
  readonly address: string;
  readonly scenario: string;
  /** Whom it calls; absent for one that is called. */
  readonly remote?: string | undefined;
  /** How many calls it makes or takes. */
  readonly calls?: number;
  /** User part it calls, or registers. */
  readonly service?: string;
  readonly transport?: 'udp' | 'tcp';
  /** 5060 unless told. */
  readonly port?: number;
  /** Where its audio is received, by somebody else; discard unless told. */
  readonly rtpPort?: number;
  readonly more?: readonly string[];
}

/** One run of SIPp; it succeeded when each call went through its scenario to the end. */
export class Sipp {
  readonly child: Child;
  readonly #folder: string;

  private constructor(child: Child, folder: string) {
    this.child = child;
    this.#folder = folder;
  }

  static async start(t: Scope, place: Place, options: SippOptions): Promise<Sipp> {
    const { address, remote, calls = 1, service = '3', transport = 'udp' } = options;
    const { port = SIP_PORT } = options;
    const folder = join(place.folder, `sipp-${options.name}`);
    await mkdir(folder);
    const file = join(folder, 'scenario.xml');
    await writeFile(file, options.scenario);
    const argv = ['sipp', ...(remote === undefined ? [] : [`${remote}:${SIP_PORT}`]), '-sf', file];
    argv.push(
      '-i',
      address,
      '-p',
      String(port),
      '-s',
      service,
      '-t',
      transport === 'tcp' ? 't1' : 'u1',
    );
    argv.push('-key', 'rtp_port', String(options.rtpPort ?? NO_MEDIA_PORT));
    // One call after the other, and no key presses.
    argv.push('-m', String(calls), '-l', '1', '-nostdin', '-timeout', `${TIMEOUT_S}s`);
    argv.push(
      '-trace_msg',
      '-message_file',
      join(folder, 'messages'),
      '-message_overwrite',
      'true',
    );
    argv.push('-trace_err', '-error_file', join(folder, 'errors'));
    const child = new Child(t, `sipp ${options.name}`, [...argv, ...(options.more ?? [])], {
      cwd: folder,
    });
    await untilBound(child, { address, port, transport });
    return new Sipp(child, folder);
  }

  /** Resolves when all its calls have gone by the scenario. @throws {Error} with SIPp's own words when not */
  async done(timeoutMs = 30_000): Promise<void> {
    const { code } = await this.child.exit(timeoutMs).catch(async (cause: unknown) => {
      throw new Error(`${String(cause)}\n${await this.messages()}`);
    });
    if (code === 0) return;
    const errors = await readFile(join(this.#folder, 'errors'), 'utf8').catch(() => '');
    throw new Error(
      `sipp: exit ${code ?? 'signal'}: ${errors.slice(0, 3_000)}\n${(await this.messages()).slice(-6_000)}`,
    );
  }

  /** Every message it sent and received so far. */
  messages(): Promise<string> {
    return readFile(join(this.#folder, 'messages'), 'utf8').catch(() => '');
  }

  /** The start lines of what it received, in order: `INVITE`, `CANCEL`, `200`. */
  async received(): Promise<readonly string[]> {
    const blocks = (await this.messages()).split(/^-{20,}.*$/m);
    return blocks
      .filter((block) => / message received /.test(block))
      .map((block) => {
        const start = /^(?:SIP\/2\.0 (\d{3})|([A-Z]+) \S+ SIP\/2\.0)/m.exec(block);
        return start?.[1] ?? start?.[2] ?? '';
      });
  }

  /** Where the first INVITE that came wants its audio. */
  async offeredPort(): Promise<number> {
    const invite = await this.receivedMessage('INVITE ');
    return Number(/^m=audio (\d+)/m.exec(invite)?.[1]);
  }

  /** The first received message that begins so, whole. */
  async receivedMessage(start: string): Promise<string> {
    const blocks = (await this.messages()).split(/^-{20,}.*$/m);
    return (
      blocks.find((block) => / message received /.test(block) && block.includes(`\n${start}`)) ?? ''
    );
  }
}

const REGISTER = (cSeq: number, more: readonly string[]): readonly string[] => [
  'REGISTER sip:[remote_ip] SIP/2.0',
  `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK[pid]r[call_number]n${cSeq}`,
  'Max-Forwards: 70',
  'From: <sip:[service]@[remote_ip]>;tag=[pid]r[call_number]',
  'To: <sip:[service]@[remote_ip]>',
  'Call-ID: [call_id]',
  `CSeq: ${cSeq} REGISTER`,
  'Contact: <sip:[service]@[local_ip]:[local_port]>',
  ...more,
  'Expires: 120',
  'Content-Length: 0',
];

export const registering = (...last: readonly string[]): string =>
  scenario(
    send(REGISTER(1, []), { repeats: true }),
    receiveResponse(401, { challenges: true }),
    send(REGISTER(2, ['[authentication]']), { repeats: true }),
    ...last,
  );

/** Registers a phone whose calls SIPp will take at `address`. */
export async function registerSippPhone(
  t: Scope,
  place: Place,
  extension: string,
  address: string,
): Promise<void> {
  const sipp = await Sipp.start(t, place, {
    name: `register-${extension}`,
    address,
    remote: place.box,
    service: extension,
    scenario: registering(receiveResponse(200)),
    more: ['-au', extension, '-ap', phonePassword(extension)],
  });
  await sipp.done();
}

/** What a phone does that rings, answers, talks, and is hung up. */
export function answeringPhone(options: {
  readonly ringMs: number;
  /** Hangs up itself after so long. */
  readonly talkMs?: number;
  readonly okLostPercent?: number;
  readonly ackLostPercent?: number;
}): string {
  const { ringMs, talkMs, okLostPercent, ackLostPercent } = options;
  const lost = (percent: number | undefined): object =>
    percent === undefined ? {} : { lostPercent: percent };
  return scenario(
    receiveRequest('INVITE', {
      keepsRoute: true,
      ...(talkMs === undefined
        ? {}
        : { keep: { header: 'From', matches: 'tag=([^;]*)', as: 'kept' } }),
    }),
    send(answer(180, 'Ringing', { toTag: 'p' })),
    pause(ringMs),
    send(answer(200, 'OK', { toTag: 'p', body: sdp() }), { repeats: true, ...lost(okLostPercent) }),
    receiveRequest('ACK', lost(ackLostPercent)),
    ...(talkMs === undefined
      ? [receiveRequest('BYE'), send(answer(200, 'OK'))]
      : [pause(talkMs), send(phoneBye(), { repeats: true }), receiveResponse(200)]),
  );
}

/** BYE of the called side: From and To change places. */
const phoneBye = (): readonly string[] => [
  'BYE [next_url] SIP/2.0',
  'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK[pid]x[call_number]bye',
  '[routes]',
  'Max-Forwards: 70',
  'From: <sip:peer@[local_ip]>;tag=[pid]p[call_number]',
  'To: <sip:box@[local_ip]>;tag=[$kept]',
  'Call-ID: [call_id]',
  'CSeq: 1 BYE',
  'Content-Length: 0',
];

/** A phone that only rings, until it is cancelled. */
export const ringingPhone = (): string =>
  scenario(
    receiveRequest('INVITE'),
    send(answer(180, 'Ringing', { toTag: 'p' })),
    receiveRequest('CANCEL'),
    send(answer(200, 'OK', { toTag: 'p' })),
    // The INVITE's own Via and CSeq again: CANCEL shares its branch.
    send(cancelledInvite(), { repeats: true }),
    receiveRequest('ACK'),
  );

const cancelledInvite = (): readonly string[] => [
  'SIP/2.0 487 Request Terminated',
  '[last_Via:]',
  '[last_From:]',
  '[last_To:];tag=[pid]p[call_number]',
  '[last_Call-ID:]',
  'CSeq: [last_cseq_number] INVITE',
  'Content-Length: 0',
];
