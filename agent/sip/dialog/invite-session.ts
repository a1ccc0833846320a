import assert from 'node:assert/strict';
import {
  headersOf,
  tokensOf,
  type HeaderField,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  type SipUri,
} from '../message/sip-message.js';
import type { ServerTransaction } from '../transaction/transaction-layer.js';
import type { Endpoint } from '../transport/transport.js';
import { DialogClient } from './dialog-client.js';
import { EventOutbox } from './event-outbox.js';
import { serveInDialog } from './in-dialog-server.js';
import type { LifeEffect, LifeEvent, LifeState } from './invite-session-life.js';
import { stepLife } from './invite-session-machine.js';
import { OfferExchange } from './offer-exchange.js';
import { reasonHeader } from './reason-header.js';
import { Referrals } from './referrals.js';
import { respondTo } from './response.js';
import type { SessionContext } from './session-context.js';
import type { AgreedSdp, SessionCore } from './session-core.js';
import { SessionRefresh } from './session-refresh.js';
import type {
  Credentials,
  DialogSnapshot,
  InviteSession,
  Reason,
  Replaces,
  SessionEvent,
} from './session.js';
import type { UacOpening } from './uac-opening.js';
import type { UasOpening } from './uas-opening.js';

/** What a session is made from. */
export interface SessionSeed {
  readonly id: string;
  readonly role: 'uac' | 'uas';
  readonly invite: SipRequest;
  readonly peer: Endpoint;
  readonly contact: SipUri;
  /** Whether the first offer is ours. */
  readonly firstOfferIsOurs: boolean;
  readonly replaces: Replaces | null;
  readonly startsAs: LifeState;
}

/** How the INVITE began: one of these, or none for a restored session. */
export type Opening =
  | { readonly role: 'uac'; readonly uac: UacOpening }
  | { readonly role: 'uas'; readonly uas: UasOpening };

/** Drives one INVITE session: its life's machine, and the parts that each keep one concern. */
export class Session implements InviteSession, SessionCore {
  readonly id: string;
  readonly role: 'uac' | 'uas';
  readonly invite: SipRequest;
  readonly peer: Endpoint;
  readonly contact: SipUri;
  readonly replaces: Replaces | null;
  readonly context: SessionContext;
  readonly offers: OfferExchange;
  readonly refresh: SessionRefresh;
  onSnapshot: ((snapshot: DialogSnapshot) => void) | null = null;
  readonly #outbox: EventOutbox<SessionEvent>;
  readonly #referrals: Referrals;
  readonly #onEnded: () => void;
  #life: LifeState;
  #opening: Opening | null = null;
  #client: DialogClient | null = null;
  #sdp: AgreedSdp = { local: null, remote: null };
  #peerAllowsUpdate = false;
  #ourReason: Reason | null = null;
  #theirReason: Reason | null = null;

  constructor(context: SessionContext, seed: SessionSeed, onEnded: () => void) {
    this.context = context;
    this.id = seed.id;
    this.role = seed.role;
    this.invite = seed.invite;
    this.peer = seed.peer;
    this.contact = seed.contact;
    this.replaces = seed.replaces;
    this.#life = seed.startsAs;
    this.#onEnded = onEnded;
    this.#outbox = new EventOutbox(() => context.count('eventDropped'));
    this.offers = new OfferExchange(this, seed.firstOfferIsOurs);
    this.refresh = new SessionRefresh(this);
    this.#referrals = new Referrals(this);
  }

  /** Takes its opening; the dialog too where it stands from the start (UAS). */
  open(opening: Opening, client: DialogClient | null): void {
    this.#opening = opening;
    this.#client = client;
  }

  /** Goes on with a confirmed dialog of an earlier process. */
  restore(snapshot: DialogSnapshot, credentials: Credentials | null): void {
    const { sessionTimer, localSdp, remoteSdp, ...dialog } = snapshot;
    this.#client = new DialogClient(this.context, dialog, credentials, () => this.changed());
    this.#sdp = { local: localSdp, remote: remoteSdp };
    this.offers.note('done');
    if (sessionTimer !== null) this.refresh.restore(sessionTimer);
  }

  get state(): 'early' | 'confirmed' | 'ended' {
    const { name } = this.#life;
    if (name === 'ended') return 'ended';
    return name === 'confirmed' || name === 'accepted' ? 'confirmed' : 'early';
  }

  get client(): DialogClient | null {
    return this.#client;
  }

  get sdp(): AgreedSdp {
    return this.#sdp;
  }

  get peerAllowsUpdate(): boolean {
    return this.#peerAllowsUpdate;
  }

  get onEvent(): ((event: SessionEvent) => void) | null {
    return this.#outbox.listener;
  }

  set onEvent(listener: ((event: SessionEvent) => void) | null) {
    this.#outbox.listener = listener;
  }

  get snapshot(): DialogSnapshot | null {
    if (this.#client === null || this.state !== 'confirmed') return null;
    return {
      ...this.#client.dialog,
      sessionTimer: this.refresh.snapshot,
      localSdp: this.#sdp.local,
      remoteSdp: this.#sdp.remote,
    };
  }

  ring(options: { readonly sdp?: string; readonly headers?: readonly HeaderField[] } = {}): void {
    const { sdp = null, headers = [] } = options;
    if (this.state === 'ended') return;
    assert(
      this.#opening?.role === 'uas' && this.#life.name === 'ringing',
      'rings before it answers',
    );
    this.#opening.uas.ring({ status: sdp === null ? 180 : 183, sdp, headers });
  }

  accept(sdp: string, headers: readonly HeaderField[] = []): void {
    if (this.state === 'ended') return;
    assert(this.#opening?.role === 'uas' && this.#life.name === 'ringing', 'accepts once');
    this.#opening.uas.accept(sdp, headers);
  }

  reject(
    status: number,
    options: { readonly reason?: string; readonly headers?: readonly HeaderField[] } = {},
  ): void {
    if (this.state === 'ended') return;
    assert(status >= 300 && status <= 699, 'a refusal is 300…699');
    assert(this.#opening?.role === 'uas' && this.state === 'early', 'rejects before it answers');
    this.#opening.uas.reject(status, options);
  }

  offer(sdp: string): void {
    if (this.state === 'ended') return;
    assert(this.state === 'confirmed', 'offers in a confirmed dialog');
    this.offers.offer(sdp);
  }

  answerOffer(sdp: string): void {
    this.offers.answer(sdp);
  }

  rejectOffer(status: number): void {
    assert(status >= 300 && status <= 699, 'a refusal is 300…699');
    this.offers.reject(status);
  }

  acceptRefer(id: number): void {
    this.#referrals.accept(id);
  }

  notifyRefer(id: number, status: number, reason: string): void {
    if (this.state === 'confirmed') this.#referrals.notify(id, status, reason);
  }

  rejectRefer(id: number, status: number): void {
    this.#referrals.reject(id, status);
  }

  hangUp(reason?: Reason): void {
    if (this.state === 'ended') return;
    this.#ourReason ??= reason ?? null;
    this.step({ name: 'hangUp' });
  }

  /** A request with our tag in To. */
  receive(transaction: ServerTransaction): void {
    serveInDialog(
      this,
      {
        dialogOf: (tag) => this.#dialogOf(tag),
        referrals: this.#referrals,
        receivePrack: (prack) => this.#receivePrack(prack),
      },
      transaction,
    );
  }

  /** The ACK of a 2xx, matched by our tag and Call-ID; one that fits nothing is counted. */
  receiveAck(ack: SipRequest): void {
    const wasFirst = this.#opening?.role === 'uas' && this.#opening.uas.receiveAck(ack);
    if (!wasFirst && !this.offers.receiveAck(ack)) this.context.count('stray');
  }

  /** A 2xx of our INVITE whose transaction is gone. */
  receiveStray(response: SipResponse): void {
    if (this.#opening?.role === 'uac' && response.cSeq.method === 'INVITE') {
      this.#opening.uac.receive(response);
    }
  }

  /** Whether a Replaces or a lookup names a dialog of this session (RFC 3891 §3). */
  hasRemoteTag(tag: string): boolean {
    return this.#dialogOf(tag) !== null;
  }

  step(event: LifeEvent): void {
    const [state, effects] = stepLife(this.#life, event);
    this.#life = state;
    for (const effect of effects) this.#perform(effect);
  }

  emit(event: SessionEvent): void {
    this.#outbox.push(event);
  }

  changed(): void {
    const { snapshot } = this;
    if (snapshot !== null) this.onSnapshot?.(snapshot);
  }

  choose(client: DialogClient): void {
    this.#client = client;
  }

  agreeSdp(sdp: Partial<AgreedSdp>): void {
    this.#sdp = { ...this.#sdp, ...sdp };
    this.changed();
  }

  notePeer(message: SipMessage): void {
    if (headersOf(message, 'Allow').length === 0) return;
    this.#peerAllowsUpdate = tokensOf(message, 'Allow').includes('UPDATE');
  }

  noteReason(reason: Reason | null): void {
    this.#theirReason = reason;
  }

  #perform(effect: LifeEffect): void {
    switch (effect.do) {
      case 'end':
        this.#end(effect);
        break;
      case 'countStray':
        this.context.count('stray');
        break;
      case 'bye':
        if (this.#opening?.role === 'uac') this.#opening.uac.perform(effect, this.#ourReason);
        else this.#sendBye();
        break;
      default:
        if (this.#opening?.role === 'uac') this.#opening.uac.perform(effect, this.#ourReason);
        else if (this.#opening?.role === 'uas') this.#opening.uas.perform(effect);
    }
  }

  #sendBye(): void {
    const headers = reasonHeader(this.#ourReason);
    this.#client?.send('BYE', { headers }, { onFinal: () => undefined });
  }

  #end(effect: LifeEffect & { readonly do: 'end' }): void {
    this.refresh.close();
    this.offers.close();
    this.#referrals.close();
    if (this.#opening?.role === 'uac') this.#opening.uac.close();
    if (this.#opening?.role === 'uas') this.#opening.uas.close();
    const { by, how, status } = effect;
    const reason = by === 'remote' ? this.#theirReason : this.#ourReason;
    this.context.log.info('sip.session.ended', { session: this.id, by, how, status });
    this.emit({ name: 'ended', end: { by, how, status, reason } });
    this.#onEnded();
  }

  #dialogOf(remoteTag: string): DialogClient | null {
    if (this.#opening?.role === 'uac') return this.#opening.uac.dialogOf(remoteTag);
    return this.#client?.dialog.remoteTag === remoteTag ? this.#client : null;
  }

  #receivePrack(prack: ServerTransaction): void {
    if (this.#opening?.role === 'uas') {
      this.#opening.uas.receivePrack(prack);
    } else {
      prack.respond(respondTo(prack.request, 481));
    }
  }
}
