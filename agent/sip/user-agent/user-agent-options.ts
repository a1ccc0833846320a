import type { Clock, Log, Random } from '../../../base/index.js';
import type { SipRequest, SipResponse, SipUri } from '../message/sip-message.js';
import type { TransactionLayer, TransactionUser } from '../transaction/transaction-layer.js';
import type { Endpoint } from '../transport/transport.js';
import type {
  Credentials,
  DialogId,
  DialogSnapshot,
  DigestClient,
  InviteSession,
  OutgoingInvite,
  Replaces,
  Screening,
  SessionCount,
  SessionSettings,
} from '../dialog/index.js';

export interface UserAgentOptions {
  /** Makes the transaction layer whose user this user agent is. */
  createTransactions(user: TransactionUser): TransactionLayer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly digestClient: DigestClient;
  /** Host and port of our Contact, for dialogs that begin with a request from outside. */
  readonly contactHost: string;
  readonly contactPort: number;
  /** `User-Agent` and `Server`. */
  readonly userAgentName: string;
  /** Judges each request that belongs to no dialog. */
  screen(request: SipRequest, source: Endpoint): Screening;
  /** Sessions at once; further INVITEs get 503. 32 unless told. */
  readonly sessionsMax?: number;
  /** 1xx reliable, interval 1800 s, minimum 90 s unless told. */
  readonly session?: Partial<Omit<SessionSettings, 'userAgentName'>>;
  /** Where a request for a URI goes; IP literals are followed and names lead to the peer unless told. */
  nextHop?(uri: SipUri, peer: Endpoint): Endpoint;
  /** For challenges in a dialog that the other side began, or that was restored; none unless told. */
  credentialsFor?(peer: Endpoint): Credentials | null;
}

/** An INVITE that came in. */
export interface IncomingSession extends InviteSession {
  /** RFC 3891: the session that this one takes over; see `findReplaced`. */
  readonly replaces: Replaces | null;
}

export interface UserAgentEvents {
  /** A call: set `onEvent`, then ring, accept or reject. */
  onIncoming(session: IncomingSession, source: Endpoint): void;
  /** A REGISTER that was screened: the registrar's answer. */
  onRegister(request: SipRequest, source: Endpoint): SipResponse;
  /** Screened `authenticate`: the challenge or refusal, or null when it has proved who it is. */
  authenticate(request: SipRequest, source: Endpoint): SipResponse | null;
}

/** Counters; each only rises. */
export type UserAgentCounts = Readonly<Record<SessionCount | 'refused', number>>;

export interface UserAgent {
  /** Sends an INVITE. Throws `AssertionError` after `close`. */
  invite(outgoing: OutgoingInvite): InviteSession;
  /** Goes on with a dialog of an earlier process. */
  restore(snapshot: DialogSnapshot): InviteSession;
  /** The session, early or confirmed, that has this dialog. */
  findSession(dialog: DialogId): InviteSession | null;
  /** The session that a Replaces names (RFC 3891 §3): its to-tag is ours. null: answer 481. */
  findReplaced(replaces: Replaces): InviteSession | null;
  /** Those not ended. */
  readonly sessions: Iterable<InviteSession>;
  readonly counts: UserAgentCounts;
  /** Hangs up all and waits for the answers, at most `deadlineMs`; then ends every timer and the transactions. */
  close(deadlineMs: number): Promise<void>;
}
