import type { SipMessage, SipUri } from '../message/sip-message.js';
import type { DialogClient } from './dialog-client.js';
import type { LifeEvent } from './invite-session-life.js';
import type { OfferExchange } from './offer-exchange.js';
import type { SessionContext } from './session-context.js';
import type { SessionRefresh } from './session-refresh.js';
import type { Reason, SessionEvent } from './session.js';

/** The SDP that stands in the session, as last agreed. */
export interface AgreedSdp {
  readonly local: string | null;
  readonly remote: string | null;
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
  readonly offers: OfferExchange;
  readonly refresh: SessionRefresh;
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
