import type { LegId, Speaker } from './bridge/bridge-protocol.js';
import type { CallRecord, EndedHow } from './call-record.js';

/** One SIP session of a call, by the call's own name for it: `a` called us, `p1`, `p2`, … are those we call. */
export type PartyId = string;

/** The reason a transfer or pick-up happened, for the record. */
export type TransferHow = CallRecord['transfers'][number]['how'];

/** A party that can talk: one dialog, one media stream. */
export interface Leg {
  readonly party: PartyId;
  readonly legId: LegId;
  readonly speaker: Speaker;
  /** The extension, or `line`. */
  readonly who: string;
  /** `early` until the 2xx, `answered` until its ACK, then `confirmed`; `gone`: it transferred the call and hung up. */
  readonly dialog: 'early' | 'answered' | 'confirmed' | 'gone';
  /** It has put us on hold (RFC 3264 §8.4). */
  readonly held: boolean;
}

/** One party being rung, for a leg that is not yet there. */
export interface Ringing {
  readonly party: PartyId;
  readonly who: string;
  /** `early`: it sends early media. */
  readonly progress: 'calling' | 'ringing' | 'early';
}

/** Who is to be rung. */
export type RingTarget =
  | { readonly kind: 'allPhones' }
  | { readonly kind: 'extension'; readonly extension: string }
  | { readonly kind: 'line'; readonly number: string };

/** All that ring together for one leg; the first answer wins. They share the leg's media port. */
export interface Round {
  readonly legId: LegId;
  readonly target: RingTarget;
  /** Empty until the driver has sent the INVITEs. */
  readonly ringing: readonly Ringing[];
}

/** A REFER that is being carried out (RFC 3515). */
export interface Transfer {
  readonly by: PartyId;
  readonly referId: number;
  readonly from: string;
  readonly to: string;
  readonly round: Round;
}

/** What is decided about a call before it begins; never changes during it. */
export interface CallRules {
  /** What the caller hears before the phones ring; `skip` for allowed callers and for calls that go out. */
  readonly announcement: 'configured' | 'builtIn' | 'tone' | 'skip';
  /** `wait`: no phone is free, the caller hears a message until one is. */
  readonly opening: 'announce' | 'wait';
  readonly target: RingTarget;
  readonly ringMs: number;
  readonly waitMs: number;
  /** What becomes of a caller for whom no phone is free any more once it is their turn. */
  readonly whenBusy: 'refuse' | 'wait';
  readonly record: boolean;
  readonly detect: boolean;
  /** Analog lines tell the hang-up only by a busy tone, or by nothing at all. */
  readonly busyToneEnds: boolean;
  readonly silenceEndsAfterMs: number | null;
}

/** A call as a plain value, written to the store at each step. */
export interface CallState {
  readonly phase:
    'opening' | 'announcing' | 'waiting' | 'ringing' | 'bridged' | 'apologising' | 'ended';
  readonly rules: CallRules;
  /** The leg that called us. */
  readonly a: Leg;
  /** The leg that answered; null before. */
  readonly b: Leg | null;
  readonly round: Round | null;
  readonly transfer: Transfer | null;
  /** How many media legs the call has named so far. */
  readonly legsNamed: number;
  readonly record: CallRecord;
}

export type CallTimer = 'announcement' | 'ring' | 'wait' | 'apology';

/** Why nobody rings: no phone is registered, all that are talk, or no INVITE could be sent. */
export type NobodyWhy = 'unregistered' | 'busy' | 'unreachable';

/** What happens to a call; the driver says it in the machine's words. */
export type CallEvent =
  | { readonly name: 'mediaReady' }
  /** No port, or an SDP that we cannot use; the status for `a`. */
  | { readonly name: 'mediaFailed'; readonly status: number }
  /** The ACK of our 2xx came. */
  | { readonly name: 'confirmed'; readonly party: PartyId }
  | { readonly name: 'playStarted'; readonly playId: string; readonly atMs: number }
  | {
      readonly name: 'playEnded';
      readonly playId: string;
      readonly atMs: number;
      readonly completed: boolean;
    }
  /** The INVITEs of a round went out; empty: there is nobody to ring, and why. */
  | {
      readonly name: 'rung';
      readonly legId: LegId;
      readonly ringing: readonly Ringing[];
      readonly nobody?: NobodyWhy;
    }
  | { readonly name: 'progress'; readonly party: PartyId; readonly early: boolean }
  | { readonly name: 'answered'; readonly party: PartyId }
  | {
      readonly name: 'partyEnded';
      readonly party: PartyId;
      readonly how: EndedHow;
      readonly status: number | null;
    }
  | { readonly name: 'held'; readonly party: PartyId; readonly held: boolean }
  | {
      readonly name: 'refer';
      readonly party: PartyId;
      readonly referId: number;
      readonly extension: string;
    }
  /** A leg of another dialog takes the place of `party` (RFC 3891, attended transfer, pick-up). */
  | {
      readonly name: 'replaced';
      readonly party: PartyId;
      readonly leg: Leg;
      readonly how: TransferHow;
      readonly referId: number | null;
    }
  /** A leg of this call has gone over to another one. */
  | { readonly name: 'taken'; readonly party: PartyId }
  | { readonly name: 'phoneFree' }
  | { readonly name: 'faxTone' }
  | { readonly name: 'busyTone' }
  | { readonly name: 'silence' }
  | { readonly name: 'timer'; readonly timer: CallTimer }
  /** A person, or the box at its stop, ends the call. */
  | { readonly name: 'hangUp' };

/** What the driver does, in order. */
export type CallEffect =
  /** 180 to `a`; 183 with our SDP when early media is to be heard. */
  | { readonly do: 'progressA'; readonly early: boolean }
  | { readonly do: 'answerA' }
  | { readonly do: 'rejectA'; readonly status: number }
  /** Opens the leg's port and sends the INVITEs; `rung` follows. */
  | { readonly do: 'ring'; readonly legId: LegId; readonly target: RingTarget }
  /** CANCEL or BYE, whichever its state asks. */
  | { readonly do: 'hangUp'; readonly party: PartyId; readonly elsewhere: boolean }
  | { readonly do: 'acceptRefer'; readonly party: PartyId; readonly referId: number }
  | {
      readonly do: 'rejectRefer';
      readonly party: PartyId;
      readonly referId: number;
      readonly status: number;
    }
  | {
      readonly do: 'notifyRefer';
      readonly party: PartyId;
      readonly referId: number;
      readonly status: number;
    }
  | { readonly do: 'startTimer'; readonly timer: CallTimer; readonly afterMs: number }
  | { readonly do: 'stopTimer'; readonly timer: CallTimer }
  /** Someone answered: what was held in memory goes to disk. */
  | { readonly do: 'commitRecording' }
  | {
      readonly do: 'tell';
      readonly kind: 'announcementPlayed' | 'ringing' | 'answered' | 'transferred';
    }
  | { readonly do: 'raiseFault'; readonly code: 'no-phone-registered' | 'announcement-broken' }
  /** Closes media and recording, stores the record. Always last. */
  | { readonly do: 'finish' }
  /** Peers race: a stray event is counted and ignored. */
  | { readonly do: 'countStray'; readonly event: CallEvent['name'] };

export type Step = readonly [next: CallState, effects: readonly CallEffect[]];

/** The prompts of a call by their play ids; one of each can run in a call at a time. */
export const PLAY = {
  announcement: 'announcement',
  apology: 'apology',
  waiting: 'waiting',
  hold: 'hold',
} as const;
