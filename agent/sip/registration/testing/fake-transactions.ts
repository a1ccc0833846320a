import type { SipRequest, SipResponse } from '../../message/sip-message.js';
import { responseTo, type ResponseOptions } from '../../message/compose.js';
import type {
  ClientTransaction,
  ClientTransactionEvents,
  TransactionLayer,
} from '../../transaction/transaction-layer.js';
import type { Endpoint } from '../../transport/transport.js';

interface Sent {
  readonly request: SipRequest;
  readonly events: ClientTransactionEvents;
}

/** A transaction layer whose other side is the test. */
export class FakeTransactions implements TransactionLayer {
  readonly sent: Sent[] = [];

  get activeCount(): number {
    return this.sent.length;
  }

  get last(): SipRequest {
    return this.#at(-1).request;
  }

  request(
    request: SipRequest,
    target: Endpoint,
    events: ClientTransactionEvents,
  ): ClientTransaction {
    this.sent.push({ request, events });
    return { request, target };
  }

  /** Answers the request at `at`, the last one unless told. */
  answer(status: number, options: ResponseOptions = {}, at = -1): void {
    const { request, events } = this.#at(at);
    const response: SipResponse = responseTo(request, status, { toTag: 'gw', ...options });
    events.onResponse(response);
  }

  /** Lets the request at `at` run into its timeout. */
  timeOut(at = -1): void {
    this.#at(at).events.onTimeout();
  }

  cancel(): void {
    throw new TypeError('nothing here is cancelled');
  }

  sendAck(): void {
    throw new TypeError('nothing here is acknowledged');
  }

  close(): void {
    this.sent.length = 0;
  }

  #at(at: number): Sent {
    const one = this.sent.at(at);
    if (one === undefined) throw new RangeError('nothing was sent');
    return one;
  }
}
