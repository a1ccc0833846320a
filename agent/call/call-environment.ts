import type { Clock, Log, Random } from '../../base/index.js';
import type { DialogSnapshot, InviteSession, OutgoingInvite } from '../sip/index.js';
import type { BridgeCommand, LegHealth, LegId, Speaker } from './bridge/bridge-protocol.js';
import type { CallRecord } from './call-record.js';
import type { CallState, NobodyWhy, PartyId, RingTarget } from './call-state.js';
import type { LegAbility } from './leg-media.js';

/** One INVITE of a round, ready but for the SDP. */
export interface Invitation {
  readonly who: string;
  readonly invite: Omit<OutgoingInvite, 'sdp'>;
}

/** Whom to ring; or why there is nobody. */
export type RingList = readonly Invitation[] | Extract<NobodyWhy, 'unregistered' | 'busy'>;

/** A call as it is stored at each step: enough to take it up again. */
export interface StoredCall {
  readonly state: CallState;
  readonly dialogs: readonly { readonly party: PartyId; readonly dialog: DialogSnapshot }[];
}

export type CallNews =
  | 'ringing'
  | 'answered'
  | 'announcementPlayed'
  | 'transferred'
  | 'recordingStarted'
  | 'ended'
  | 'rejected';

/** Box alarms that a call can raise; not abuse. */
export type CallFault = 'no-phone-registered' | 'announcement-broken' | 'no-media-port';

/** What the recorder does for a call (agent/recorder behind an interface, so that `call` knows no disk). */
export interface CallRecorder {
  begin(callId: string): void;
  commit(callId: string): void;
  discard(callId: string): void;
  /** Never rejects: null when nothing of it could be kept. */
  end(callId: string): Promise<CallRecord['recording']>;
}

/** All that a call needs of the world around it; wired by agent/main.ts. */
export interface CallEnvironment {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly recorder: CallRecorder;
  /** What our SDP offers or takes on a leg: the line's profile for `line`, else the phones'. */
  abilityOf(who: string): LegAbility;
  toBridge(command: BridgeCommand): void;
  invite(invite: OutgoingInvite): InviteSession;
  /** Whom to ring now: phones that are registered and free, or the gateway. */
  invitationsFor(target: RingTarget, call: CallState): RingList;
  /** Every state goes to the store before the next event. */
  onChange(stored: StoredCall): void;
  onNews(news: CallNews, state: CallState): void;
  onFault(fault: CallFault, callId: string): void;
  onLegHealth(callId: string, speaker: Speaker, legId: LegId, health: LegHealth): void;
  onDigit(callId: string, who: string, digit: string): void;
}
