import {
  headerOf,
  type HeaderField,
  type SipRequest,
  type SipResponse,
} from '../message/sip-message.js';
import type { Endpoint } from '../transport/transport.js';
import { ChallengeMemory } from './digest-client.js';
import {
  ackInDialog,
  nextHopUri,
  receiveInDialog,
  refreshTarget,
  requestInDialog,
  type Dialog,
  type RequestContent,
} from './dialog.js';
import type { SessionContext } from './session-context.js';
import type { Credentials } from './session.js';

/** How a request of ours ended: its final response, or 408 and 503 of our own making (RFC 3261 §8.1.3.1). */
export interface Outcome {
  readonly status: number;
  readonly response: SipResponse | null;
  /** As it was sent last, with credentials where they were asked for. */
  readonly request: SipRequest;
}

export interface OutcomeEvents {
  onFinal(outcome: Outcome): void;
  /** A 2xx to re-INVITE came once more: its ACK was lost. */
  onSuccessAgain?(outcome: Outcome): void;
}

const CREDENTIAL_HEADERS = ['Authorization', 'Proxy-Authorization'];

/** Our side of one dialog: numbers, routes and authenticates our requests, and checks the order of theirs. */
export class DialogClient {
  #dialog: Dialog;
  readonly #context: SessionContext;
  readonly #credentials: Credentials | null;
  readonly #onChange: () => void;

  constructor(
    context: SessionContext,
    dialog: Dialog,
    credentials: Credentials | null,
    onChange: () => void,
  ) {
    this.#context = context;
    this.#dialog = dialog;
    this.#credentials = credentials;
    this.#onChange = onChange;
  }

  get dialog(): Dialog {
    return this.#dialog;
  }

  /** A 2xx confirmed it with routes and target of its own. */
  confirm(dialog: Dialog): void {
    this.#set(dialog);
  }

  /** @returns false when the request is older than one before: answer 500 (RFC 3261 §12.2.2) */
  receive(request: SipRequest): boolean {
    const next = receiveInDialog(this.#dialog, request);
    if (next === null) return false;
    this.#set(next);
    return true;
  }

  refreshTarget(message: SipRequest | SipResponse): void {
    this.#set(refreshTarget(this.#dialog, message));
  }

  send(method: string, content: RequestContent, events: OutcomeEvents): void {
    this.#send(method, content, events, new ChallengeMemory());
  }

  /** ACKs a 2xx to `invite`, with its credentials (RFC 3261 §22.1). */
  ack(invite: SipRequest): void {
    const headers = CREDENTIAL_HEADERS.flatMap((name) => {
      const value = headerOf(invite, name);
      return value === undefined ? [] : [{ name, value }];
    });
    const ack = ackInDialog(this.#dialog, invite.cSeq.number, {
      headers: [this.#userAgent(), ...headers],
    });
    this.#context.transactions.sendAck(ack, this.#target());
  }

  #send(
    method: string,
    content: RequestContent,
    events: OutcomeEvents,
    challenges: ChallengeMemory,
  ): void {
    const headers = [this.#userAgent(), ...(content.headers ?? [])];
    const [dialog, request] = requestInDialog(this.#dialog, method, { ...content, headers });
    this.#set(dialog);
    let isOver = false;
    const finish = (status: number, response: SipResponse | null): void => {
      if (isOver) return;
      isOver = true;
      const answer = response === null ? null : this.#authorise(response, request, challenges);
      if (answer === null) {
        events.onFinal({ status, response, request });
      } else {
        const kept = (content.headers ?? []).filter((field) => field.name !== answer.name);
        this.#send(method, { ...content, headers: [...kept, answer] }, events, challenges);
      }
      this.#context.onExchange(-1);
    };
    this.#context.onExchange(1);
    this.#context.transactions.request(request, this.#target(), {
      onResponse: (response) => {
        if (response.status < 200) return;
        if (isOver && response.status < 300) {
          events.onSuccessAgain?.({ status: response.status, response, request });
        }
        finish(response.status, response);
      },
      onTimeout: () => finish(408, null),
      onTransportError: () => finish(503, null),
    });
  }

  #authorise(
    response: SipResponse,
    request: SipRequest,
    challenges: ChallengeMemory,
  ): HeaderField | null {
    if (response.status !== 401 && response.status !== 407) return null;
    if (this.#credentials === null || !challenges.take(response)) return null;
    return this.#context.digestClient.authorise(response, request, this.#credentials);
  }

  #target(): Endpoint {
    return this.#context.nextHop(nextHopUri(this.#dialog), this.#dialog.peer);
  }

  #userAgent(): HeaderField {
    return { name: 'User-Agent', value: this.#context.settings.userAgentName };
  }

  #set(dialog: Dialog): void {
    this.#dialog = dialog;
    this.#onChange();
  }
}
