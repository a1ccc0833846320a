import { isDeepStrictEqual } from 'node:util';
import { silentLog } from '../../../base/index.js';
import { FakeClock } from '../../../base/testing/fake-clock.js';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { lineConfig, resolveLine, type LineConfig } from '../../line/index.js';
import {
  createDigestAuthoriser,
  createTransactionLayer,
  createUserAgent,
  lateEvents,
  type Binding,
  type Endpoint,
  type UserAgent,
} from '../../sip/index.js';
import { respondTo } from '../../sip/dialog/response.js';
import { FakeNetwork, type FakeNetworkOptions } from '../../sip/testing/fake-network.js';
import { callConfig, type CallConfig } from '../call-config.js';
import type { CallNews, StoredCall } from '../call-environment.js';
import type { CallRecord } from '../call-record.js';
import { Exchange, type CallerPolicy, type Origin } from '../exchange.js';
import { sipUri } from '../invitations.js';
import { BenchPeer, type PeerCall } from './bench-peer.js';
import { FakeMediaWorker, maySend } from './fake-media-worker.js';

export interface BenchOptions {
  readonly seed?: number;
  readonly phones?: readonly string[];
  readonly call?: Partial<CallConfig>;
  readonly line?: Partial<LineConfig>;
  readonly network?: FakeNetworkOptions;
  readonly policy?: CallerPolicy;
  readonly announcement?: 'configured' | 'builtIn' | 'tone';
  readonly sessionExpiresS?: number;
}

const BOX: Endpoint = { transport: 'UDP', address: '192.0.2.1', port: 5060 };
const GATEWAY_ADDRESS = '192.0.2.2';
export const OUR_NUMBER = '0300001111';
export const CALLER = '09000001234';

/**
 * The real exchange on a real user agent, with a gateway and phones that are real user agents too; a network in memory, a
 * fake clock, and a media worker that keeps who hears whom.
 */
export class ExchangeBench {
  readonly endpoint = BOX;
  readonly clock = new FakeClock();
  readonly random: SeededRandom;
  readonly network: FakeNetwork;
  readonly worker: FakeMediaWorker;
  readonly exchange: Exchange;
  readonly box: UserAgent;
  readonly gateway: BenchPeer;
  readonly phones = new Map<string, BenchPeer>();
  /** Phones that are not registered. */
  readonly unregistered = new Set<string>();
  /** The newest stored state of each call. */
  readonly stored = new Map<string, StoredCall>();
  readonly news: { readonly news: CallNews; readonly callId: string }[] = [];
  readonly faults: string[] = [];
  readonly digits: string[] = [];
  /** `begin`, `commit`, … of each call. */
  readonly recorder = new Map<string, string[]>();
  announcement: 'configured' | 'builtIn' | 'tone';
  readonly #broken: string[] = [];

  constructor(options: BenchOptions = {}) {
    this.random = new SeededRandom(options.seed ?? 1);
    this.announcement = options.announcement ?? 'builtIn';
    const { clock, random } = this;
    this.network = new FakeNetwork(clock, random, { delayMs: 5, ...options.network });
    this.worker = new FakeMediaWorker({
      clock,
      onEvent: (event) => this.exchange.onBridgeEvent(event),
    });
    this.worker.onTap = (leg) => {
      const states = this.recorder.get(leg.callId) ?? [];
      const isRecording = states.length > 0 && !['end', 'discard'].includes(states.at(-1) ?? '');
      if (leg.isRecorded && !isRecording) this.#broken.push(`${leg.legId} is tapped unrecorded`);
    };
    const line = resolveLine(
      lineConfig.parse({
        profile: 'generic',
        gatewayAddress: GATEWAY_ADDRESS,
        register: false,
        ...options.line,
      }),
    );
    const names = options.phones ?? ['201', '202', '203'];
    const peer = (name: string, address: string, port: number): BenchPeer =>
      new BenchPeer({
        name,
        address,
        port,
        network: this.network,
        clock,
        random,
        box: BOX,
        ...(options.sessionExpiresS === undefined
          ? {}
          : { sessionExpiresS: options.sessionExpiresS }),
      });
    this.gateway = peer('line', GATEWAY_ADDRESS, line.gatewayPort);
    for (const name of names) this.phones.set(name, peer(name, `192.0.2.${name}`, 5060));
    const { box, exchange } = this.#openBox(options, line, names);
    this.box = box;
    this.exchange = exchange;
  }

  #openBox(
    options: BenchOptions,
    line: ReturnType<typeof resolveLine>,
    names: readonly string[],
  ): { readonly box: UserAgent; readonly exchange: Exchange } {
    const { clock, random } = this;
    const late = lateEvents();
    const transport = this.network.open(BOX, late.events);
    const box = createUserAgent(
      {
        createTransactions: (user) => {
          const layer = createTransactionLayer({ transport, clock, random, log: silentLog, user });
          late.bind(layer.transportEvents);
          return layer;
        },
        clock,
        random,
        log: silentLog,
        digestClient: createDigestAuthoriser(random),
        contactHost: BOX.address,
        contactPort: BOX.port,
        userAgentName: 'Tatebako',
        screen: () => ({ verdict: 'accept' }),
        sessionsMax: 64,
        session: { sessionExpiresS: options.sessionExpiresS ?? 1_800 },
      },
      {
        onIncoming: (session, source) => this.exchange.onIncoming(session, originOf(source)),
        onRegister: (request) => respondTo(request, 403),
        authenticate: () => null,
      },
    );
    const note = (callId: string, what: string): void => {
      this.recorder.set(callId, [...(this.recorder.get(callId) ?? []), what]);
    };
    const exchange = new Exchange({
      clock,
      random,
      log: silentLog,
      line,
      lineCredentials: null,
      phones: names.map((extension) => ({ extension, name: `phone ${extension}` })),
      box: { host: BOX.address, port: BOX.port, language: 'ja' },
      config: callConfig.parse({ ...options.call }),
      detect: true,
      recorder: {
        begin: (callId) => note(callId, 'begin'),
        commit: (callId) => note(callId, 'commit'),
        discard: (callId) => note(callId, 'discard'),
        end: (callId) => {
          note(callId, 'end');
          return Promise.resolve({ files: [callId], bytes: 1, durationMs: 1, gaps: [] });
        },
      },
      contactsOf: (extension) => this.#contactsOf(extension),
      announcement: () => this.announcement,
      policyFor: () => options.policy ?? { announce: true },
      invite: (invite) => this.box.invite(invite),
      toBridge: (command) => {
        if (command.do === 'openLeg') this.#checkStored(command.callId, command.legId);
        this.worker.send(command);
      },
      onChange: (stored) => this.#store(stored),
      onNews: (news, state) => {
        this.news.push({ news, callId: state.record.id });
      },
      onFault: (fault) => {
        this.faults.push(fault);
      },
      onLegHealth: () => undefined,
      onDigit: (callId, who, digit) => {
        this.digits.push(`${callId === '' ? '?' : who}:${digit}`);
      },
    });
    return { box, exchange };
  }

  phone(name: string): BenchPeer {
    const phone = this.phones.get(name);
    if (phone === undefined) throw new RangeError(`there is no phone ${name}`);
    return phone;
  }

  /** Moves time on, and lets what waits for a promise go on. */
  async run(ms: number): Promise<void> {
    this.clock.advance(ms);
    for (let i = 0; i < 8; i += 1) await Promise.resolve();
  }

  /** A caller on the line. */
  callIn(): PeerCall {
    return this.gateway.dial(OUR_NUMBER, { as: CALLER });
  }

  /** A call that came in, was announced and is answered by `extension`; the other phones were told so. */
  async talk(extension: string): Promise<{ readonly caller: PeerCall; readonly staff: PeerCall }> {
    const caller = this.callIn();
    await this.run(6_500);
    const staff = this.phone(extension).call.answer();
    await this.run(100);
    return { caller, staff };
  }

  /** A call that went out from `extension` and was answered. */
  async talkOut(
    extension: string,
  ): Promise<{ readonly staff: PeerCall; readonly callee: PeerCall }> {
    const staff = this.phone(extension).dial('0300002222');
    await this.run(200);
    const callee = this.gateway.call.answer();
    await this.run(100);
    return { staff, callee };
  }

  /** What a peer hears in a call: `ringback`, `play hold-ja`, the name of a peer, `silence`; `nothing` without a stream. */
  hears(call: PeerCall): string {
    const leg = this.worker.legTo(call.peer.address, call.rtpPort);
    if (leg === undefined || !maySend(leg)) return 'nothing';
    const { source } = leg;
    if (source.kind === 'play') return `play ${source.promptId}`;
    if (source.kind === 'tone') return source.tone;
    if (source.kind !== 'relay') return source.kind;
    const remote = this.worker.legs.get(source.from)?.remote;
    const peers = [this.gateway, ...this.phones.values()];
    return peers.find(({ address }) => address === remote?.address)?.name ?? 'nobody yet';
  }

  /** The records of all calls so far, in their order. */
  get records(): readonly CallRecord[] {
    return [...this.stored.values()].map(({ state }) => state.record);
  }

  /** The record of the newest call. */
  get record(): CallRecord {
    const last = this.records.at(-1);
    if (last === undefined) throw new RangeError('there was no call');
    return last;
  }

  /** Everything between the box and one peer, as `> INVITE`, `< 200 INVITE`, with what was lost left out. */
  wire(name: string): readonly string[] {
    const address = name === 'line' ? GATEWAY_ADDRESS : this.phone(name).address;
    return this.network.wire
      .filter(({ from, to }) => from.address === address || to.address === address)
      .map(({ from, message }) => {
        const arrow = from.address === BOX.address ? '>' : '<';
        return message.kind === 'request'
          ? `${arrow} ${message.method}`
          : `${arrow} ${message.status} ${message.cSeq.method}`;
      });
  }

  /** Everything that must hold once all calls are over and all timers have run out. Call after at least two minutes. */
  get leftovers(): readonly string[] {
    const left = [...this.#broken, ...this.worker.violations];
    for (const call of this.exchange.calls) left.push(`call ${call.id} is ${call.state.phase}`);
    for (const session of this.box.sessions) left.push(`session ${session.id} ${session.state}`);
    for (const legId of this.worker.legs.keys()) left.push(`leg ${legId}`);
    for (const [callId, did] of this.recorder) {
      const said = did.join(' ');
      if (!['begin discard', 'begin commit end'].includes(said)) left.push(`${callId}: ${said}`);
    }
    for (const { id, outcome, endedAtMs, direction } of this.records) {
      const ends = this.news.filter(
        ({ callId, news }) => callId === id && (news === 'ended' || news === 'rejected'),
      );
      if (ends.length !== 1) left.push(`${direction} call ${id} ended ${ends.length} times`);
      if (outcome === 'inProgress' || endedAtMs === null) left.push(`${id} is in progress`);
    }
    if (this.clock.pendingCount > 0) left.push(`${this.clock.pendingCount} timers`);
    return left;
  }

  #contactsOf(extension: string): readonly Binding[] {
    const phone = this.phones.get(extension);
    if (phone === undefined || this.unregistered.has(extension)) return [];
    return [
      {
        contact: sipUri(extension, phone.address, phone.endpoint.port),
        params: [],
        q: 1,
        target: phone.endpoint,
        callId: 'register',
        cSeq: 1,
        expiresAtMs: Number.MAX_SAFE_INTEGER,
      },
    ];
  }

  #store(stored: StoredCall): void {
    const copy: unknown = JSON.parse(JSON.stringify(stored));
    if (!isDeepStrictEqual(copy, stored)) {
      this.#broken.push(`a stored state is not plain: ${stored.state.phase}`);
    }
    this.stored.set(stored.state.record.id, stored);
  }

  /** A leg is opened only for a state that is stored. */
  #checkStored(callId: string, legId: string): void {
    const state = this.stored.get(callId)?.state;
    const legs = [state?.a, state?.b, state?.round, state?.transfer?.round];
    const isGuest = legId.includes(':p');
    if (!isGuest && !legs.some((leg) => leg?.legId === legId)) {
      this.#broken.push(`${legId} is opened before its state is stored`);
    }
  }
}

function originOf(source: Endpoint): Origin {
  if (source.address === GATEWAY_ADDRESS) return { kind: 'line' };
  return { kind: 'phone', extension: source.address.split('.').at(-1) ?? '' };
}
