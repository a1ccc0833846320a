import type { Timer } from '../../../base/index.js';
import { hasToken, headerOf, type HeaderField, type SipRequest } from '../message/sip-message.js';
import type { ServerTransaction } from '../transaction/transaction-layer.js';
import { RING_REPEAT_MS } from './dialog-timers.js';
import type { LifeEffect } from './invite-session-life.js';
import { reasonOf } from './reason-header.js';
import { parseRAck } from './received-provisionals.js';
import {
  holdsFinal,
  startReliable,
  stepReliable,
  type Provisional,
  type ReliableEvent,
  type ReliableState,
} from './reliable-provisional-machine.js';
import { respondTo, sdpOf } from './response.js';
import { ALLOW, SUPPORTED } from './session-context.js';
import type { SessionCore } from './session-core.js';
import type { UasTimer } from './session-timer-machine.js';
import { SuccessRepeater } from './success-repeater.js';

/** What a final refusal may carry. */
export interface Refusal {
  readonly reason?: string;
  readonly headers?: readonly HeaderField[];
}

/** The called side's INVITE: ringing, reliable 1xx, the 2xx and its ACK (RFC 3261 §13.3, RFC 3262 §3). */
export class UasOpening {
  readonly #core: SessionCore;
  readonly #transaction: ServerTransaction;
  readonly #localTag: string;
  readonly #timer: UasTimer & { readonly verdict: 'fine' };
  #reliable: ReliableState;
  #due: Timer | null = null;
  #ringAgain: Timer | null = null;
  #repeater: SuccessRepeater | null = null;
  #success: { readonly sdp: string; readonly headers: readonly HeaderField[] } | null = null;
  #refusal: Refusal = {};
  /** Offer or answer of ours went out in a reliable 1xx that was acknowledged. */
  #isEarlyDone = false;

  constructor(
    core: SessionCore,
    transaction: ServerTransaction,
    opening: {
      readonly localTag: string;
      readonly timer: UasTimer & { readonly verdict: 'fine' };
    },
  ) {
    this.#core = core;
    this.#transaction = transaction;
    this.#localTag = opening.localTag;
    this.#timer = opening.timer;
    // RFC 3262 §3: the first RSeq is chosen at random from 1 to 2^31−1; kept low so that it never wraps.
    this.#reliable = startReliable(core.context.random.uint32() % 2 ** 16);
    transaction.events = {
      onCancel: (cancel) => {
        core.noteReason(reasonOf(cancel));
        core.step({ name: 'cancelled' });
      },
      onEnded: () => undefined,
      // The next answer may find another way; a caller who is gone sends no ACK (RFC 6026 §7.1).
      onTransportError: () => core.context.count('stray'),
    };
  }

  ring(provisional: Provisional): void {
    this.#ringAgain?.cancel();
    this.#sendProvisional(provisional);
    this.#ringAgain = this.#core.context.clock.after(RING_REPEAT_MS, () =>
      this.ring(this.#isReliable() ? { ...provisional, sdp: null } : provisional),
    );
  }

  accept(sdp: string, headers: readonly HeaderField[]): void {
    this.#success = { sdp, headers };
    this.#core.step({ name: 'accept', mustWait: holdsFinal(this.#reliable) });
  }

  reject(status: number, refusal: Refusal): void {
    this.#refusal = refusal;
    this.#core.step({ name: 'reject', status });
  }

  receivePrack(transaction: ServerTransaction): void {
    const { request } = transaction;
    const rAck = parseRAck(headerOf(request, 'RAck'));
    const invite = this.#transaction.request.cSeq;
    if (rAck?.cSeq !== invite.number || rAck.method !== 'INVITE') {
      transaction.respond(respondTo(request, rAck === null ? 400 : 481));
      return;
    }
    this.#stepReliable({ name: 'prack', rSeq: rAck.rSeq }, transaction);
  }

  /** @returns whether the ACK was for our first 2xx */
  receiveAck(ack: SipRequest): boolean {
    if (ack.cSeq.number !== this.#transaction.request.cSeq.number) return false;
    if (this.#repeater?.acked() !== true) return true;
    this.#core.offers.note('acked');
    const wasOfferless = this.#isOfferless() && !this.#isEarlyDone;
    this.#answerInAck = wasOfferless ? sdpOf(ack) : null;
    if (this.#answerInAck !== null) this.#core.agreeSdp({ remote: this.#answerInAck });
    this.#core.step({ name: 'acked' });
    return true;
  }
  #answerInAck: string | null = null;

  perform(effect: LifeEffect): void {
    switch (effect.do) {
      case 'respondFinal':
        this.#endRinging();
        this.#transaction.respond(
          respondTo(this.#transaction.request, effect.status, {
            ...this.#refusal,
            localTag: this.#localTag,
          }),
        );
        break;
      case 'sendSuccess':
        this.#sendSuccess();
        break;
      case 'emitConfirmed':
        this.#core.emit({ name: 'confirmed', sdp: this.#answerInAck });
        break;
      default:
        break;
    }
  }

  close(): void {
    this.#endRinging();
    this.#repeater?.stop();
  }

  #sendSuccess(): void {
    this.#endRinging();
    const { sdp, headers } = this.#success ?? { sdp: '', headers: [] };
    const { clock, settings } = this.#core.context;
    const success = respondTo(this.#transaction.request, 200, {
      localTag: this.#localTag,
      contact: this.#core.contact,
      headers: [
        ALLOW,
        SUPPORTED,
        { name: 'Date', value: new globalThis.Date(clock.wallMs()).toUTCString() },
        { name: 'Server', value: settings.userAgentName },
        ...this.#timer.headers,
        ...headers,
      ],
      // After an answer in a reliable 1xx the 2xx has none (RFC 6337 §3.1.1).
      sdp: this.#isEarlyDone ? null : sdp,
    });
    const offer = sdpOf(this.#transaction.request);
    if (!this.#isEarlyDone) {
      this.#core.agreeSdp(offer === null ? { local: sdp } : { local: sdp, remote: offer });
    }
    this.#core.offers.note('weAccepted');
    this.#core.refresh.agree(this.#timer.agreed);
    this.#repeater = new SuccessRepeater(clock, { transaction: this.#transaction, success }, () =>
      this.#core.step({ name: 'noAck' }),
    );
  }

  #sendProvisional(provisional: Provisional): void {
    if (this.#isReliable()) this.#stepReliable({ name: 'send', response: provisional }, null);
    else this.#respond(provisional, []);
  }

  #respond(provisional: Provisional, reliable: readonly HeaderField[]): void {
    this.#transaction.respond(
      respondTo(this.#transaction.request, provisional.status, {
        localTag: this.#localTag,
        contact: this.#core.contact,
        headers: [ALLOW, SUPPORTED, ...reliable, ...provisional.headers],
        sdp: provisional.sdp,
      }),
    );
  }

  #stepReliable(event: ReliableEvent, prack: ServerTransaction | null): void {
    const [state, effects] = stepReliable(this.#reliable, event);
    this.#reliable = state;
    for (const effect of effects) {
      switch (effect.do) {
        case 'send':
          this.#respond(effect.response, [
            { name: 'Require', value: '100rel' },
            { name: 'RSeq', value: String(effect.rSeq) },
          ]);
          break;
        case 'wait':
          this.#due = this.#core.context.clock.after(effect.ms, () =>
            this.#stepReliable({ name: 'due' }, null),
          );
          break;
        case 'stopWaiting':
          this.#due?.cancel();
          break;
        case 'acknowledged':
          if (prack !== null) this.#acknowledge(prack, effect.response);
          break;
        case 'unmatched':
          prack?.respond(respondTo(prack.request, 481));
          break;
        case 'giveUp':
          this.#core.step({ name: 'noPrack' });
          break;
        case 'countDropped':
          this.#core.context.count('provisionalDropped');
      }
    }
    if (event.name === 'prack' && !holdsFinal(state)) this.#core.step({ name: 'pracked' });
  }

  /** Offer and answer in PRACK (RFC 3262 §5): the answer to our early offer, or an offer of theirs. */
  #acknowledge(prack: ServerTransaction, acknowledged: Provisional): void {
    const sdp = sdpOf(prack.request);
    const isFirst = acknowledged.sdp !== null && !this.#isEarlyDone;
    if (isFirst) {
      this.#isEarlyDone = true;
      const remote = this.#isOfferless() ? sdp : sdpOf(this.#transaction.request);
      this.#core.agreeSdp({ local: acknowledged.sdp, remote });
      this.#core.offers.note('done');
    }
    if (isFirst && this.#isOfferless()) {
      prack.respond(respondTo(prack.request, 200));
      if (sdp !== null) this.#core.emit({ name: 'answer', sdp });
    } else if (sdp !== null && this.#isEarlyDone) {
      this.#core.offers.receive(prack);
    } else {
      prack.respond(respondTo(prack.request, 200));
    }
  }

  #isOfferless(): boolean {
    return sdpOf(this.#transaction.request) === null;
  }

  #isReliable(): boolean {
    const { request } = this.#transaction;
    return (
      hasToken(request, 'Require', '100rel') ||
      (this.#core.context.settings.reliableWhenSupported &&
        hasToken(request, 'Supported', '100rel'))
    );
  }

  #endRinging(): void {
    this.#ringAgain?.cancel();
    this.#due?.cancel();
    this.#reliable = stepReliable(this.#reliable, { name: 'final' })[0];
  }
}
