/** The other sides of an exchange under test: real user agents whose people do as a test says. */
import { silentLog, type Clock, type Random } from '../../../base/index.js';
import {
  createDigestAuthoriser,
  createTransactionLayer,
  createUserAgent,
  lateEvents,
  tagOf,
  type Endpoint,
  type HeaderField,
  type IncomingSession,
  type InviteSession,
  type SessionEnd,
  type SessionEvent,
  type UserAgent,
} from '../../sip/index.js';
import { Session } from '../../sip/dialog/index.js';
import { respondTo } from '../../sip/dialog/response.js';
import type { FakeNetwork } from '../../sip/testing/fake-network.js';
import { sipUri } from '../invitations.js';

export type Hold = 'sendonly' | 'inactive' | 'nullAddress';

export interface SdpChange {
  readonly hold?: Hold;
  readonly payloadTypes?: string;
}

let rtpPort = 40_000;

/** One call of a peer. */
export class PeerCall {
  readonly session: InviteSession;
  readonly events: SessionEvent[] = [];
  readonly peer: BenchPeer;
  /** By its port the media worker's leg is found. */
  readonly rtpPort: number;
  /** How it answers an offer of the box: with SDP as it is now. */
  #sdp: SdpChange = {};
  #version = 1;
  readonly #now: () => number;
  readonly arrivedAtMs: number;
  readonly atMs = new Map<SessionEvent['name'], number>();

  constructor(peer: BenchPeer, session: InviteSession, now: () => number, port?: number) {
    this.peer = peer;
    this.session = session;
    this.#now = now;
    this.arrivedAtMs = now();
    rtpPort += 2;
    this.rtpPort = port ?? rtpPort;
    session.onEvent = (event) => {
      this.events.push(event);
      if (!this.atMs.has(event.name)) this.atMs.set(event.name, this.#now());
      if (event.name === 'offer') session.answerOffer(this.sdp());
      if (event.name === 'confirmed' || event.name === 'answered') peer.onTalking(this);
    };
  }

  get isTalking(): boolean {
    return this.session.state === 'confirmed';
  }

  get isOver(): boolean {
    return this.session.state === 'ended';
  }

  get end(): SessionEnd | null {
    const last = this.events.find((event) => event.name === 'ended');
    return last === undefined ? null : last.end;
  }

  /** Statuses of the 18x heard so far. */
  get progress(): readonly number[] {
    return this.events.flatMap((event) => (event.name === 'progress' ? [event.status] : []));
  }

  /** The last SDP of the box. */
  get heardSdp(): string | null {
    return this.session.snapshot?.remoteSdp ?? null;
  }

  sdp(change: SdpChange = this.#sdp): string {
    this.#sdp = change;
    return sdpOf(this.peer.address, this.rtpPort, this.#version++, change);
  }

  ring(): this {
    this.session.ring();
    return this;
  }

  earlyMedia(): this {
    this.session.ring({ sdp: this.sdp() });
    return this;
  }

  /** It has sent its 200; a reliable 183 may still hold it back. */
  isAnswering = false;

  answer(change?: SdpChange): this {
    this.isAnswering = true;
    this.session.accept(this.sdp(change));
    return this;
  }

  hold(hold: Hold = 'sendonly'): void {
    this.session.offer(this.sdp({ hold }));
  }

  resume(): void {
    this.session.offer(this.sdp({}));
  }

  hangUp(): void {
    this.session.hangUp();
  }

  /** REFER within the dialog (RFC 3515), with Replaces when another dialog is named (RFC 3891). */
  refer(user: string, replaced?: PeerCall): void {
    const replaces = replaced === undefined ? '' : `?Replaces=${encodeURIComponent(replaced.tags)}`;
    this.#send('REFER', [{ name: 'Refer-To', value: `<sip:${user}@192.0.2.1${replaces}>` }]);
  }

  /** What a Replaces says of this dialog: to-tag the box's, from-tag the peer's. */
  get tags(): string {
    const { snapshot, invite } = this.session;
    const local = snapshot?.localTag ?? tagOf(invite.from) ?? '';
    const remote = snapshot?.remoteTag ?? 'unknown';
    return `${invite.callId};to-tag=${remote};from-tag=${local}`;
  }

  info(contentType: string, body: string): void {
    this.#send('INFO', [], { body, contentType });
  }

  /** Any request of this dialog, as a phone may send it. */
  #send(
    method: string,
    headers: readonly HeaderField[],
    content: { readonly body?: string; readonly contentType?: string } = {},
  ): void {
    if (!(this.session instanceof Session)) throw new TypeError('a session of our own core');
    this.session.client?.send(
      method,
      { headers, contact: this.session.contact, ...content },
      { onFinal: ({ status }) => this.statuses.push(`${method} ${status}`) },
    );
  }
  /** How its requests were answered. */
  readonly statuses: string[] = [];
}

export function sdpOf(
  address: string,
  port: number,
  version: number,
  { hold, payloadTypes = '0 101' }: SdpChange,
): string {
  const direction = hold === undefined || hold === 'nullAddress' ? 'sendrecv' : hold;
  return [
    'v=0',
    `o=- 7 ${version} IN IP4 ${address}`,
    's=-',
    `c=IN IP4 ${hold === 'nullAddress' ? '0.0.0.0' : address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${payloadTypes}`,
    ...(payloadTypes.includes('101') ? ['a=rtpmap:101 telephone-event/8000'] : []),
    `a=${direction}`,
    '',
  ].join('\r\n');
}

export interface BenchPeerOptions {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly network: FakeNetwork;
  readonly clock: Clock;
  readonly random: Random;
  readonly box: Endpoint;
  readonly sessionExpiresS?: number;
}

/** The gateway or a phone. */
export class BenchPeer {
  readonly name: string;
  readonly address: string;
  readonly endpoint: Endpoint;
  readonly agent: UserAgent;
  /** Every call it was in, in order. */
  readonly calls: PeerCall[] = [];
  /** What it does when it is called; rings unless told. */
  onCalled: (call: PeerCall) => void = (call) => call.ring();
  onTalking: (call: PeerCall) => void = () => undefined;
  readonly #options: BenchPeerOptions;

  constructor(options: BenchPeerOptions) {
    this.#options = options;
    const { name, address, port, network, clock, random } = options;
    this.name = name;
    this.address = address;
    this.endpoint = { transport: 'UDP', address, port };
    const late = lateEvents();
    const transport = network.open({ address, port }, late.events);
    this.agent = createUserAgent(
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
        contactHost: address,
        contactPort: port,
        userAgentName: name,
        screen: () => ({ verdict: 'accept' }),
        session: { sessionExpiresS: options.sessionExpiresS ?? 1_800 },
      },
      {
        onIncoming: (session) => this.#onIncoming(session),
        onRegister: (request) => respondTo(request, 403),
        authenticate: () => null,
      },
    );
  }

  /** The newest call of this peer. */
  get call(): PeerCall {
    const last = this.calls.at(-1);
    if (last === undefined) throw new RangeError(`${this.name} has no call`);
    return last;
  }

  /** Calls `user` of the box. @param offer null: an INVITE without SDP */
  dial(
    user: string,
    {
      as = this.name,
      displayName = '',
      headers = [],
      sdp = {},
      body,
    }: {
      readonly as?: string;
      readonly displayName?: string;
      readonly headers?: readonly HeaderField[];
      readonly sdp?: SdpChange;
      readonly body?: string;
    } = {},
  ): PeerCall {
    const { box, clock } = this.#options;
    const uri = sipUri(user, box.address, null);
    rtpPort += 2;
    const port = rtpPort;
    const session = this.agent.invite({
      requestUri: uri,
      from: { displayName, uri: sipUri(as, this.address, null), params: [] },
      to: { displayName: '', uri, params: [] },
      contact: sipUri(this.name, this.address, this.endpoint.port),
      target: box,
      route: [],
      headers,
      sdp: body ?? sdpOf(this.address, port, 0, sdp),
      credentials: null,
    });
    const call = new PeerCall(this, session, () => clock.monotonicMs(), port);
    this.calls.push(call);
    return call;
  }

  #onIncoming(session: IncomingSession): void {
    const call = new PeerCall(this, session, () => this.#options.clock.monotonicMs());
    this.calls.push(call);
    this.onCalled(call);
  }
}
