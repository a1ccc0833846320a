/**
 * The life of one B2BUA call (RFC 7092): leg `a` called us, `b` is the one that answered.
 *
 *   opening --mediaReady--> announcing --played, or fax tone--> ringing --answered--> bridged --hung up--> ended
 *      |  \                     (2xx to a)                       |   ^                 |   ^
 *      |   \--all busy--> waiting ------a phone is free-------------/ |                 \---/ held, transferred
 *      |    \--no announcement due (or the call goes out)-------------/
 *      |                                                         |
 *      |                                                         \--nobody--> apologising --played--> ended
 *      \--no port, or a gives up----------------------------------------------------------------------> ended
 *
 * Whoever ends it, in whatever state: everyone else is hung up, and `finish` is the last effect.
 */
import type { Speaker } from './bridge/bridge-protocol.js';
import {
  leaveWaiting,
  onAnnouncementEnded,
  onFax,
  open,
  withAnnouncement,
} from './call-opening.js';
import { beginRecord, type CallBeginning, type CallRecord, type EndedHow } from './call-record.js';
import { enterRinging, nobodyAnswered, onAnswered, onProgress, onRung } from './call-ringing.js';
import {
  PLAY,
  type CallEvent,
  type CallRules,
  type CallState,
  type PartyId,
  type Step,
} from './call-state.js';
import { endHolds, finish, legOf, stray, withLeg, withRecord } from './call-steps.js';
import { onRefer, onReplaced, onTaken, transferFailed } from './call-transfer.js';

/** @returns a call of which nothing is decided but its rules; its first event is `mediaReady` or `mediaFailed` */
export function beginCall(beginning: CallBeginning, rules: CallRules, atMs: number): CallState {
  const speaker: Speaker = beginning.extension === null ? 'caller' : 'staff';
  const who = beginning.extension ?? 'line';
  return {
    phase: 'opening',
    rules,
    a: { party: 'a', legId: `${beginning.id}:a`, speaker, who, dialog: 'early', held: false },
    b: null,
    round: null,
    transfer: null,
    legsNamed: 1,
    record: beginRecord(beginning, atMs),
  };
}

/** @param atMs Unix ms of the event; it only goes into the record */
export function step(state: CallState, event: CallEvent, atMs: number): Step {
  if (state.phase === 'ended') return afterTheEnd(state, event);
  switch (event.name) {
    case 'mediaReady':
      return state.phase === 'opening' ? open(state) : stray(state, event);
    case 'mediaFailed':
      return state.record.answeredAtMs === null
        ? finish(
            state,
            { by: 'box', how: 'failed', outcome: 'failed', rejectA: event.status },
            atMs,
          )
        : stray(state, event);
    case 'confirmed':
      return [withLeg(state, event.party, (leg) => ({ ...leg, dialog: 'confirmed' })), []];
    case 'playStarted':
      return event.playId === PLAY.announcement
        ? [withAnnouncement(state, { startedAtMs: event.atMs }), []]
        : stray(state, event);
    case 'playEnded':
      return onPlayEnded(state, event, atMs);
    case 'rung':
      return onRung(state, event, atMs);
    case 'progress':
      return onProgress(state, event);
    case 'answered':
      return onAnswered(state, event.party, atMs);
    case 'partyEnded':
      return onPartyEnded(state, event, atMs);
    case 'held':
      return onHeld(state, event.party, event.held, atMs);
    case 'refer':
      return onRefer(state, event);
    case 'replaced':
      return onReplaced(state, event, atMs);
    case 'taken':
      return onTaken(state, event.party, atMs);
    case 'phoneFree':
      return state.phase === 'waiting' ? leaveWaiting(state) : [state, []];
    case 'faxTone':
      return onFax(state, atMs);
    case 'busyTone':
      return endOfLine(state, 'busyTone', atMs);
    case 'silence':
      return endOfLine(state, 'silence', atMs);
    case 'timer':
      return onTimer(state, event.timer, atMs);
    case 'hangUp':
      return finish(
        state,
        { by: 'box', how: 'bye', outcome: outcomeOf(state), rejectA: 480 },
        atMs,
      );
  }
}

function onPlayEnded(
  state: CallState,
  event: Extract<CallEvent, { name: 'playEnded' }>,
  atMs: number,
): Step {
  if (event.playId === PLAY.announcement) return onAnnouncementEnded(state, event);
  if (event.playId === PLAY.apology && state.phase === 'apologising')
    return apologised(state, atMs);
  return stray(state, event);
}

function apologised(state: CallState, atMs: number): Step {
  const how = state.record.endedHow ?? 'noAnswer';
  return finish(state, { by: 'box', how, outcome: outcomeOf(state), rejectA: 480 }, atMs);
}

function onTimer(state: CallState, timer: string, atMs: number): Step {
  if (timer === 'announcement' && state.phase === 'announcing') return enterRinging(state, []);
  if (timer === 'ring' && state.transfer !== null) return transferFailed(state, 408);
  if (timer === 'ring' && state.phase === 'ringing')
    return nobodyAnswered(state, 'noAnswer', null, atMs);
  if (timer === 'wait' && state.phase === 'waiting')
    return nobodyAnswered(state, 'noAnswer', null, atMs);
  if (timer === 'apology' && state.phase === 'apologising') return apologised(state, atMs);
  return [state, []];
}

function onHeld(state: CallState, party: PartyId, held: boolean, atMs: number): Step {
  const leg = legOf(state, party);
  if (leg === null || leg.held === held) return [state, []];
  const next = withLeg(state, party, (old) => ({ ...old, held }));
  if (!held) return [endHolds(next, leg.who, atMs), []];
  const holds = [...state.record.holds, { fromMs: atMs, toMs: null, by: leg.who }];
  return [withRecord(next, { holds }), []];
}

function onPartyEnded(
  state: CallState,
  event: Extract<CallEvent, { name: 'partyEnded' }>,
  atMs: number,
): Step {
  const { party, how } = event;
  if (state.transfer?.round.ringing.some((one) => one.party === party) === true) {
    return leaveTransferRound(state, party, event.status);
  }
  const leg = legOf(state, party);
  if (leg === null) return leaveRound(state, event, atMs);
  // The one who transferred may hang up at once; the call lives on with the one who is rung (RFC 5589 §6.1).
  if (state.transfer?.by === party) {
    const gone = withLeg(state, party, (old) => ({ ...old, dialog: 'gone', held: false }));
    return [endHolds(gone, leg.who, atMs), []];
  }
  const left = withLeg(state, party, (old) => ({ ...old, dialog: 'gone' }));
  return finish(left, { by: leg.speaker, how, outcome: outcomeOf(state), rejectA: 480 }, atMs);
}

function leaveRound(
  state: CallState,
  event: Extract<CallEvent, { name: 'partyEnded' }>,
  atMs: number,
): Step {
  const round = state.round;
  if (round === null || !round.ringing.some((one) => one.party === event.party)) return [state, []];
  const ringing = round.ringing.filter((one) => one.party !== event.party);
  const next = { ...state, round: { ...round, ringing } };
  if (ringing.length > 0) return [next, []];
  return nobodyAnswered(next, event.how, event.status, atMs);
}

function leaveTransferRound(state: CallState, party: PartyId, status: number | null): Step {
  const { transfer } = state;
  if (transfer === null) return [state, []];
  const ringing = transfer.round.ringing.filter((one) => one.party !== party);
  const next = { ...state, transfer: { ...transfer, round: { ...transfer.round, ringing } } };
  return ringing.length > 0 ? [next, []] : transferFailed(next, status ?? 480);
}

function endOfLine(state: CallState, how: EndedHow, atMs: number): Step {
  const line = [state.a, state.b].find((leg) => leg?.who === 'line');
  if (line === undefined || line === null) return [state, []];
  const end = { by: 'caller', how, outcome: outcomeOf(state), rejectA: 480 } as const;
  return finish(state, end, atMs);
}

/** How a call that ends now went. */
function outcomeOf(state: CallState): CallRecord['outcome'] {
  if (state.record.answeredAtMs !== null) return 'answered';
  // Every phone refused, or nobody came: what the caller does about the apology changes nothing of it.
  if (state.phase === 'apologising') {
    return state.record.endedHow === 'rejected' ? 'busy' : 'noAnswer';
  }
  return state.phase === 'announcing' ? 'abandonedInAnnouncement' : 'abandoned';
}

function afterTheEnd(state: CallState, event: CallEvent): Step {
  // INVITEs that went out while the call ended are called back; a leg that answered late is hung up.
  if (event.name === 'rung') {
    return [
      state,
      event.ringing.map((one) => ({ do: 'hangUp', party: one.party, elsewhere: false })),
    ];
  }
  if (event.name === 'replaced') {
    return [state, [{ do: 'hangUp', party: event.leg.party, elsewhere: false }]];
  }
  if (event.name === 'answered') {
    return [state, [{ do: 'hangUp', party: event.party, elsewhere: false }]];
  }
  if (event.name === 'playEnded' && event.playId === PLAY.announcement) {
    const ended = state.record.announcement?.endedAtMs ?? null;
    return ended === null ? [withAnnouncement(state, { endedAtMs: event.atMs }), []] : [state, []];
  }
  return [state, []];
}
