import assert from 'node:assert/strict';
import { randomHex, type Timer } from '../../../base/index.js';
import {
  answerSessionTimer,
  DialogClient,
  isBodyStrange,
  literalNextHop,
  MIN_SE_S,
  refuseBody,
  respondTo,
  sdpOf,
  Session,
  uasDialog,
  UacOpening,
  UasOpening,
  type DialogId,
  type DialogSnapshot,
  type InviteSession,
  type OutgoingInvite,
  type Replaces,
  type SessionContext,
} from '../dialog/index.js';
import { tagOf, type SipRequest, type SipResponse, type SipUri } from '../message/sip-message.js';
import type { ServerTransaction, TransactionLayer } from '../transaction/transaction-layer.js';
import { buildInvite, inviteOf } from './outgoing-invite.js';
import { answerOutside, refusalOf, replacesOf } from './request-checks.js';
import { SessionTable } from './session-table.js';
import type {
  UserAgent,
  UserAgentCounts,
  UserAgentEvents,
  UserAgentOptions,
} from './user-agent-options.js';

/** Sessions at once unless told: four calls with a ring to six phones each. */
const SESSIONS_MAX = 32;
/** What `Retry-After` says when we are full, s. */
const RETRY_AFTER_S = 10;

/** The SIP user agent of the box: UAS and UAC for every leg, over one transaction layer. */
export function createUserAgent(options: UserAgentOptions, events: UserAgentEvents): UserAgent {
  return new SipUserAgent(options, events);
}

class SipUserAgent implements UserAgent {
  readonly #options: UserAgentOptions;
  readonly #events: UserAgentEvents;
  readonly #transactions: TransactionLayer;
  readonly #context: SessionContext;
  readonly #table: SessionTable;
  readonly #counts = {
    stray: 0,
    forkDropped: 0,
    provisionalDropped: 0,
    eventDropped: 0,
    refused: 0,
  };
  #sessionNumber = 0;
  #exchanges = 0;
  #closing: { readonly done: () => void; readonly deadline: Timer } | null = null;
  #isClosed = false;

  constructor(options: UserAgentOptions, events: UserAgentEvents) {
    this.#options = options;
    this.#events = events;
    this.#table = new SessionTable(options.clock);
    this.#transactions = options.createTransactions({
      onRequest: (transaction) => this.#onRequest(transaction),
      onAck: (ack) => this.#onAck(ack),
      onStrayResponse: (response) => this.#onStrayResponse(response),
    });
    this.#context = this.#buildContext();
  }

  get sessions(): Iterable<InviteSession> {
    return this.#table.live();
  }

  get counts(): UserAgentCounts {
    return { ...this.#counts };
  }

  invite(outgoing: OutgoingInvite): InviteSession {
    assert(!this.#isClosed && this.#closing === null, 'calls before it closes');
    const { contactHost: host, random, userAgentName } = this.#options;
    const invite = buildInvite(outgoing, { random, host, userAgentName });
    const localTag = tagOf(invite.from) ?? '';
    const session = new Session(
      this.#context,
      {
        id: this.#nextId(),
        role: 'uac',
        invite,
        peer: outgoing.target,
        contact: outgoing.contact,
        firstOfferIsOurs: true,
        replaces: null,
        startsAs: { name: 'calling', tries: 1 },
      },
      () => this.#retire(invite.callId, localTag),
    );
    const { target, credentials } = outgoing;
    const uac = new UacOpening(session, invite, { target, credentials });
    session.open({ role: 'uac', uac }, null);
    this.#table.add(invite.callId, localTag, session);
    uac.start();
    return session;
  }

  restore(snapshot: DialogSnapshot): InviteSession {
    const { role, callId, localTag, remoteTag, peer } = snapshot;
    const contact = this.#contactFor(snapshot.localUri.uri.user);
    const session = new Session(
      this.#context,
      {
        id: this.#nextId(),
        role,
        invite: inviteOf(snapshot),
        peer,
        contact,
        firstOfferIsOurs: role === 'uac',
        replaces: null,
        startsAs: { name: 'confirmed', tag: role === 'uac' ? remoteTag : null },
      },
      () => this.#retire(callId, localTag),
    );
    this.#table.add(callId, localTag, session);
    session.restore(snapshot, this.#options.credentialsFor?.(peer) ?? null);
    return session;
  }

  findSession({ callId, localTag, remoteTag }: DialogId): InviteSession | null {
    const session = this.#table.find(callId, localTag);
    return session?.state !== 'ended' && session?.hasRemoteTag(remoteTag) === true ? session : null;
  }

  findReplaced({ callId, toTag, fromTag }: Replaces): InviteSession | null {
    return this.findSession({ callId, localTag: toTag, remoteTag: fromTag });
  }

  close(deadlineMs: number): Promise<void> {
    assert(!this.#isClosed && this.#closing === null, 'closes once');
    const closed = new Promise<void>((resolve) => {
      const deadline = this.#options.clock.after(deadlineMs, () => this.#finishClose());
      this.#closing = { done: resolve, deadline };
    });
    for (const session of [...this.#table.live()]) session.hangUp();
    this.#closeIfQuiet();
    return closed;
  }

  #onRequest(transaction: ServerTransaction): void {
    const { request, source } = transaction;
    const { random } = this.#options;
    const localTag = tagOf(request.to);
    const session = localTag === undefined ? undefined : this.#table.find(request.callId, localTag);
    if (session === undefined && localTag === undefined && !this.#admits(transaction)) return;
    const refusal = refusalOf(request, random);
    if (refusal !== null) transaction.respond(refusal);
    else if (session !== undefined) session.receive(transaction);
    else if (localTag !== undefined) transaction.respond(answerOutside(request, random));
    else if (request.method === 'INVITE') this.#onInvite(transaction);
    else if (request.method === 'REGISTER') {
      transaction.respond(this.#events.onRegister(request, source));
    } else transaction.respond(answerOutside(request, random));
  }

  /** @returns whether the sender may talk to us; if not, it has its answer */
  #admits(transaction: ServerTransaction): boolean {
    const { request, source } = transaction;
    const screening = this.#options.screen(request, source);
    if (screening.verdict === 'accept') return true;
    if (screening.verdict === 'refuse') {
      this.#counts.refused += 1;
      this.#options.log.debug('sip.refused', { method: request.method, ...source });
      const localTag = randomHex(this.#options.random, 8);
      transaction.respond(respondTo(request, screening.status, { localTag }));
      return false;
    }
    const challenge = this.#events.authenticate(request, source);
    if (challenge !== null) transaction.respond(challenge);
    return challenge === null;
  }

  #onInvite(transaction: ServerTransaction): void {
    const { request, source } = transaction;
    const localTag = randomHex(this.#options.random, 8);
    const replaces = replacesOf(request);
    const timer = answerSessionTimer(request, this.#context.settings.minSeS);
    if (replaces === 'malformed' || request.contacts === '*' || request.contacts.length === 0) {
      transaction.respond(respondTo(request, 400, { localTag }));
    } else if (isBodyStrange(request)) {
      refuseBody(transaction, localTag);
    } else if (timer.verdict === 'tooSmall') {
      const headers = [{ name: 'Min-SE', value: String(this.#context.settings.minSeS) }];
      transaction.respond(respondTo(request, 422, { localTag, headers }));
    } else if (this.#isFull()) {
      const headers = [{ name: 'Retry-After', value: String(RETRY_AFTER_S) }];
      transaction.respond(respondTo(request, 503, { localTag, headers }));
    } else {
      const session = this.#incoming(transaction, replaces, localTag);
      const uas = new UasOpening(session, transaction, { localTag, timer });
      const dialog = uasDialog(request, localTag, source);
      const credentials = this.#options.credentialsFor?.(source) ?? null;
      const client = new DialogClient(this.#context, dialog, credentials, () => session.changed());
      session.open({ role: 'uas', uas }, client);
      session.notePeer(request);
      this.#table.add(request.callId, localTag, session);
      this.#options.log.info('sip.session.incoming', { session: session.id });
      this.#events.onIncoming(session, source);
    }
  }

  #incoming(transaction: ServerTransaction, replaces: Replaces | null, localTag: string): Session {
    const { request: invite, source } = transaction;
    return new Session(
      this.#context,
      {
        id: this.#nextId(),
        role: 'uas',
        invite,
        peer: source,
        contact: this.#contactFor(invite.uri.user),
        firstOfferIsOurs: sdpOf(invite) === null,
        replaces,
        startsAs: { name: 'ringing' },
      },
      () => this.#retire(invite.callId, localTag),
    );
  }

  #onAck(ack: SipRequest): void {
    const session = this.#table.find(ack.callId, tagOf(ack.to) ?? '');
    if (session === undefined) this.#counts.stray += 1;
    else session.receiveAck(ack);
  }

  #onStrayResponse(response: SipResponse): void {
    const session = this.#table.find(response.callId, tagOf(response.from) ?? '');
    if (session === undefined) this.#counts.stray += 1;
    else session.receiveStray(response);
  }

  #retire(callId: string, localTag: string): void {
    this.#table.retire(callId, localTag);
    this.#closeIfQuiet();
  }

  #isFull(): boolean {
    const sessionsMax = this.#options.sessionsMax ?? SESSIONS_MAX;
    return this.#isClosed || this.#closing !== null || this.#table.size >= sessionsMax;
  }

  #closeIfQuiet(): void {
    if (this.#closing !== null && this.#table.size === 0 && this.#exchanges === 0) {
      this.#finishClose();
    }
  }

  #finishClose(): void {
    if (this.#closing === null) return;
    const { done, deadline } = this.#closing;
    this.#closing = null;
    this.#isClosed = true;
    deadline.cancel();
    this.#transactions.close();
    this.#table.clear();
    done();
  }

  #contactFor(user: string): SipUri {
    return {
      scheme: 'sip',
      user,
      password: null,
      host: this.#options.contactHost,
      port: this.#options.contactPort,
      params: [],
      headers: '',
      opaque: '',
    };
  }

  #nextId(): string {
    this.#sessionNumber += 1;
    return `s${this.#sessionNumber}`;
  }

  #buildContext(): SessionContext {
    const { clock, random, log, digestClient, session, userAgentName } = this.#options;
    const nextHop = this.#options.nextHop?.bind(this.#options) ?? literalNextHop;
    return {
      transactions: this.#transactions,
      clock,
      random,
      log,
      digestClient,
      settings: {
        reliableWhenSupported: true,
        sessionExpiresS: 1_800,
        minSeS: MIN_SE_S,
        ...session,
        userAgentName,
      },
      nextHop,
      count: (what) => {
        this.#counts[what] += 1;
      },
      onExchange: (change) => {
        this.#exchanges += change;
        this.#closeIfQuiet();
      },
    };
  }
}
