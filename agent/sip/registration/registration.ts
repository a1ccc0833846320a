import { randomHex, type Clock, type Log, type Random, type Timer } from '../../../base/index.js';
import { createDigestClient, type DigestClient } from '../digest/index.js';
import type { Credentials } from '../dialog/session.js';
import {
  headerOf,
  paramOf,
  type HeaderField,
  type NameAddr,
  type SipRequest,
  type SipResponse,
  type SipUri,
} from '../message/sip-message.js';
import { formatSipUri } from '../message/sip-uri.js';
import type { TransactionLayer } from '../transaction/transaction-layer.js';
import type { Endpoint } from '../transport/transport.js';
import {
  step,
  UNREGISTERED,
  type RegistrationEffect,
  type RegistrationEvent,
  type RegistrationFailure,
  type RegistrationState,
} from './registration-machine.js';

/** What the line's state is made of. */
export interface RegistrationStatus {
  readonly state: RegistrationState['name'];
  /** Wall clock, Unix ms. */
  readonly sinceMs: number;
  /** null unless `failed`. */
  readonly reason: RegistrationFailure | null;
}

export interface RegistrationOptions {
  readonly transactions: TransactionLayer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** `sip:192.168.1.1`: the gateway's domain, the Request-URI (RFC 3261 §10.2). */
  readonly registrar: SipUri;
  /** `sip:3@192.168.1.1`. */
  readonly addressOfRecord: SipUri;
  /** Where the gateway shall send calls. */
  readonly contact: SipUri;
  readonly target: Endpoint;
  /** The outbound proxy, where the profile wants one. */
  readonly route?: readonly NameAddr[];
  readonly credentials: Credentials | null;
  onStatus?(status: RegistrationStatus): void;
}

/** Keeps the box registered at the gateway. */
export interface Registration {
  readonly status: RegistrationStatus;
  /** Answers that came too late, and the like. */
  readonly strayCount: number;
  start(): void;
  /** The gateway is back from a reboot: register now instead of when the wait is over. */
  registerNow(): void;
  /**
   * Takes the registration back and stops. Resolves when the gateway answered, at the latest after 2 s.
   * @param options `keep`: leave the binding for the agent that restarts
   */
  close(options?: { readonly keep: boolean }): Promise<void>;
}

const CLOSE_WAIT_MS = 2_000;
const JITTER = 0.25;
const CSEQ_MAX = 2 ** 31 - 1;

export function createRegistration(options: RegistrationOptions): Registration {
  return new GatewayRegistration(options);
}

class GatewayRegistration implements Registration {
  readonly #options: RegistrationOptions;
  readonly #digest: DigestClient | null;
  /** One Call-ID for the life of the agent (RFC 3261 §10.2.4). */
  readonly #callId: string;
  readonly #fromTag: string;
  #cSeq: number;
  #state: RegistrationState = UNREGISTERED;
  #sinceMs: number;
  #wait: Timer | null = null;
  /** The answer to the challenge that came last. */
  #answer: HeaderField | null = null;
  #strayCount = 0;
  #onClosed: (() => void) | null = null;

  constructor(options: RegistrationOptions) {
    const { random, credentials, clock } = options;
    this.#options = options;
    this.#digest = credentials === null ? null : createDigestClient(credentials, random);
    this.#callId = randomHex(random, 12);
    this.#fromTag = randomHex(random, 6);
    this.#cSeq = random.uint32() & 0xffff;
    this.#sinceMs = clock.wallMs();
  }

  get status(): RegistrationStatus {
    return {
      state: this.#state.name,
      sinceMs: this.#sinceMs,
      reason: this.#state.name === 'failed' ? this.#state.why : null,
    };
  }

  get strayCount(): number {
    return this.#strayCount;
  }

  start(): void {
    this.#step({ name: 'start' });
  }

  registerNow(): void {
    this.#step({ name: 'kicked' });
  }

  close(options: { readonly keep: boolean } = { keep: false }): Promise<void> {
    if (options.keep) {
      this.#shut();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      this.#step({ name: 'stop' });
      if (this.#state.name === 'closed') return;
      this.#wait = this.#options.clock.after(CLOSE_WAIT_MS, () => this.#shut());
    });
  }

  #step(event: RegistrationEvent): void {
    const before = this.#state;
    const [next, effects] = step(before, event);
    this.#state = next;
    if (next.name !== before.name) this.#tell();
    for (const effect of effects) this.#perform(effect);
    if (next.name === 'closed') this.#shut();
  }

  #tell(): void {
    this.#sinceMs = this.#options.clock.wallMs();
    const { status } = this;
    this.#options.log.info('registration', { ...status });
    this.#options.onStatus?.(status);
  }

  #perform(effect: RegistrationEffect): void {
    const { clock, random } = this.#options;
    switch (effect.do) {
      case 'register':
        this.#send(effect.expiresS, effect.answer);
        return;
      case 'wait': {
        this.#wait?.cancel();
        const factor = effect.jitter ? 1 + JITTER * (2 * random.fraction() - 1) : 1;
        this.#wait = clock.after(effect.delayMs * factor, () => this.#step({ name: 'due' }));
        return;
      }
      case 'stopWaiting':
        this.#wait?.cancel();
        this.#wait = null;
        return;
      case 'countStray':
        this.#strayCount++;
        return;
    }
  }

  #send(expiresS: number, answer: boolean): void {
    this.#cSeq = this.#cSeq === CSEQ_MAX ? 1 : this.#cSeq + 1;
    const cSeq = this.#cSeq;
    const ifNewest = (event: RegistrationEvent): void => {
      if (cSeq === this.#cSeq) this.#step(event);
      else this.#strayCount++;
    };
    this.#options.transactions.request(this.#request(expiresS, answer), this.#options.target, {
      onResponse: (response) => {
        if (response.status >= 200) ifNewest(this.#eventOf(response));
      },
      onTimeout: () => ifNewest({ name: 'timedOut' }),
      onTransportError: () => ifNewest({ name: 'transportFailed' }),
    });
  }

  #request(expiresS: number, answer: boolean): SipRequest {
    const { registrar, addressOfRecord, contact, route = [] } = this.#options;
    const identity = { displayName: '', uri: addressOfRecord };
    return {
      kind: 'request',
      method: 'REGISTER',
      uri: registrar,
      maxForwards: 70,
      via: [],
      from: { ...identity, params: [{ name: 'tag', value: this.#fromTag }] },
      to: { ...identity, params: [] },
      callId: this.#callId,
      cSeq: { number: this.#cSeq, method: 'REGISTER' },
      contacts: [{ displayName: '', uri: contact, params: [] }],
      route,
      recordRoute: [],
      headers: [
        ...(answer && this.#answer !== null ? [this.#answer] : []),
        { name: 'Expires', value: String(expiresS) },
      ],
      body: new Uint8Array(0),
    };
  }

  #eventOf(response: SipResponse): RegistrationEvent {
    const { status } = response;
    if (status < 300) return { name: 'accepted', expiresS: this.#grantedS(response) };
    if (status === 401 || status === 407) {
      const uri = formatSipUri(this.#options.registrar);
      const body = new Uint8Array(0);
      const answer = this.#digest?.answer(response, { method: 'REGISTER', uri, body }) ?? null;
      this.#answer = answer?.header ?? null;
      return { name: 'challenged', stale: answer?.stale ?? false, canAnswer: answer !== null };
    }
    if (status === 423) {
      return {
        name: 'intervalTooBrief',
        minExpiresS: secondsOf(headerOf(response, 'Min-Expires')),
      };
    }
    return { name: 'refused', status, retryAfterS: secondsOf(headerOf(response, 'Retry-After')) };
  }

  /** RFC 3261 §10.2.4: the time stands at our Contact; gateways that list none write an Expires header. */
  #grantedS(response: SipResponse): number | null {
    const { contact } = this.#options;
    const contacts = response.contacts === '*' ? [] : response.contacts;
    const ours = contacts.find(
      ({ uri }) =>
        uri.user === contact.user &&
        uri.host === contact.host &&
        (uri.port ?? 5060) === (contact.port ?? 5060),
    );
    const atContact = ours === undefined ? undefined : paramOf(ours.params, 'expires');
    return secondsOf(atContact ?? headerOf(response, 'Expires'));
  }

  #shut(): void {
    this.#wait?.cancel();
    this.#wait = null;
    // Whatever is still under way is nobody's any more.
    this.#cSeq++;
    const wasOpen = this.#state.name !== 'closed';
    this.#state = { name: 'closed' };
    if (wasOpen) this.#tell();
    this.#onClosed?.();
    this.#onClosed = null;
  }
}

/** Reads `3600` and `18000;duration=3600 (maintenance)` (RFC 3261 §20.33). @returns null when there is no number */
function secondsOf(text: string | null | undefined): number | null {
  const digits = /^\s{0,8}(\d{1,10})(?!\d)/.exec(text ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}
