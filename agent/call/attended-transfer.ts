/** Attended transfer (RFC 5589 §7) and pick-up (RFC 3891): a leg goes from one call to another inside the box. */
import { tagOf, type IncomingSession, type Replaces } from '../sip/index.js';
import type { PartyId } from './call-state.js';
import { legOf } from './call-steps.js';
import type { LiveCall } from './live-call.js';

/** A dialog of the exchange, by its call and party. */
export interface FoundDialog {
  readonly call: LiveCall;
  readonly party: PartyId;
}

/** @returns the dialog that a Replaces names; its to-tag is ours (RFC 3891 §3) */
export function findDialog(calls: Iterable<LiveCall>, replaces: Replaces): FoundDialog | null {
  for (const call of calls) {
    const party = call.partyOf(({ snapshot }) => {
      if (snapshot?.callId !== replaces.callId) return false;
      return snapshot.localTag === replaces.toTag && snapshot.remoteTag === replaces.fromTag;
    });
    if (party !== null) return { call, party };
  }
  return null;
}

/**
 * `asked` (one phone's dialog, with its REFER) and `named` (the same phone's other dialog): the two far ends are joined, in
 * the call that has the line.
 * @returns `notTalking` when not all four ends talk: the caller may then try a blind transfer; `refused` when nobody of the
 * shop would be left: two outsides joined on an analog line might never hang up
 */
export function attendedTransfer(
  asked: FoundDialog & { readonly referId: number },
  named: FoundDialog,
): 'done' | 'notTalking' | 'refused' {
  const askedPeer = asked.call.peerOf(asked.party);
  const namedPeer = named.call.peerOf(named.party);
  if (asked.call === named.call || askedPeer === null || namedPeer === null) return 'notTalking';
  if (askedPeer.who === 'line' && namedPeer.who === 'line') return 'refused';
  if (legOf(named.call.state, named.party)?.speaker !== 'staff') return 'refused';
  // The call that has the line lives on: it holds the recording and the caller.
  const namedHasLine = named.call.state.record.direction !== 'internal';
  const askedHasLine = asked.call.state.record.direction !== 'internal';
  const [to, from] = namedHasLine && !askedHasLine ? [named, asked] : [asked, named];
  const moving = from === named ? namedPeer : askedPeer;
  const released = from.call.release(moving);
  if (released === null) return 'notTalking';
  asked.call.acceptRefer(asked.party, asked.referId);
  if (from === asked) asked.call.notifyRefer(asked.party, asked.referId, 200);
  const party = to.call.adopt(released.line, released.media, moving.speaker);
  from.call.dispatch({ name: 'taken', party: moving.party });
  to.call.dispatch({
    name: 'replaced',
    party: to.party,
    leg: { ...moving, party, held: false },
    how: 'attended',
    referId: to === asked ? asked.referId : null,
  });
  to.call.dispatch({ name: 'held', party, held: moving.held });
  return 'done';
}

/** @returns the call that a phone began and that still rings, by the tags that the phone has of it */
export function findEarlyCall(calls: Iterable<LiveCall>, replaces: Replaces): LiveCall | null {
  for (const call of calls) {
    const { phase, record } = call.state;
    if (phase !== 'ringing' || record.direction === 'incoming') continue;
    const party = call.partyOf(
      ({ invite, role }) =>
        role === 'uas' &&
        invite.callId === replaces.callId &&
        tagOf(invite.from) === replaces.fromTag,
    );
    if (party !== null) return call;
  }
  return null;
}

/** An INVITE with Replaces from a phone: it takes the place of the dialog that it names. */
export function pickUp(session: IncomingSession, extension: string, found: FoundDialog): void {
  const replaced = found.call.peerOf(found.party);
  const isStaff = legOf(found.call.state, found.party)?.speaker === 'staff';
  if (replaced === null || !isStaff) return session.reject(481);
  found.call.admit(session, extension, (leg) => {
    found.call.dispatch({
      name: 'replaced',
      party: found.party,
      leg,
      how: 'pickUp',
      referId: null,
    });
  });
}
