import { silentLog, systemRandom } from '../../../../base/index.js';
import { openSipPeer, sipUri, type SipPeer } from '../../../../demo/peer/sip-peer.js';
import {
  createAnswer,
  createOffer,
  createRegistration,
  negotiateAnswer,
  type IncomingSession,
  type InviteSession,
  type SessionEnd,
  type SessionEvent,
} from '../../../sip/index.js';
import { CALLER_HZ, SHOP_HZ } from '../../harness/audio.js';
import { phonePassword } from '../../harness/box.js';
import type { Scope } from '../../harness/child.js';
import { Observed } from '../../harness/observed.js';
import { SIP_PORT, type Place } from '../../harness/place.js';
import { mortalClock } from './mortal-clock.js';
import { Talk } from './talk.js';

/** The caller of the tests. */
export const CALLER = '0300001234';
const SESSION_EXPIRES_S = 1_800;

export type PartyEvent =
  | { readonly name: 'progress'; readonly status: number; readonly atMs: number }
  | { readonly name: 'rang' | 'answered'; readonly atMs: number }
  | { readonly name: 'ended'; readonly end: SessionEnd; readonly atMs: number };

/** One call as one end of it sees it. */
export class PartyCall {
  readonly events: Observed<PartyEvent>;
  readonly talk: Talk;
  readonly #session: InviteSession;
  #ours: string | null;

  constructor(name: string, session: InviteSession, talk: Talk, ours: string | null) {
    this.events = new Observed(name);
    this.#session = session;
    this.talk = talk;
    this.#ours = ours;
    session.onEvent = (event) => this.#onEvent(event);
  }

  /** UAS: takes the call. */
  answer(address: string): void {
    const offer = Buffer.from(this.#session.invite.body).toString('utf8');
    const outcome = createAnswer(offer, {
      address,
      port: this.talk.port,
      sessionId: this.talk.port,
      previous: null,
    });
    if (outcome.kind === 'refused') throw new Error(`no common audio in ${offer}`);
    this.#ours = outcome.sdp;
    this.#session.accept(outcome.sdp);
    this.talk.connect(outcome.agreed);
    this.#tell('answered');
  }

  async until(name: PartyEvent['name'], timeoutMs?: number): Promise<PartyEvent> {
    const wait = timeoutMs === undefined ? {} : { timeoutMs };
    return this.events.until(name, (event) => event.name === name, wait);
  }

  async ended(timeoutMs?: number): Promise<SessionEnd> {
    const event = await this.until('ended', timeoutMs);
    if (event.name !== 'ended') throw new TypeError('until gives what it was asked for');
    return event.end;
  }

  hangUp(): void {
    this.#session.hangUp();
  }

  #tell(name: 'answered' | 'rang'): void {
    this.events.push({ name, atMs: performance.now() });
  }

  #onEvent(event: SessionEvent): void {
    const atMs = performance.now();
    if (event.name === 'progress') {
      this.events.push({ name: 'progress', status: event.status, atMs });
      this.#takeAnswer(event.sdp);
    }
    if (event.name === 'answered') {
      this.#takeAnswer(event.sdp);
      this.#tell('answered');
    }
    if (event.name === 'confirmed' || event.name === 'answer') this.#takeAnswer(event.sdp);
    if (event.name === 'offer') this.#session.rejectOffer(488);
    if (event.name === 'refer') this.#session.rejectRefer(event.id, 603);
    if (event.name === 'ended') {
      this.talk.close();
      this.events.push({ name: 'ended', end: event.end, atMs });
    }
  }

  #takeAnswer(sdp: string | null): void {
    if (sdp === null || this.#ours === null) return;
    const outcome = negotiateAnswer(this.#ours, sdp);
    if (outcome.kind === 'agreed') this.talk.connect(outcome.agreed);
  }
}

/** The gateway with a caller behind it, on the address that the box knows as its line. */
export class OutsideLine {
  readonly #t: Scope;
  readonly #place: Place;
  readonly #peer: SipPeer;

  private constructor(t: Scope, place: Place, peer: SipPeer) {
    this.#t = t;
    this.#place = place;
    this.#peer = peer;
  }

  static async open(t: Scope, place: Place): Promise<OutsideLine> {
    const peer = await openSipPeer({
      address: place.gateway,
      port: SIP_PORT,
      name: 'Gateway of the tests',
      clock: mortalClock(t),
      sessionExpiresS: SESSION_EXPIRES_S,
      onIncoming: (session) => {
        session.onEvent = () => undefined;
        session.reject(480);
      },
    });
    t.teardown(() => peer.close());
    return new OutsideLine(t, place, peer);
  }

  async call(number: string = CALLER): Promise<PartyCall> {
    const { gateway, box } = this.#place;
    const talk = await Talk.open(this.#t, gateway, CALLER_HZ);
    const sdp = createOffer({
      address: gateway,
      port: talk.port,
      sessionId: talk.port,
      previous: null,
      telephoneEventPayloadType: 101,
    });
    const session = this.#peer.agent.invite({
      requestUri: sipUri('3', box, SIP_PORT),
      from: { displayName: number, uri: sipUri(number, gateway), params: [] },
      to: { displayName: '', uri: sipUri('3', box), params: [] },
      contact: sipUri(number, gateway, SIP_PORT),
      target: { transport: 'UDP', address: box, port: SIP_PORT },
      route: [],
      headers: [],
      sdp,
      credentials: null,
    });
    return new PartyCall('caller', session, talk, sdp);
  }
}

export interface PhoneOptions {
  readonly extension?: string;
  /** How long it rings before it is answered; null: nobody answers. */
  readonly answerAfterMs?: number | null;
}

/** A phone of the shop: registers, rings, is answered. */
export class ShopPhone {
  readonly calls = new Observed<PartyCall>('phone');
  readonly registered: Promise<void>;
  answerAfterMs: number | null;
  readonly #t: Scope;
  readonly #address: string;

  private constructor(t: Scope, address: string, registered: Promise<void>, answer: number | null) {
    this.#t = t;
    this.#address = address;
    this.registered = registered;
    this.answerAfterMs = answer;
  }

  /** Registered when it resolves. */
  static async open(t: Scope, place: Place, options: PhoneOptions = {}): Promise<ShopPhone> {
    const { extension = '201', answerAfterMs = 100 } = options;
    const address = place.phone(Number(extension) % 100);
    const clock = mortalClock(t);
    const phones: ShopPhone[] = [];
    const peer = await openSipPeer({
      address,
      port: SIP_PORT,
      name: 'Phone of the tests',
      clock,
      sessionExpiresS: SESSION_EXPIRES_S,
      onIncoming: (session) => {
        void phones[0]?.onIncoming(session);
      },
    });
    let tellRegistered: () => void = () => undefined;
    const registered = new Promise<void>((resolve) => {
      tellRegistered = resolve;
    });
    const registration = createRegistration({
      transactions: peer.transactions,
      clock,
      random: systemRandom,
      log: silentLog,
      registrar: sipUri('', place.box, SIP_PORT),
      addressOfRecord: sipUri(extension, place.box, SIP_PORT),
      contact: sipUri(extension, address, SIP_PORT),
      target: { transport: 'UDP', address: place.box, port: SIP_PORT },
      credentials: { user: extension, password: phonePassword(extension) },
      onStatus: ({ state }) => {
        if (state === 'registered') tellRegistered();
      },
    });
    const phone = new ShopPhone(t, address, registered, answerAfterMs);
    phones.push(phone);
    // Its socket goes at once: a box that is gone could not answer the farewell.
    t.teardown(() => peer.close());
    registration.start();
    await registered;
    return phone;
  }

  /** The n-th call that came, from 1. */
  nth(count: number, timeoutMs?: number): Promise<PartyCall> {
    return this.calls.until(`call ${count}`, () => true, {
      count,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  async onIncoming(session: IncomingSession): Promise<void> {
    const talk = await Talk.open(this.#t, this.#address, SHOP_HZ);
    if (session.state !== 'early') {
      session.onEvent = () => undefined;
      talk.close();
      return;
    }
    session.ring();
    const call = new PartyCall('phone', session, talk, null);
    call.events.push({ name: 'rang', atMs: performance.now() });
    this.calls.push(call);
    const afterMs = this.answerAfterMs;
    if (afterMs === null) return;
    const timer = setTimeout(() => {
      if (session.state === 'early') call.answer(this.#address);
    }, afterMs);
    this.#t.teardown(() => clearTimeout(timer));
  }
}
