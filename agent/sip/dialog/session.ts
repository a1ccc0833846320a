import type { HeaderField, NameAddr, SipRequest, SipUri } from '../message/sip-message.js';
import type { Endpoint } from '../transport/transport.js';

/**
 * An INVITE session (RFC 3261 §12–14, RFC 5057): what `agent/call` sees of SIP. One session is one leg of a call.
 * Timers, PRACK, session refresh, 2xx repeats, forking, CANCEL races and glare are settled inside; its user sees facts.
 */

/** Why something ended (RFC 3326): `SIP;cause=200;text="Call completed elsewhere"`. */
export interface Reason {
  readonly protocol: 'SIP' | 'Q.850';
  readonly cause: number;
  readonly text: string;
}

/** How a session came to its end. */
export interface SessionEnd {
  readonly by: 'remote' | 'local';
  readonly how:
    | 'bye'
    | 'cancel'
    /** A final response 300…699 to the INVITE. */
    | 'rejected'
    /** No final response, no ACK, or no PRACK in time (408 / RFC 3261 §13.3.1.4). */
    | 'timeout'
    /** The session timer ran out (RFC 4028 §10). */
    | 'sessionExpired'
    /** The dialog broke: 481 or 408 inside it, or the transport failed. */
    | 'failed';
  /** The status that ended it, where there was one. */
  readonly status: number | null;
  readonly reason: Reason | null;
}

/** What a session tells its user, in order. */
export type SessionEvent =
  /** UAC: 101…199. `body` holds SDP when it is an answer or a preview of one (183, reliable or not). */
  | { readonly name: 'progress'; readonly status: number; readonly sdp: string | null }
  /** UAC: first 2xx, already ACKed. `sdp` is the answer; null only when a reliable 1xx carried it before. */
  | { readonly name: 'answered'; readonly sdp: string | null; readonly remote: NameAddr }
  /** UAS: the ACK of our 2xx came. `sdp` is the answer when our 2xx carried the offer. */
  | { readonly name: 'confirmed'; readonly sdp: string | null }
  /** The other side offers (re-INVITE or UPDATE): answer with `answerOffer` or `rejectOffer`. `sdp` null: it wants our offer. */
  | { readonly name: 'offer'; readonly sdp: string | null; readonly method: 'INVITE' | 'UPDATE' }
  /** The answer to our `offer()`. */
  | { readonly name: 'answer'; readonly sdp: string }
  /** Our `offer()` was refused (488, 491 after all retries, …); the session goes on as it was. */
  | { readonly name: 'offerRefused'; readonly status: number }
  /** REFER in the dialog (RFC 3515): answer with `acceptRefer` or `rejectRefer`. `replaces` from the Refer-To's header (RFC 3891). */
  | {
      readonly name: 'refer';
      readonly id: number;
      readonly to: SipUri;
      readonly replaces: Replaces | null;
      readonly referredBy: string | null;
    }
  /** INFO (RFC 6086), already answered 200. */
  | { readonly name: 'info'; readonly contentType: string; readonly body: string }
  /** Always the last event. */
  | { readonly name: 'ended'; readonly end: SessionEnd };

/** RFC 3891 §3. */
export interface Replaces {
  readonly callId: string;
  readonly toTag: string;
  readonly fromTag: string;
  readonly earlyOnly: boolean;
}

/** The identity of a dialog (RFC 3261 §12). */
export interface DialogId {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
}

/** All that a restarted agent needs to go on with a confirmed dialog: a plain value, written to the store at each change. */
export interface DialogSnapshot extends DialogId {
  readonly role: 'uac' | 'uas';
  readonly localUri: NameAddr;
  readonly remoteUri: NameAddr;
  readonly remoteTarget: SipUri;
  readonly routeSet: readonly NameAddr[];
  readonly localCSeq: number;
  readonly remoteCSeq: number | null;
  readonly peer: Endpoint;
  /** RFC 4028: null when no session timer runs. */
  readonly sessionTimer: {
    readonly intervalS: number;
    readonly weRefresh: boolean;
    readonly expiresAtWallMs: number;
  } | null;
  readonly localSdp: string | null;
  readonly remoteSdp: string | null;
}

/** One INVITE session; the same face for UAC and UAS. A call that its state does not allow is a bug (assert). */
export interface InviteSession {
  /** Unique in this process: `s1`, `s2`, … */
  readonly id: string;
  readonly role: 'uac' | 'uas';
  /** `early` until the first 2xx, `confirmed` until BYE, then `ended`. */
  readonly state: 'early' | 'confirmed' | 'ended';
  /** The INVITE that began it, as received or sent. */
  readonly invite: SipRequest;
  readonly peer: Endpoint;
  /** null while no dialog stands. */
  readonly snapshot: DialogSnapshot | null;
  /** Set by the user as soon as it has the session; events before that are kept. */
  onEvent: ((event: SessionEvent) => void) | null;
  /** Called at each change of `snapshot`. */
  onSnapshot: ((snapshot: DialogSnapshot) => void) | null;

  /** UAS: 180, or 183 when `sdp` is given; reliable where the other side requires or supports 100rel (RFC 3262). */
  ring(options?: { readonly sdp?: string; readonly headers?: readonly HeaderField[] }): void;
  /** UAS: 200 with the answer (or our offer, when the INVITE had none). */
  accept(sdp: string, headers?: readonly HeaderField[]): void;
  /** UAS: a final response 300…699. */
  reject(
    status: number,
    options?: { readonly reason?: string; readonly headers?: readonly HeaderField[] },
  ): void;

  /** Confirmed: offers by re-INVITE (glare settled by RFC 3261 §14.1). One at a time; a second waits. */
  offer(sdp: string): void;
  /** Answers the pending `offer` event. */
  answerOffer(sdp: string): void;
  rejectOffer(status: number): void;

  /** 202 to a REFER; then progress by NOTIFY sipfrag until a final status. */
  acceptRefer(id: number): void;
  notifyRefer(id: number, status: number, reason: string): void;
  rejectRefer(id: number, status: number): void;

  /** Ends it as its state asks: CANCEL, BYE, or 480 to an incoming one not yet answered. `ended` follows. Twice: ignored. */
  hangUp(reason?: Reason): void;
}

/** An INVITE to send. */
export interface OutgoingInvite {
  readonly requestUri: SipUri;
  readonly from: NameAddr;
  readonly to: NameAddr;
  readonly contact: SipUri;
  /** Where it goes; already resolved. */
  readonly target: Endpoint;
  readonly route: readonly NameAddr[];
  readonly headers: readonly HeaderField[];
  /** Our offer. */
  readonly sdp: string;
  /** For 401 and 407; null when we have none. */
  readonly credentials: Credentials | null;
}

/** RFC 8760, RFC 7616. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Who may talk to us, and as whom: decided by `agent/line` and the registrar, asked by the user agent. */
export type Screening =
  | { readonly verdict: 'accept' }
  /** 403 unless another status is given; counted, never a call. */
  | { readonly verdict: 'refuse'; readonly status: number }
  /** Digest wanted (407 for INVITE, 401 for REGISTER); `userOf` names the only users allowed. */
  | { readonly verdict: 'authenticate' };
