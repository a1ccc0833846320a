import type { Clock, Timer } from '../../../base/index.js';
import type { SipResponse } from '../message/sip-message.js';
import type { ServerTransaction } from '../transaction/transaction-layer.js';
import {
  startSuccessRepeat,
  stepSuccessRepeat,
  type SuccessRepeatEffect,
  type SuccessRepeatEvent,
  type SuccessRepeatState,
} from './success-repeat-machine.js';

/** Sends a 2xx to an INVITE, again and again until `acked` (RFC 3261 §13.3.1.4). */
export class SuccessRepeater {
  #state: SuccessRepeatState = { name: 'done' };
  #timer: Timer | null = null;
  readonly #clock: Clock;
  readonly #send: () => void;
  readonly #onGiveUp: () => void;

  constructor(
    clock: Clock,
    sending: { readonly transaction: ServerTransaction; readonly success: SipResponse },
    onGiveUp: () => void,
  ) {
    this.#clock = clock;
    this.#send = () => sending.transaction.respond(sending.success);
    this.#onGiveUp = onGiveUp;
    this.#send();
    this.#perform(startSuccessRepeat());
  }

  /** @returns whether it was still waiting for that ACK */
  acked(): boolean {
    const wasWaiting = this.#state.name === 'waiting';
    this.#step('acked');
    return wasWaiting;
  }

  stop(): void {
    this.#step('stopped');
  }

  #step(event: SuccessRepeatEvent): void {
    this.#perform(stepSuccessRepeat(this.#state, event));
  }

  #perform([state, effects]: readonly [SuccessRepeatState, readonly SuccessRepeatEffect[]]): void {
    this.#state = state;
    for (const effect of effects) {
      if (effect.do === 'wait') {
        this.#timer = this.#clock.after(effect.ms, () => this.#step('due'));
      } else if (effect.do === 'sendAgain') this.#send();
      else if (effect.do === 'giveUp') this.#onGiveUp();
      else this.#timer?.cancel();
    }
  }
}
