import assert from 'node:assert/strict';

import {
  randomHex,
  UnavailableError,
  type Clock,
  type Log,
  type Random,
} from '../../../base/index.js';
import { cancelFor, responseTo } from '../message/compose.js';
import {
  tagOf,
  type HeaderField,
  type Param,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  type Via,
} from '../message/sip-message.js';
import type { Endpoint, Transport, TransportEvents } from '../transport/transport.js';
import { hostOf } from '../transport/via-routing.js';
import { ClientRun } from './client-run.js';
import { ServerRun } from './server-run.js';
import { clientKey, mergeKey, serverKey } from './transaction-key.js';
import type {
  ClientTransaction,
  ClientTransactionEvents,
  TransactionLayer,
  TransactionUser,
} from './transaction-layer.js';

export interface TransactionLimits {
  /**
   * Transactions alive, beyond which what would start something new gets 503. Requests inside dialogs, which end calls
   * and free what is held, pass up to twice as many.
   */
  readonly transactionsMax: number;
}

/** Four calls hold about ten at once; the rest is room for a shop's phones that all register after a power cut. */
export const DEFAULT_TRANSACTION_LIMITS: TransactionLimits = { transactionsMax: 500 };

/** What a refused peer should wait, s (RFC 3261 §21.5.4). */
const RETRY_AFTER_S = 5;
const TAG_BYTES = 8;
const BRANCH_BYTES = 12;

export interface TransactionLayerOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits?: TransactionLimits;
  readonly user: TransactionUser;
  /** Whether our Via asks this peer for `rport` (RFC 3581); everyone unless told. */
  readonly asksRport?: (peer: Endpoint) => boolean;
}

/** Counters; each only rises. */
export interface TransactionCounts {
  /** Messages that no transaction or state expected: late repeats, answers to nothing. */
  readonly stray: number;
  /** Requests answered 503 for want of room. */
  readonly refused: number;
}

export interface WiredTransactionLayer extends TransactionLayer {
  /** Give these to the transport (see `lateEvents`). */
  readonly transportEvents: TransportEvents;
  readonly counts: TransactionCounts;
}

/** The transaction layer over one transport (RFC 3261 §17, RFC 6026). */
export function createTransactionLayer(options: TransactionLayerOptions): WiredTransactionLayer {
  return new Layer(options);
}

const nothing = (): void => undefined;
/** Nobody waits for what becomes of a CANCEL: the INVITE's own end tells. */
const UNHEARD: ClientTransactionEvents = {
  onResponse: nothing,
  onTimeout: nothing,
  onTransportError: nothing,
};
const URI_SCHEMES: ReadonlySet<string> = new Set(['sip', 'sips', 'tel']);

class Layer implements WiredTransactionLayer {
  readonly transportEvents: TransportEvents;
  readonly #options: TransactionLayerOptions;
  readonly #limits: TransactionLimits;
  readonly #clients = new Map<string, ClientRun>();
  readonly #servers = new Map<string, ServerRun>();
  /** Merge key → server key; one for each server transaction outside a dialog. */
  readonly #merges = new Map<string, string>();
  readonly #counts = { stray: 0, refused: 0 };
  #isOpen = true;

  constructor(options: TransactionLayerOptions) {
    this.#options = options;
    this.#limits = options.limits ?? DEFAULT_TRANSACTION_LIMITS;
    this.transportEvents = {
      onMessage: (message, from) => this.#receive(message, from),
      onSendFailed: (message, _to, cause) => this.#sendFailed(message, cause),
    };
  }

  get activeCount(): number {
    return this.#clients.size + this.#servers.size;
  }

  get counts(): TransactionCounts {
    return { ...this.#counts };
  }

  request(
    request: SipRequest,
    target: Endpoint,
    events: ClientTransactionEvents,
  ): ClientTransaction {
    assert(request.method !== 'ACK', 'an ACK has no transaction: use sendAck');
    assert(request.method !== 'CANCEL', 'a CANCEL shares the branch of its INVITE: use cancel');
    const sent = this.#withVia(request, target);
    if (!this.#isOpen || this.activeCount >= 2 * this.#limits.transactionsMax) {
      const cause = new UnavailableError('sipTransactionsFull', 'too many transactions');
      this.#options.clock.after(0, () => events.onTransportError(cause));
      return { request: sent, target };
    }
    return this.#startClient(sent, target, events);
  }

  cancel(invite: ClientTransaction, headers: readonly HeaderField[] = []): void {
    assert(invite.request.method === 'INVITE', 'only an INVITE is cancelled (RFC 3261 §9.1)');
    this.#clients.get(clientKey(invite.request))?.cancel(headers);
  }

  sendAck(ack: SipRequest, target: Endpoint): void {
    assert(ack.method === 'ACK', 'sendAck sends ACKs');
    if (this.#isOpen) this.#options.transport.send(this.#withVia(ack, target), target);
  }

  close(): void {
    this.#isOpen = false;
    for (const run of [...this.#clients.values(), ...this.#servers.values()]) run.close();
    this.#clients.clear();
    this.#servers.clear();
    this.#merges.clear();
  }

  #withVia(request: SipRequest, target: Endpoint): SipRequest {
    assert(request.via.length === 0, 'the transaction layer puts on our Via');
    const { transport, random, asksRport } = this.#options;
    const rport: Param[] = asksRport?.(target) === false ? [] : [{ name: 'rport', value: null }];
    const branch = `z9hG4bK${randomHex(random, BRANCH_BYTES)}`;
    const via: Via = {
      transport: target.transport,
      host: hostOf(transport.local.address),
      port: transport.local.port,
      params: [{ name: 'branch', value: branch }, ...rport],
    };
    return { ...request, via: [via] };
  }

  #startClient(request: SipRequest, target: Endpoint, events: ClientTransactionEvents): ClientRun {
    const key = clientKey(request);
    const run = new ClientRun(request, target, events, {
      clock: this.#options.clock,
      send: (message, to) => this.#options.transport.send(message, to),
      onTerminated: () => this.#clients.delete(key),
      onStray: () => this.#countStray(),
      sendCancel: (headers) => this.#startClient(cancelFor(request, headers), target, UNHEARD),
    });
    this.#clients.set(key, run);
    run.begin();
    return run;
  }

  #receive(message: SipMessage, from: Endpoint): void {
    if (!this.#isOpen) return;
    if (message.kind === 'response') this.#receiveResponse(message, from);
    else if (message.method === 'ACK') this.#receiveAck(message, from);
    else this.#receiveRequest(message, from);
  }

  #receiveResponse(response: SipResponse, from: Endpoint): void {
    const run = this.#clients.get(clientKey(response));
    const isSuccess = response.status >= 200 && response.status < 300;
    if (run !== undefined) run.receive(response);
    else if (isSuccess && response.cSeq.method === 'INVITE') {
      this.#options.user.onStrayResponse(response, from);
    } else this.#countStray();
  }

  #receiveAck(ack: SipRequest, from: Endpoint): void {
    const run = this.#servers.get(serverKey(ack, 'INVITE'));
    if (run === undefined) this.#options.user.onAck(ack, from);
    else run.receiveAck(ack);
  }

  #receiveRequest(request: SipRequest, from: Endpoint): void {
    const key = serverKey(request, request.method);
    const known = this.#servers.get(key);
    if (known !== undefined) {
      known.repeat();
      return;
    }
    const isInDialog = tagOf(request.to) !== undefined;
    const isFree = isInDialog || request.method === 'CANCEL';
    if (this.activeCount >= this.#limits.transactionsMax * (isFree ? 2 : 1)) {
      this.#refuse(request, from);
      return;
    }
    const merged = mergeKey(request);
    const isMerged = !isFree && this.#merges.has(merged);
    const run = this.#startServer(key, request, from);
    if (request.method === 'CANCEL') {
      this.#receiveCancel(run);
      return;
    }
    if (isMerged) {
      this.#reply(run, 482);
      return;
    }
    if (!isInDialog) this.#merges.set(merged, key);
    this.#offer(run, isInDialog);
  }

  #startServer(key: string, request: SipRequest, from: Endpoint): ServerRun {
    const run = new ServerRun(request, from, {
      clock: this.#options.clock,
      send: (response, to) => this.#options.transport.send(response, to),
      onTerminated: () => this.#forgetServer(key, request),
      onStray: () => this.#countStray(),
      passAck: (ack) => this.#options.user.onAck(ack, from),
    });
    this.#servers.set(key, run);
    return run;
  }

  #forgetServer(key: string, request: SipRequest): void {
    this.#servers.delete(key);
    const merged = mergeKey(request);
    if (this.#merges.get(merged) === key) this.#merges.delete(merged);
  }

  #offer(run: ServerRun, isInDialog: boolean): void {
    const { request } = run;
    if (!URI_SCHEMES.has(request.uri.scheme)) {
      this.#reply(run, 416);
      return;
    }
    // Inside a dialog we are the end of the road whatever the count; an OPTIONS with 0 asks just us (§11).
    if (request.maxForwards === 0 && !isInDialog && request.method !== 'OPTIONS') {
      this.#reply(run, 483);
      return;
    }
    // At once: the user may take longer than the 200 ms after which the other side wants to hear (§17.2.1).
    if (request.method === 'INVITE') run.respond(responseTo(request, 100));
    this.#options.user.onRequest(run);
  }

  #receiveCancel(run: ServerRun): void {
    const invite = this.#servers.get(serverKey(run.request, 'INVITE'));
    if (invite === undefined) {
      this.#reply(run, 481);
      return;
    }
    // §9.2: the tag of the INVITE's own answers, where one went out.
    const toTag = invite.lastResponse === null ? undefined : tagOf(invite.lastResponse.to);
    this.#reply(run, 200, toTag);
    const hasFinal = (invite.lastResponse?.status ?? 100) >= 200;
    if (!hasFinal) invite.events?.onCancel(run.request);
  }

  #reply(run: ServerRun, status: number, toTag = this.#newTag()): void {
    run.respond(responseTo(run.request, status, { toTag }));
  }

  /** Without a transaction: it is transactions that there are too many of. */
  #refuse(request: SipRequest, from: Endpoint): void {
    this.#counts.refused += 1;
    const headers = [{ name: 'Retry-After', value: String(RETRY_AFTER_S) }];
    const response = responseTo(request, 503, { toTag: this.#newTag(), headers });
    this.#options.transport.send(response, from);
  }

  #newTag(): string {
    return randomHex(this.#options.random, TAG_BYTES);
  }

  #sendFailed(message: SipMessage, cause: unknown): void {
    if (message.kind === 'request') {
      const method = message.method === 'ACK' ? 'INVITE' : message.method;
      this.#clients.get(clientKey(message, method))?.fail(cause);
      return;
    }
    for (const run of this.#servers.values()) {
      if (run.lastResponse === message) {
        run.fail(cause);
        return;
      }
    }
  }

  #countStray(): void {
    this.#counts.stray += 1;
    this.#options.log.debug('sip.stray', { count: this.#counts.stray });
  }
}
