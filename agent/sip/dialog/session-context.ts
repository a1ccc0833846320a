import type { Clock, Log, Random } from '../../../base/index.js';
import type { HeaderField, SipUri } from '../message/sip-message.js';
import type { TransactionLayer } from '../transaction/transaction-layer.js';
import type { Endpoint } from '../transport/transport.js';
import type { DigestClient } from './digest-client.js';

/** What every session of one user agent has in common. */
export interface SessionContext {
  readonly transactions: TransactionLayer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly digestClient: DigestClient;
  readonly settings: SessionSettings;
  /** Where a request for `uri` goes; `peer` is where the other side of the dialog was met. */
  nextHop(uri: SipUri, peer: Endpoint): Endpoint;
  count(what: SessionCount): void;
  /** A request of ours in a dialog began (1) or got its final response (−1): `close` waits for them. */
  onExchange(change: 1 | -1): void;
}

export interface SessionSettings {
  /** `User-Agent` and `Server`. */
  readonly userAgentName: string;
  /** Reliable 1xx also where the other side only supports 100rel; where it requires it, always. */
  readonly reliableWhenSupported: boolean;
  /** The session interval that we ask for, s (RFC 4028 §4). */
  readonly sessionExpiresS: number;
  /** The smallest that we accept, s; ≥ 90 (RFC 4028 §5). */
  readonly minSeS: number;
}

/** Things that peers do and that harm nothing: each is only counted. */
export type SessionCount = 'stray' | 'forkDropped' | 'provisionalDropped' | 'eventDropped';

/** The methods that we answer, for `Allow`. */
export const ALLOWED_METHODS: readonly string[] = [
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'OPTIONS',
  'PRACK',
  'UPDATE',
  'INFO',
  'REFER',
  'NOTIFY',
  'REGISTER',
];
/** The extensions that we know, for `Supported` and against `Require`. */
export const SUPPORTED_TAGS: readonly string[] = ['100rel', 'timer', 'replaces'];

export const ALLOW: HeaderField = { name: 'Allow', value: ALLOWED_METHODS.join(', ') };
export const SUPPORTED: HeaderField = { name: 'Supported', value: SUPPORTED_TAGS.join(', ') };
export const ACCEPT: HeaderField = { name: 'Accept', value: 'application/sdp' };
