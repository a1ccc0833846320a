/** Transfer between the shop's phones (RFC 3515, RFC 3891, RFC 5589), carried out inside the box: the line never hears of it. */
import type {
  CallEffect,
  CallEvent,
  CallState,
  Leg,
  PartyId,
  Ringing,
  Step,
} from './call-state.js';
import {
  APOLOGY_MAX_MS,
  beginRound,
  endHolds,
  finish,
  legOf,
  withLeg,
  withRecord,
} from './call-steps.js';

/** Blind transfer: the extension rings; whoever transferred stays on the call until it answers, or hangs up before. */
export function onRefer(state: CallState, event: Extract<CallEvent, { name: 'refer' }>): Step {
  const { party, referId, extension } = event;
  const leg = legOf(state, party);
  const possible = leg?.speaker === 'staff' && state.phase === 'bridged' && state.transfer === null;
  if (leg === null || !possible) {
    return [state, [{ do: 'rejectRefer', party, referId, status: leg === null ? 481 : 403 }]];
  }
  const [named, round, ring] = beginRound(state, { kind: 'extension', extension });
  const transfer = { by: party, referId, from: leg.who, to: extension, round };
  return [
    { ...named, transfer },
    [
      { do: 'acceptRefer', party, referId },
      ring,
      { do: 'startTimer', timer: 'ring', afterMs: state.rules.ringMs },
    ],
  ];
}

export function onTransferRung(state: CallState, ringing: readonly Ringing[]): Step {
  const { transfer } = state;
  if (transfer === null) return [state, []];
  if (ringing.length === 0) return transferFailed(state, 480);
  return [
    { ...state, transfer: { ...transfer, round: { ...transfer.round, ringing } } },
    [{ do: 'notifyRefer', party: transfer.by, referId: transfer.referId, status: 180 }],
  ];
}

export function onTransferAnswered(state: CallState, party: PartyId, atMs: number): Step {
  const { transfer } = state;
  const old = transfer === null ? null : legOf(state, transfer.by);
  if (transfer === null || old === null) {
    return [state, [{ do: 'hangUp', party, elsewhere: false }]];
  }
  const leg: Leg = {
    party,
    legId: transfer.round.legId,
    speaker: 'staff',
    who: transfer.to,
    dialog: 'confirmed',
    held: false,
  };
  const losers = transfer.round.ringing.filter((one) => one.party !== party);
  const effects: CallEffect[] = losers.map((one) => ({
    do: 'hangUp',
    party: one.party,
    elsewhere: true,
  }));
  effects.push({ do: 'stopTimer', timer: 'ring' });
  return handOver(
    { ...state, transfer: null },
    {
      leg,
      old,
      how: 'blind',
      referId: transfer.referId,
      from: transfer.from,
    },
    effects,
    atMs,
  );
}

/** Nobody took it: the one who transferred still has the call; without them the caller is told so. */
export function transferFailed(state: CallState, status: number): Step {
  const { transfer } = state;
  if (transfer === null) return [state, []];
  const effects: CallEffect[] = transfer.round.ringing.map((one) => ({
    do: 'hangUp',
    party: one.party,
    elsewhere: false,
  }));
  effects.push({ do: 'stopTimer', timer: 'ring' });
  const next: CallState = { ...state, transfer: null };
  if (legOf(state, transfer.by)?.dialog !== 'gone') {
    effects.push({ do: 'notifyRefer', party: transfer.by, referId: transfer.referId, status });
    return [next, effects];
  }
  effects.push({ do: 'startTimer', timer: 'apology', afterMs: APOLOGY_MAX_MS });
  return [{ ...withRecord(next, { endedHow: 'noAnswer' }), phase: 'apologising' }, effects];
}

/** A leg of another dialog takes the place of one of ours: attended transfer, or an INVITE with Replaces. */
export function onReplaced(
  state: CallState,
  event: Extract<CallEvent, { name: 'replaced' }>,
  atMs: number,
): Step {
  const old = legOf(state, event.party);
  if (old === null || state.phase !== 'bridged') {
    return [state, [{ do: 'hangUp', party: event.leg.party, elsewhere: false }]];
  }
  // Who is replaced can transfer no more.
  const isRinging = state.transfer?.by === event.party;
  const [free, before] = isRinging ? transferFailed(state, 487) : [state, []];
  return handOver(
    free,
    { leg: event.leg, old, how: event.how, referId: event.referId, from: old.who },
    before,
    atMs,
  );
}

interface HandOver {
  readonly leg: Leg;
  readonly old: Leg;
  readonly how: 'blind' | 'attended' | 'pickUp';
  readonly referId: number | null;
  readonly from: string;
}

function handOver(
  state: CallState,
  over: HandOver,
  before: readonly CallEffect[],
  atMs: number,
): Step {
  const { leg, old, how, referId, from } = over;
  const effects: CallEffect[] = [...before];
  if (old.dialog !== 'gone') {
    if (referId !== null)
      effects.push({ do: 'notifyRefer', party: old.party, referId, status: 200 });
    effects.push({ do: 'hangUp', party: old.party, elsewhere: false });
  }
  effects.push({ do: 'tell', kind: 'transferred' });
  const transfers = [...state.record.transfers, { atMs, from, to: leg.who, how }];
  const answeredBy = leg.speaker === 'staff' ? leg.who : state.record.answeredBy;
  const next = withRecord(endHolds(state, old.who, atMs), { transfers, answeredBy });
  return [old.party === state.a.party ? { ...next, a: leg } : { ...next, b: leg }, effects];
}

/** One of our legs went over to another call: what is left of this one ends. */
export function onTaken(state: CallState, party: PartyId, atMs: number): Step {
  const end = { by: 'staff', how: 'bye', outcome: 'answered', rejectA: 480 } as const;
  const left = withLeg(state, party, (leg) => ({ ...leg, dialog: 'gone' }));
  return finish(left, end, atMs);
}
