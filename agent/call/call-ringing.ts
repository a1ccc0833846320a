/** Ringing: who is rung, who answers first, and what the caller is told when nobody does. */
import type { CallRecord, EndedHow } from './call-record.js';
import type {
  CallEffect,
  CallEvent,
  CallState,
  Leg,
  NobodyWhy,
  PartyId,
  Ringing,
  Step,
} from './call-state.js';
import { APOLOGY_MAX_MS, beginRound, enterWaiting, finish, withRecord } from './call-steps.js';
import { onTransferAnswered, onTransferRung } from './call-transfer.js';

/** Rings whom the rules name. `before`: effects that come first. */
export function enterRinging(state: CallState, before: readonly CallEffect[]): Step {
  const [named, round, ring] = beginRound(state, state.rules.target);
  return [
    { ...named, phase: 'ringing', round },
    [
      ...before,
      ring,
      { do: 'startTimer', timer: 'ring', afterMs: state.rules.ringMs },
      { do: 'tell', kind: 'ringing' },
    ],
  ];
}

/** The INVITEs went out; or there is nobody to ring. */
export function onRung(
  state: CallState,
  event: Extract<CallEvent, { name: 'rung' }>,
  atMs: number,
): Step {
  const { legId, ringing } = event;
  if (state.transfer?.round.legId === legId) return onTransferRung(state, ringing);
  const round = state.round;
  if (round?.legId !== legId) return [state, callBack(ringing)];
  if (ringing.length > 0) return [{ ...state, round: { ...round, ringing } }, []];
  return nobodyRings(state, event.nobody ?? 'unregistered', atMs);
}

function nobodyRings(state: CallState, why: NobodyWhy, atMs: number): Step {
  const { rules, record } = state;
  switch (why) {
    case 'busy':
      // The phone that was free has been taken since.
      return rules.whenBusy === 'wait' && record.direction === 'incoming'
        ? enterWaiting(state, record.startedAtMs + rules.waitMs - atMs)
        : nobodyAnswered(state, 'rejected', 486, atMs);
    case 'unreachable':
      return nobodyAnswered(state, 'failed', 503, atMs);
    case 'unregistered': {
      const [next, effects] = nobodyAnswered(state, 'noPhone', 480, atMs);
      return rules.target.kind === 'allPhones'
        ? [next, [{ do: 'raiseFault', code: 'no-phone-registered' }, ...effects]]
        : [next, effects];
    }
  }
}

const callBack = (ringing: readonly Ringing[]): readonly CallEffect[] =>
  ringing.map((one) => ({ do: 'hangUp', party: one.party, elsewhere: false }));

/** A 18x of one that rings: a caller who is not yet answered hears of it. */
export function onProgress(
  state: CallState,
  event: Extract<CallEvent, { name: 'progress' }>,
): Step {
  const round = state.round;
  const known = round?.ringing.find((one) => one.party === event.party);
  if (round === null || known === undefined) return [state, []];
  const progress = event.early || known.progress === 'early' ? 'early' : 'ringing';
  if (progress === known.progress) return [state, []];
  const ringing = round.ringing.map((one) =>
    one === known ? ({ ...one, progress } as const) : one,
  );
  const next = { ...state, round: { ...round, ringing } };
  if (state.a.dialog !== 'early' || state.record.direction === 'incoming') return [next, []];
  const early = ringing.length === 1 && progress === 'early';
  return [next, [{ do: 'progressA', early }]];
}

/** First answer wins; the others are told that the call was completed elsewhere (RFC 3326). */
export function onAnswered(state: CallState, party: PartyId, atMs: number): Step {
  if (state.transfer?.round.ringing.some((one) => one.party === party) === true) {
    return onTransferAnswered(state, party, atMs);
  }
  const round = state.round;
  const winner = round?.ringing.find((one) => one.party === party);
  if (round === null || winner === undefined || state.phase !== 'ringing') {
    // Its 200 crossed our CANCEL (RFC 5407 §3.1.2).
    return [state, [{ do: 'hangUp', party, elsewhere: true }]];
  }
  const b: Leg = {
    party,
    legId: round.legId,
    speaker: winner.who === 'line' ? 'caller' : 'staff',
    who: winner.who,
    dialog: 'confirmed',
    held: false,
  };
  const losers = round.ringing.filter((one) => one !== winner);
  const effects: CallEffect[] = losers.map((one) => ({
    do: 'hangUp',
    party: one.party,
    elsewhere: true,
  }));
  effects.push({ do: 'stopTimer', timer: 'ring' });
  const answersA = state.a.dialog === 'early';
  if (answersA) effects.push({ do: 'answerA' });
  effects.push({ do: 'commitRecording' }, { do: 'tell', kind: 'answered' });
  // A call that went out is the phone's that dialled it.
  const answeredBy = winner.who === 'line' ? state.a.who : winner.who;
  const next = withRecord(state, { answeredAtMs: atMs, answeredBy });
  const a: Leg = answersA ? { ...next.a, dialog: 'answered' } : next.a;
  return [{ ...next, phase: 'bridged', a, b, round: null }, effects];
}

/** Nobody is left who could answer: a spoken apology for a caller who already pays, a status for one who does not. */
export function nobodyAnswered(
  state: CallState,
  how: EndedHow,
  status: number | null,
  atMs: number,
): Step {
  const callBacks = callBack(state.round?.ringing ?? []);
  const alone = { ...state, round: null };
  if (state.a.dialog === 'early') {
    const outcome = outcomeOf(state, how, status);
    const [ended, effects] = finish(
      alone,
      { by: 'box', how, outcome, rejectA: statusForA(status) },
      atMs,
    );
    return [ended, [...callBacks, ...effects]];
  }
  return [
    { ...withRecord(alone, { endedHow: how }), phase: 'apologising' },
    [
      ...callBacks,
      { do: 'stopTimer', timer: 'ring' },
      { do: 'stopTimer', timer: 'wait' },
      { do: 'startTimer', timer: 'apology', afterMs: APOLOGY_MAX_MS },
    ],
  ];
}

/** What the one who called is told: never a challenge or a redirection that was meant for us. */
function statusForA(status: number | null): number {
  if (status === null) return 480;
  if (status === 401 || status === 407 || status < 400) return 503;
  return status;
}

function outcomeOf(state: CallState, how: EndedHow, status: number | null): CallRecord['outcome'] {
  if (status === 486 || status === 600) return 'busy';
  if (how === 'noAnswer') return 'noAnswer';
  if (how === 'rejected') return 'rejected';
  // A phone that is not there is a call that nobody took; a gateway that is not there is a fault.
  return state.rules.target.kind === 'line' ? 'failed' : 'noAnswer';
}
