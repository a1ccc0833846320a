import type { SipRequest, SipResponse } from '../message/sip-message.js';
import type { Endpoint } from '../transport/transport.js';

/** What a client transaction tells its user (RFC 3261 §17.1). */
export interface ClientTransactionEvents {
  /** A 1xx, or the final response; several 2xx of a forked INVITE each arrive (RFC 6026 §7.2). */
  onResponse(response: SipResponse): void;
  /** No final response within 64·T1: treat as 408 (RFC 3261 §8.1.3.1). */
  onTimeout(): void;
  /** Could not be sent: treat as 503. */
  onTransportError(cause: unknown): void;
}

export interface ClientTransaction {
  /** As sent, with our Via and its branch. */
  readonly request: SipRequest;
  readonly target: Endpoint;
}

/** What a server transaction tells its user (RFC 3261 §17.2). */
export interface ServerTransactionEvents {
  /** The matching CANCEL came and was answered 200; send 487 if no final response went out yet (§9.2). */
  onCancel(cancel: SipRequest): void;
  /** The ACK of a non-2xx came, or the wait for it ended. */
  onEnded(): void;
  onTransportError(cause: unknown): void;
}

export interface ServerTransaction {
  readonly request: SipRequest;
  readonly source: Endpoint;
  /**
   * Sends a response, and sends it again as RFC 3261 §17.2 and RFC 6026 ask. Repeats of the request get the last one.
   * The 2xx of an INVITE is repeated by the dialog (RFC 3261 §13.3.1.4), not here. After a final response: ignored, counted.
   */
  respond(response: SipResponse): void;
  /** Set by the user as soon as it takes the transaction. */
  events: ServerTransactionEvents | null;
}

/** What reaches the transaction user from outside any client transaction. */
export interface TransactionUser {
  /** A new request that is neither ACK nor CANCEL of a known INVITE. An INVITE already got its 100. */
  onRequest(transaction: ServerTransaction): void;
  /** An ACK for a 2xx (RFC 3261 §13.3.1.4): matched by dialog, never by address. */
  onAck(ack: SipRequest, source: Endpoint): void;
  /** A 2xx of an INVITE whose transaction is gone (RFC 6026 §8.9): matched by dialog; ACK it. */
  onStrayResponse(response: SipResponse, source: Endpoint): void;
}

/** The transaction layer: four machines (RFC 3261 §17, RFC 6026) over one transport. */
export interface TransactionLayer {
  /**
   * Starts a client transaction. `request.via` must be empty: the layer puts on ours.
   * An ACK is refused (assert): see `sendAck`.
   */
  request(
    request: SipRequest,
    target: Endpoint,
    events: ClientTransactionEvents,
  ): ClientTransaction;
  /** Sends the CANCEL of a pending INVITE (§9.1): at once after a 1xx came, else as soon as one comes. */
  cancel(invite: ClientTransaction, headers?: SipRequest['headers']): void;
  /** Sends the ACK of a 2xx: its own branch, no transaction (RFC 3261 §13.2.2.4). */
  sendAck(ack: SipRequest, target: Endpoint): void;
  /** Client and server transactions alive, for limits and tests. */
  readonly activeCount: number;
  /** Ends every machine and timer; nothing is sent. */
  close(): void;
}
