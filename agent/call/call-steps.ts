/** The small moves that the parts of the call machine share. */
import type { CallRecord, EndedHow } from './call-record.js';
import type {
  CallEffect,
  CallEvent,
  CallState,
  CallTimer,
  Leg,
  PartyId,
  RingTarget,
  Round,
  Step,
} from './call-state.js';

/** @returns the state with some fields of its record changed */
export function withRecord(state: CallState, change: Partial<CallRecord>): CallState {
  return { ...state, record: { ...state.record, ...change } };
}

/** @returns leg `a` or `b` when it is that party, else null */
export function legOf(state: CallState, party: PartyId): Leg | null {
  if (state.a.party === party) return state.a;
  return state.b?.party === party ? state.b : null;
}

/** @returns the state with that party's leg changed; unchanged when it has none */
export function withLeg(state: CallState, party: PartyId, change: (leg: Leg) => Leg): CallState {
  if (state.a.party === party) return { ...state, a: change(state.a) };
  if (state.b?.party === party) return { ...state, b: change(state.b) };
  return state;
}

/** Peers retransmit and race: a stray event is counted and ignored, never an error. */
export function stray(state: CallState, event: CallEvent): Step {
  return [state, [{ do: 'countStray', event: event.name }]];
}

const TIMERS: readonly CallTimer[] = ['announcement', 'ring', 'wait', 'apology'];

/** `a` gets its 200. */
export const answeredA = (state: CallState): CallState => ({
  ...state,
  a: { ...state.a, dialog: 'answered' },
});

/** The caller hears that no phone is free, until one is or the time is over. */
export function enterWaiting(state: CallState, waitMs: number): Step {
  const effects: CallEffect[] = state.a.dialog === 'early' ? [{ do: 'answerA' }] : [];
  effects.push({ do: 'stopTimer', timer: 'ring' });
  effects.push({ do: 'startTimer', timer: 'wait', afterMs: Math.max(0, waitMs) });
  const answered = state.a.dialog === 'early' ? answeredA(state) : state;
  return [{ ...answered, phase: 'waiting', round: null }, effects];
}

/** Who held no longer does: it took the call back, or left it. */
export function endHolds(state: CallState, by: string, atMs: number): CallState {
  const holds = state.record.holds.map((hold) =>
    hold.toMs === null && hold.by === by ? { ...hold, toMs: atMs } : hold,
  );
  return withRecord(state, { holds });
}

/** How a call comes to its end. */
export interface End {
  readonly by: NonNullable<CallRecord['endedBy']>;
  readonly how: EndedHow;
  readonly outcome: CallRecord['outcome'];
  /** The status for an `a` that was never answered; null when it ended the call itself. */
  readonly rejectA: number | null;
}

/** Ends the call: everyone still there is hung up, timers stop, `finish` comes last. */
export function finish(state: CallState, end: End, atMs: number): Step {
  const effects: CallEffect[] = [];
  const hangUp = (party: PartyId): unknown =>
    effects.push({ do: 'hangUp', party, elsewhere: false });
  if (end.rejectA !== null && state.a.dialog !== 'gone') {
    if (state.a.dialog === 'early') effects.push({ do: 'rejectA', status: end.rejectA });
    else hangUp(state.a.party);
  }
  if (state.b !== null && state.b.dialog !== 'gone') hangUp(state.b.party);
  for (const one of state.round?.ringing ?? []) hangUp(one.party);
  for (const one of state.transfer?.round.ringing ?? []) hangUp(one.party);
  for (const timer of TIMERS) effects.push({ do: 'stopTimer', timer });
  effects.push({ do: 'finish' });
  const holds = state.record.holds.map((hold) =>
    hold.toMs === null ? { ...hold, toMs: atMs } : hold,
  );
  const ended = withRecord(state, {
    endedAtMs: atMs,
    endedBy: end.by,
    endedHow: end.how,
    outcome: end.outcome,
    holds,
  });
  return [{ ...ended, phase: 'ended', round: null, transfer: null }, effects];
}

/** Longer than the spoken apology takes; the call ends even when its prompt cannot be played. */
export const APOLOGY_MAX_MS = 15_000;

/** Names a new media leg and asks the driver to ring `target` on it. */
export function beginRound(
  state: CallState,
  target: RingTarget,
): readonly [CallState, Round, CallEffect] {
  const legId = `${state.record.id}:${String.fromCharCode(97 + state.legsNamed)}`;
  const round: Round = { legId, target, ringing: [] };
  return [{ ...state, legsNamed: state.legsNamed + 1 }, round, { do: 'ring', legId, target }];
}
