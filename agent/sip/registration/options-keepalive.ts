import { randomHex, type Clock, type Log, type Random, type Timer } from '../../../base/index.js';
import type { SipRequest, SipUri } from '../message/sip-message.js';
import type { TransactionLayer } from '../transaction/transaction-layer.js';
import type { Endpoint } from '../transport/transport.js';
import {
  KEEPALIVE_UNKNOWN,
  step,
  type KeepaliveEvent,
  type KeepaliveState,
} from './keepalive-machine.js';

export interface KeepaliveOptions {
  readonly transactions: TransactionLayer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** `sip:192.168.1.1`. */
  readonly gateway: SipUri;
  /** Who asks: our address of record. */
  readonly from: SipUri;
  readonly contact: SipUri;
  readonly target: Endpoint;
  /** From one question to the next, ms. */
  readonly intervalMs: number;
  /** `lineDown` after three unanswered questions, `lineUp` with the first answer. */
  onChange?(change: 'lineUp' | 'lineDown'): void;
}

export interface Keepalive {
  readonly state: KeepaliveState['name'];
  /** Asks at once, then at each interval. */
  start(): void;
  stop(): void;
}

/** Asks the gateway by OPTIONS whether it is there; for lines with and without a registration. */
export function createOptionsKeepalive(options: KeepaliveOptions): Keepalive {
  return new OptionsKeepalive(options);
}

class OptionsKeepalive implements Keepalive {
  readonly #options: KeepaliveOptions;
  readonly #callId: string;
  readonly #fromTag: string;
  #cSeq = 0;
  #state: KeepaliveState = KEEPALIVE_UNKNOWN;
  #timer: Timer | null = null;
  /** The CSeq of the question that has no answer yet; null when there is none. At most one is judged at a time. */
  #open: number | null = null;

  constructor(options: KeepaliveOptions) {
    this.#options = options;
    this.#callId = randomHex(options.random, 12);
    this.#fromTag = randomHex(options.random, 6);
  }

  get state(): KeepaliveState['name'] {
    return this.#state.name;
  }

  start(): void {
    if (this.#timer === null) this.#ask();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#open = null;
  }

  #ask(): void {
    if (this.#open !== null) this.#step('missed');
    const { transactions, clock, target, intervalMs } = this.#options;
    // Before the request: one that fails at once must find its question.
    this.#timer = clock.after(intervalMs, () => this.#ask());
    this.#cSeq = (this.#cSeq % (2 ** 31 - 1)) + 1;
    const cSeq = this.#cSeq;
    this.#open = cSeq;
    const missed = (): void => {
      if (this.#open !== cSeq) return;
      this.#open = null;
      this.#step('missed');
    };
    transactions.request(this.#request(), target, {
      onResponse: ({ status }) => {
        // A 404 or 501 too is the word of a living gateway; only a 1xx is none. A late answer still counts.
        if (status < 200 || this.#timer === null) return;
        this.#open = null;
        this.#step('answered');
      },
      onTimeout: missed,
      onTransportError: missed,
    });
  }

  #step(event: KeepaliveEvent): void {
    const [next, told] = step(this.#state, event);
    this.#state = next;
    if (told === null) return;
    const fields = { misses: next.misses };
    if (told === 'lineUp') this.#options.log.info(told, fields);
    else this.#options.log.warn(told, fields);
    this.#options.onChange?.(told);
  }

  #request(): SipRequest {
    const { gateway, from, contact } = this.#options;
    return {
      kind: 'request',
      method: 'OPTIONS',
      uri: gateway,
      maxForwards: 70,
      via: [],
      from: { displayName: '', uri: from, params: [{ name: 'tag', value: this.#fromTag }] },
      to: { displayName: '', uri: gateway, params: [] },
      callId: this.#callId,
      cSeq: { number: this.#cSeq, method: 'OPTIONS' },
      contacts: [{ displayName: '', uri: contact, params: [] }],
      route: [],
      recordRoute: [],
      headers: [{ name: 'Accept', value: 'application/sdp' }],
      body: new Uint8Array(0),
    };
  }
}
