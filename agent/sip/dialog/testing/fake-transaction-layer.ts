import assert from 'node:assert/strict';
import {
  withParam,
  type HeaderField,
  type SipRequest,
  type SipResponse,
} from '../../message/sip-message.js';
import type {
  ClientTransaction,
  ClientTransactionEvents,
  ServerTransaction,
  ServerTransactionEvents,
  TransactionLayer,
  TransactionUser,
} from '../../transaction/transaction-layer.js';
import type { Endpoint } from '../../transport/transport.js';

/** A request that the user agent sent. */
export interface Sent {
  readonly atMs: number;
  readonly request: SipRequest;
  readonly target: Endpoint;
  readonly events: ClientTransactionEvents;
  cancelled: boolean;
}

/** A server transaction that a test starts. */
export class FakeServerTransaction implements ServerTransaction {
  readonly request: SipRequest;
  readonly source: Endpoint;
  events: ServerTransactionEvents | null = null;
  readonly responses: { readonly atMs: number; readonly response: SipResponse }[] = [];
  readonly #now: () => number;

  constructor(request: SipRequest, source: Endpoint, now: () => number) {
    this.request = request;
    this.source = source;
    this.#now = now;
  }

  respond(response: SipResponse): void {
    this.responses.push({ atMs: this.#now(), response });
  }

  get statuses(): readonly number[] {
    return this.responses.map(({ response }) => response.status);
  }

  get last(): SipResponse {
    const last = this.responses.at(-1);
    assert(last !== undefined, 'no response yet');
    return last.response;
  }
}

/** The transaction layer as the wire would see it: what was sent is kept, what comes in is said by the test. */
export class FakeTransactionLayer implements TransactionLayer {
  readonly sent: Sent[] = [];
  readonly acks: SipRequest[] = [];
  readonly cancels: { readonly request: SipRequest; readonly headers: readonly HeaderField[] }[] =
    [];
  isClosed = false;
  readonly user: TransactionUser;
  readonly #now: () => number;

  constructor(user: TransactionUser, now: () => number) {
    this.user = user;
    this.#now = now;
  }

  get activeCount(): number {
    return this.sent.length;
  }

  request(
    request: SipRequest,
    target: Endpoint,
    events: ClientTransactionEvents,
  ): ClientTransaction {
    assert(request.method !== 'ACK' && request.via.length === 0);
    this.sent.push({ atMs: this.#now(), request, target, events, cancelled: false });
    return { request, target };
  }

  cancel(invite: ClientTransaction, headers: readonly HeaderField[] = []): void {
    this.cancels.push({ request: invite.request, headers });
  }

  sendAck(ack: SipRequest): void {
    this.acks.push(ack);
  }

  close(): void {
    this.isClosed = true;
  }

  /** A request from the other side. */
  receive(request: SipRequest, source: Endpoint): FakeServerTransaction {
    const transaction = new FakeServerTransaction(request, source, this.#now);
    this.user.onRequest(transaction);
    return transaction;
  }

  /** The `n`-th request of `method`, counted from 0. */
  nth(method: string, n = 0): Sent {
    const found = this.sent.filter((one) => one.request.method === method)[n];
    assert(found !== undefined, `no ${method} number ${n} was sent`);
    return found;
  }

  methods(): readonly string[] {
    return this.sent.map(({ request }) => request.method);
  }
}

/** The response of the other side to a request of ours. */
export function answer(
  request: SipRequest,
  status: number,
  options: {
    readonly tag?: string;
    readonly headers?: readonly HeaderField[];
    readonly sdp?: string;
    readonly contact?: string;
    readonly recordRoute?: SipResponse['recordRoute'];
  } = {},
): SipResponse {
  const { tag, headers = [], sdp, contact = '192.0.2.9' } = options;
  const type = sdp === undefined ? [] : [{ name: 'Content-Type', value: 'application/sdp' }];
  return {
    kind: 'response',
    status,
    reason: 'Because',
    via: [],
    from: request.from,
    to:
      tag === undefined
        ? request.to
        : { ...request.to, params: withParam(request.to.params, 'tag', tag) },
    callId: request.callId,
    cSeq: request.cSeq,
    contacts: [{ displayName: '', uri: uriOf('peer', contact), params: [] }],
    route: [],
    recordRoute: options.recordRoute ?? [],
    headers: [...headers, ...type],
    body: Buffer.from(sdp ?? ''),
  };
}

/** `sip:user@host`. */
export function uriOf(user: string, host: string): SipRequest['uri'] {
  return {
    scheme: 'sip',
    user,
    password: null,
    host,
    port: null,
    params: [],
    headers: '',
    opaque: '',
  };
}
