import type { HeaderField, SipMessage, SipUri } from '../message/sip-message.js';
import type { ServerTransaction } from '../transaction/transaction-layer.js';
import type { DialogClient } from './dialog-client.js';
import type { LifeEvent } from './invite-session-life.js';
import type { SessionContext } from './session-context.js';
import type { SessionInterval } from './session-timer-machine.js';
import type { Reason, SessionEvent } from './session.js';

/** The SDP that stands in the session, as last agreed. */
export interface AgreedSdp {
  readonly local: string | null;
  readonly remote: string | null;
}

/** The offers of the session, as its other parts use them. */
export interface SessionOffers {
  /** What the opening of the session and the ACK of its 2xx tell. */
  note(event: 'done' | 'weAccepted' | 'acked'): void;
  /** A re-INVITE, or an UPDATE or PRACK with SDP. */
  receive(transaction: ServerTransaction): void;
  /** Refreshes the session (RFC 4028 §7.4). */
  refresh(): void;
}

/** The session timer, as its other parts use it. */
export interface SessionTimer {
  /** A 2xx settled it. */
  agree(agreed: SessionInterval | null): void;
  /** A refresh of ours was refused, but the dialog stands. */
  failed(): void;
  /** The headers of a request of ours that asks for a timer or refreshes. */
  askHeaders(): readonly HeaderField[];
  /** @returns whether a 422 asks for more than we offered, so that another try makes sense */
  raise(minSeS: number): boolean;
}

/** What the parts of a session (opening, offers, timer, referrals) share: the session seen from inside. */
export interface SessionCore {
  readonly context: SessionContext;
  readonly role: 'uac' | 'uas';
  /** Our Contact. */
  readonly contact: SipUri;
  /** The dialog that counts: the one there is, or the branch that won; null before. */
  readonly client: DialogClient | null;
  readonly state: 'early' | 'confirmed' | 'ended';
  readonly sdp: AgreedSdp;
  readonly offers: SessionOffers;
  readonly refresh: SessionTimer;
  /** Whether the other side lists UPDATE in Allow. */
  readonly peerAllowsUpdate: boolean;
  step(event: LifeEvent): void;
  emit(event: SessionEvent): void;
  /** The dialog, its timer or its SDP changed: snapshot. */
  changed(): void;
  choose(client: DialogClient): void;
  agreeSdp(sdp: Partial<AgreedSdp>): void;
  /** Reads what the other side can do (`Allow`). */
  notePeer(message: SipMessage): void;
  /** Why the other side ends it. */
  noteReason(reason: Reason | null): void;
}
