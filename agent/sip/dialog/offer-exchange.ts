import type { Timer } from '../../../base/index.js';
import type { HeaderField, SipRequest } from '../message/sip-message.js';
import type { ServerTransaction } from '../transaction/transaction-layer.js';
import type { Outcome } from './dialog-client.js';
import {
  startOffers,
  stepOffers,
  type OfferEffect,
  type OfferEvent,
  type OfferState,
  type OurOffer,
} from './offer-machine.js';
import { respondTo, sdpOf } from './response.js';
import { ALLOW, SUPPORTED } from './session-context.js';
import type { SessionCore, SessionOffers } from './session-core.js';
import { agreedByResponse, answerSessionTimer, minSeOf } from './session-timer-machine.js';
import { SuccessRepeater } from './success-repeater.js';

/** A re-INVITE, UPDATE or PRACK of theirs whose offer waits for our user. */
interface Pending {
  readonly transaction: ServerTransaction;
  readonly sdp: string | null;
}

/** Drives the offer machine: re-INVITE and UPDATE in both directions. */
export class OfferExchange implements SessionOffers {
  #state: OfferState;
  #pending: Pending | null = null;
  #retry: Timer | null = null;
  #repeater: SuccessRepeater | null = null;
  /** The re-INVITE that our last 2xx answered. */
  #answered: { readonly cSeq: number; readonly wasOfferless: boolean } | null = null;
  readonly #core: SessionCore;

  /** @param ours whether the first offer is ours */
  constructor(core: SessionCore, ours: boolean) {
    this.#core = core;
    this.#state = startOffers(ours);
  }

  note(event: 'done' | 'weAccepted' | 'acked'): void {
    this.#step({ name: event });
  }

  offer(sdp: string): void {
    this.#step({ name: 'offer', purpose: 'offer', sdp });
  }

  /** Refreshes the session (RFC 4028 §7.4): by UPDATE without SDP, else by re-INVITE with what stands. */
  refresh(): void {
    const { local } = this.#core.sdp;
    if (!this.#core.peerAllowsUpdate && local !== null) {
      this.#step({ name: 'offer', purpose: 'refresh', sdp: local });
      return;
    }
    this.#core.client?.send('UPDATE', this.#content(null), {
      onFinal: (outcome) => this.#onRefreshed(outcome),
    });
  }

  receive(transaction: ServerTransaction): void {
    const { request } = transaction;
    const before = this.#pending;
    this.#pending = { transaction, sdp: sdpOf(request) };
    const method = request.method === 'INVITE' ? 'INVITE' : 'UPDATE';
    const [state, effects] = stepOffers(this.#state, { name: 'remoteOffer', method });
    this.#state = state;
    const refusal = effects.find((effect) => effect.do === 'refuseTheirs');
    if (refusal === undefined) {
      this.#watchCancel(transaction);
    } else {
      this.#pending = before;
      refuse(this.#core, transaction, refusal.status);
    }
    this.#perform(effects);
  }

  /** Answers the pending offer; one that was withdrawn meanwhile is counted. */
  answer(sdp: string): void {
    const pending = this.#take();
    if (pending === null) return;
    const { request } = pending.transaction;
    const timer = answerSessionTimer(request, this.#core.context.settings.minSeS);
    const timerHeaders = timer.verdict === 'fine' ? timer.headers : [];
    const success = respondTo(request, 200, {
      headers: [ALLOW, SUPPORTED, ...timerHeaders],
      contact: this.#core.contact,
      sdp,
    });
    this.#core.agreeSdp(
      pending.sdp === null ? { local: sdp } : { local: sdp, remote: pending.sdp },
    );
    if (timer.verdict === 'fine' && request.method !== 'PRACK') {
      this.#core.refresh.agree(timer.agreed);
    }
    if (request.method === 'INVITE') {
      this.#answered = { cSeq: request.cSeq.number, wasOfferless: pending.sdp === null };
      this.#repeater = new SuccessRepeater(
        this.#core.context.clock,
        { transaction: pending.transaction, success },
        () => this.#core.step({ name: 'noAck' }),
      );
    } else {
      pending.transaction.respond(success);
    }
    this.#step({ name: 'weAnswered' });
  }

  reject(status: number): void {
    const pending = this.#take();
    if (pending === null) return;
    refuse(this.#core, pending.transaction, status);
    this.#step({ name: 'weRejected' });
  }

  /** The ACK of our 2xx to a re-INVITE. @returns whether it was one */
  receiveAck(ack: SipRequest): boolean {
    if (this.#answered?.cSeq !== ack.cSeq.number) return false;
    if (this.#repeater?.acked() !== true) return true;
    const sdp = sdpOf(ack);
    if (this.#answered.wasOfferless && sdp !== null) {
      this.#core.agreeSdp({ remote: sdp });
      this.#core.emit({ name: 'confirmed', sdp });
    }
    this.#step({ name: 'acked' });
    return true;
  }

  /** The session ended: what waits is answered, what repeats stops. */
  close(): void {
    const pending = this.#take();
    if (pending !== null) refuse(this.#core, pending.transaction, 487);
    this.#repeater?.stop();
    this.#step({ name: 'closed' });
  }

  #step(event: OfferEvent): void {
    const [state, effects] = stepOffers(this.#state, event);
    this.#state = state;
    this.#perform(effects);
  }

  #perform(effects: readonly OfferEffect[]): void {
    for (const effect of effects) {
      switch (effect.do) {
        case 'send':
          this.#send(effect.offer);
          break;
        case 'waitForRetry':
          this.#retry = this.#core.context.clock.after(this.#glareWaitMs(), () =>
            this.#step({ name: 'retryDue' }),
          );
          break;
        case 'stopWaiting':
          this.#retry?.cancel();
          break;
        case 'deliver':
          this.#deliver();
          break;
        case 'giveUp':
          this.#giveUp(effect.offer, effect.status);
          break;
        case 'refuseTheirs':
          break;
      }
    }
  }

  #deliver(): void {
    if (this.#pending === null) return;
    const method = this.#pending.transaction.request.method === 'INVITE' ? 'INVITE' : 'UPDATE';
    this.#core.emit({ name: 'offer', sdp: this.#pending.sdp, method });
  }

  #take(): Pending | null {
    const pending = this.#pending;
    this.#pending = null;
    if (pending === null) this.#core.context.count('stray');
    else pending.transaction.events = null;
    return pending;
  }

  #watchCancel(transaction: ServerTransaction): void {
    transaction.events = {
      onCancel: () => {
        if (this.#pending?.transaction !== transaction) return;
        this.reject(487);
      },
      onEnded: () => undefined,
      onTransportError: () => undefined,
    };
  }

  /** RFC 3261 §14.1: the owner of the Call-ID waits 2.1–4 s, the other 0–2 s, in steps of 10 ms. */
  #glareWaitMs(): number {
    const fraction = this.#core.context.random.fraction();
    return this.#core.role === 'uac'
      ? 2_100 + 10 * Math.floor(fraction * 191)
      : 10 * Math.floor(fraction * 201);
  }

  #content(sdp: string | null): {
    headers: readonly HeaderField[];
    contact: SessionCore['contact'];
    body: string | null;
  } {
    const headers = [ALLOW, SUPPORTED, ...this.#core.refresh.askHeaders()];
    return { headers, contact: this.#core.contact, body: sdp };
  }

  #send(offer: OurOffer): void {
    // A refresh that waited repeats what stands now, not what stood then.
    const sdp = offer.purpose === 'refresh' ? (this.#core.sdp.local ?? offer.sdp) : offer.sdp;
    this.#core.client?.send('INVITE', this.#content(sdp), {
      onFinal: (outcome) => this.#onFinal({ ...offer, sdp }, outcome),
      onSuccessAgain: ({ request }) => this.#core.client?.ack(request),
    });
  }

  #onFinal(offer: OurOffer, { status, response, request }: Outcome): void {
    if (response !== null && status < 300) {
      this.#core.client?.refreshTarget(response);
      this.#core.client?.ack(request);
      if (this.#core.state === 'ended') return;
      this.#core.refresh.agree(agreedByResponse(response));
      const sdp = sdpOf(response);
      this.#core.agreeSdp(sdp === null ? { local: offer.sdp } : { local: offer.sdp, remote: sdp });
      if (offer.purpose === 'offer') {
        // A 2xx without an answer breaks RFC 3261 §13.2.1: the media stay as they were.
        this.#core.emit(
          sdp === null ? { name: 'offerRefused', status: 488 } : { name: 'answer', sdp },
        );
      }
      this.#step({ name: 'answered' });
      return;
    }
    if (this.#core.state === 'ended') return;
    if (status === 422 && response !== null && this.#core.refresh.raise(minSeOf(response))) {
      this.#send(offer);
      return;
    }
    if (isDialogGone(status)) this.#core.step({ name: 'broken', status });
    else this.#step({ name: 'refused', status });
  }

  #giveUp(offer: OurOffer, status: number): void {
    if (offer.purpose === 'offer') this.#core.emit({ name: 'offerRefused', status });
    else this.#core.refresh.failed();
  }

  #onRefreshed({ status, response }: Outcome): void {
    if (this.#core.state === 'ended') return;
    if (response !== null && status < 300) {
      this.#core.client?.refreshTarget(response);
      this.#core.refresh.agree(agreedByResponse(response));
    } else if (status === 422 && response !== null && this.#core.refresh.raise(minSeOf(response))) {
      this.refresh();
    } else if (isDialogGone(status)) {
      this.#core.step({ name: 'broken', status });
    } else {
      this.#core.refresh.failed();
    }
  }
}

/** RFC 3261 §12.2.1.2: 481 and 408 end the dialog. One that could not be sent does not: the next may arrive. */
const isDialogGone = (status: number): boolean => status === 481 || status === 408;

/** 500 to a request that came too early says when to try again: 0–10 s (RFC 3261 §14.2). */
export function refuse(core: SessionCore, transaction: ServerTransaction, status: number): void {
  const waitS = Math.floor(core.context.random.fraction() * 11);
  const headers = status === 500 ? [{ name: 'Retry-After', value: String(waitS) }] : [];
  transaction.respond(respondTo(transaction.request, status, { headers }));
}
