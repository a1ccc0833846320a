import type { Timer } from '../../../base/index.js';
import {
  headerOf,
  tagOf,
  type HeaderField,
  type NameAddr,
  type SipRequest,
  type SipResponse,
} from '../message/sip-message.js';
import type { ClientTransaction } from '../transaction/transaction-layer.js';
import type { Endpoint } from '../transport/transport.js';
import { ChallengeMemory } from './digest-client.js';
import { DialogClient } from './dialog-client.js';
import { GIVE_UP_MS } from './dialog-timers.js';
import { confirmedUacDialog, uacDialog } from './dialog.js';
import type { LifeEffect } from './invite-session-life.js';
import { reasonHeader, reasonOf } from './reason-header.js';
import { judgeProvisional } from './received-provisionals.js';
import { sdpOf } from './response.js';
import type { SessionCore } from './session-core.js';
import { agreedByResponse, minSeOf } from './session-timer-machine.js';
import type { Credentials, Reason } from './session.js';

/** Branches of one forked INVITE that are kept apart; beyond, the oldest loser is forgotten and counted. */
export const FORKS_MAX = 16;

interface Fork {
  readonly client: DialogClient;
  lastRSeq: number | null;
  /** The answer that a reliable 1xx carried. */
  answer: string | null;
  byeSent: boolean;
}

/** The calling side's INVITE: tries, forks, PRACK, ACK, CANCEL (RFC 3261 §13.2, RFC 3262 §4). */
export class UacOpening {
  readonly #core: SessionCore;
  readonly #target: Endpoint;
  readonly #credentials: Credentials | null;
  readonly #forks = new Map<string, Fork>();
  readonly #challenges = new ChallengeMemory();
  #invite: SipRequest;
  #transaction: ClientTransaction | null = null;
  #response: SipResponse | null = null;
  #giveUp: Timer | null = null;
  #authorisation: readonly HeaderField[] = [];

  /** @param invite without timer and credentials headers: each try puts on its own */
  constructor(
    core: SessionCore,
    invite: SipRequest,
    to: { readonly target: Endpoint; readonly credentials: Credentials | null },
  ) {
    this.#core = core;
    this.#invite = invite;
    this.#target = to.target;
    this.#credentials = to.credentials;
  }

  start(): void {
    this.#sendInvite(this.#invite.cSeq.number);
  }

  dialogOf(remoteTag: string): DialogClient | null {
    return this.#forks.get(remoteTag)?.client ?? null;
  }

  /** A response of our INVITE, also a 2xx after its transaction ended (RFC 6026 §8.9). */
  receive(response: SipResponse): void {
    if (response.cSeq.number !== this.#invite.cSeq.number) return;
    this.#response = response;
    if (response.status < 200) this.#receiveProvisional(response);
    else if (response.status < 300) {
      this.#core.step({ name: 'answered', tag: tagOf(response.to) ?? '' });
    } else {
      this.#core.noteReason(reasonOf(response));
      const { status } = response;
      this.#core.step({ name: 'refused', status, retry: this.#retryOf(response) });
    }
  }

  /** @param reason why we hang up, for CANCEL and BYE */
  perform(effect: LifeEffect, reason: Reason | null): void {
    switch (effect.do) {
      case 'sendInvite':
        // A final refusal ended every early dialog of that try (RFC 3261 §13.2.2.3).
        this.#forks.clear();
        this.#sendInvite(this.#invite.cSeq.number + 1);
        break;
      case 'sendCancel':
        if (this.#transaction === null) break;
        this.#core.context.transactions.cancel(this.#transaction, reasonHeader(reason));
        break;
      case 'waitForFinal':
        this.#giveUp = this.#core.context.clock.after(GIVE_UP_MS, () =>
          this.#core.step({ name: 'noFinal' }),
        );
        break;
      case 'emitProgress':
        this.#emitProgress();
        break;
      case 'confirm':
        this.#confirm(effect.tag);
        break;
      case 'ack':
        this.#settled(effect.tag)?.client.ack(this.#invite);
        break;
      case 'bye':
        this.#bye(effect.tag ?? '', reason);
        break;
      default:
        break;
    }
  }

  close(): void {
    this.#giveUp?.cancel();
  }

  #sendInvite(number: number): void {
    const headers = [
      ...this.#invite.headers.filter((field) => !isPerTry(field.name)),
      ...this.#core.refresh.askHeaders(),
      ...this.#authorisation,
    ];
    this.#invite = { ...this.#invite, cSeq: { number, method: 'INVITE' }, headers };
    this.#transaction = this.#core.context.transactions.request(this.#invite, this.#target, {
      onResponse: (response) => this.receive(response),
      onTimeout: () => this.#core.step({ name: 'noAnswer' }),
      onTransportError: () => this.#core.step({ name: 'sendFailed' }),
    });
  }

  #receiveProvisional(response: SipResponse): void {
    const tag = tagOf(response.to);
    if (response.status === 100 || tag === undefined) {
      this.#core.step({ name: 'provisional' });
      return;
    }
    const fork = this.#fork(tag, response);
    const verdict = judgeProvisional(response, fork.lastRSeq);
    if (verdict.kind === 'ignore') return;
    if (verdict.kind === 'next') {
      fork.lastRSeq = verdict.rSeq;
      const value = `${verdict.rSeq} ${this.#invite.cSeq.number} INVITE`;
      fork.client.send(
        'PRACK',
        { headers: [{ name: 'RAck', value }] },
        { onFinal: () => undefined },
      );
      fork.answer ??= sdpOf(response);
    }
    this.#core.step({ name: 'provisional' });
    if (fork.answer !== null) this.#core.offers.note('done');
  }

  #emitProgress(): void {
    const response = this.#response;
    if (response === null || response.status === 100) return;
    const { status } = response;
    this.#core.emit({ name: 'progress', status, sdp: sdpOf(response) });
  }

  #confirm(tag: string): void {
    const fork = this.#settled(tag);
    const response = this.#response;
    if (fork === null || response === null) return;
    fork.client.ack(this.#invite);
    this.#core.choose(fork.client);
    this.#core.notePeer(response);
    const sdp = sdpOf(response);
    this.#core.agreeSdp({ local: sdpOf(this.#invite), remote: sdp ?? fork.answer });
    this.#core.refresh.agree(agreedByResponse(response));
    this.#core.emit({ name: 'answered', sdp, remote: remoteOf(response) });
    this.#core.offers.note('done');
  }

  /** The fork of a 2xx, with the routes of that 2xx. */
  #settled(tag: string): Fork | null {
    const response = this.#response;
    if (response === null || response.status >= 300 || response.status < 200) return null;
    const fork = this.#fork(tag, response);
    if (fork.client !== this.#core.client) {
      fork.client.confirm(confirmedUacDialog(fork.client.dialog, this.#invite, response));
    }
    return fork;
  }

  #bye(tag: string, reason: Reason | null): void {
    const fork = this.#forks.get(tag);
    if (fork === undefined || fork.byeSent) return;
    fork.byeSent = true;
    fork.client.send('BYE', { headers: reasonHeader(reason) }, { onFinal: () => undefined });
  }

  #fork(tag: string, response: SipResponse): Fork {
    const known = this.#forks.get(tag);
    if (known !== undefined) return known;
    if (this.#forks.size >= FORKS_MAX) this.#forgetOne();
    const fork: Fork = {
      client: new DialogClient(
        this.#core.context,
        uacDialog(this.#invite, response, this.#target),
        this.#credentials,
        () => this.#core.changed(),
      ),
      lastRSeq: null,
      answer: null,
      byeSent: false,
    };
    this.#forks.set(tag, fork);
    return fork;
  }

  #forgetOne(): void {
    for (const [tag, fork] of this.#forks) {
      if (fork.client === this.#core.client) continue;
      this.#forks.delete(tag);
      this.#core.context.count('forkDropped');
      return;
    }
  }

  #retryOf(response: SipResponse): 'credentials' | 'interval' | null {
    if (response.status === 422 && headerOf(response, 'Min-SE') !== undefined) {
      return this.#core.refresh.raise(minSeOf(response)) ? 'interval' : null;
    }
    if (response.status !== 401 && response.status !== 407) return null;
    if (this.#credentials === null || !this.#challenges.take(response)) return null;
    const { digestClient } = this.#core.context;
    const answer = digestClient.authorise(response, this.#invite, this.#credentials);
    if (answer === null) return null;
    const kept = this.#authorisation.filter((field) => field.name !== answer.name);
    this.#authorisation = [...kept, answer];
    return 'credentials';
  }
}

const PER_TRY = new Set(['Session-Expires', 'Min-SE', 'Authorization', 'Proxy-Authorization']);
const isPerTry = (name: string): boolean => PER_TRY.has(name);

/** Who answered, as the 2xx names it. */
const remoteOf = (response: SipResponse): NameAddr => response.to;
