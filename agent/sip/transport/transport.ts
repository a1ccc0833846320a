import type { SipMessage } from '../message/sip-message.js';

/** Where a message came from or goes to. */
export interface Endpoint {
  readonly transport: 'UDP' | 'TCP';
  /** An IP address, not a name. */
  readonly address: string;
  readonly port: number;
}

/** @returns whether both name one socket of a peer */
export function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.transport === b.transport && a.address === b.address && a.port === b.port;
}

export interface TransportEvents {
  /** A message that parsed. `received`/`rport` are already noted in its topmost Via (RFC 3261 §18.2.1, RFC 3581). */
  onMessage(message: SipMessage, from: Endpoint): void;
  /** A message could not be sent: connection refused, reset, or the address is unreachable (RFC 3261 §8.1.3.1). */
  onSendFailed(message: SipMessage, to: Endpoint, cause: unknown): void;
}

/** Counters of what was dropped or answered without a transaction; each only rises. */
export interface TransportCounts {
  readonly received: number;
  readonly sent: number;
  /** Not SIP at all, or a broken response or ACK: dropped. */
  readonly dropped: number;
  /** Malformed requests that were answered statelessly (400, 413, 505 …). */
  readonly answered: number;
}

/** UDP and TCP on one port (RFC 3261 §18). Requests over 1,300 bytes to a TCP-capable peer go by TCP. */
export interface Transport {
  readonly local: { readonly address: string; readonly port: number };
  /** Formats and sends; never throws for a peer's sake, `onSendFailed` tells. */
  send(message: SipMessage, to: Endpoint): void;
  readonly counts: TransportCounts;
  close(): Promise<void>;
}
