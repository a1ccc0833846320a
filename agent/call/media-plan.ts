import type { HeardTone, LegId, LegSource, PromptId } from './bridge/bridge-protocol.js';
import { PLAY, type CallState, type Leg } from './call-state.js';

/** What one leg carries while the call is in a state: derived, never stored. */
export interface LegPlan {
  readonly legId: LegId;
  readonly source: LegSource;
  readonly record: boolean;
  readonly detect: boolean;
  readonly tones: readonly HeardTone[];
  readonly silenceAfterMs: number | null;
}

/** The prompts that the box has loaded. */
export const PROMPTS = {
  /** The shop's own announcement, when there is one. */
  configured: 'configured',
  builtIn: 'announcement-ja',
  apology: 'apology-ja',
  waiting: 'waiting-ja',
  hold: 'hold-ja',
  /** Made by the media worker itself: there whatever file is missing. */
  tone: 'tone:attention',
} as const;

const SILENCE: LegSource = { kind: 'silence' };
const RINGBACK: LegSource = { kind: 'tone', tone: 'ringback' };
const play = (promptId: PromptId, playId: string, repeat = false): LegSource => ({
  kind: 'play',
  promptId,
  playId,
  repeat,
});
const HOLD = play(PROMPTS.hold, PLAY.hold, true);

/** What each leg hears, and who listens to it: a pure function of the call. */
export function mediaPlan(state: CallState): readonly LegPlan[] {
  if (state.phase === 'ended') return [];
  const { a, b, round, transfer } = state;
  const plans: LegPlan[] = [];
  if (a.dialog !== 'gone') plans.push(legPlan(state, a, hearing(state, a, b)));
  if (b !== null && b.dialog !== 'gone') plans.push(legPlan(state, b, hearing(state, b, a)));
  if (round !== null) plans.push(roundPlan(state, round.legId));
  if (transfer !== null) plans.push(roundPlan(state, transfer.round.legId));
  return plans;
}

/** What `leg` hears, `other` being at the far end of the call. */
function hearing(state: CallState, leg: Leg, other: Leg | null): LegSource {
  const early = earlyRound(state);
  if (early !== null) return { kind: 'relay', from: early };
  if (leg.dialog === 'early') return SILENCE;
  switch (state.phase) {
    case 'announcing':
      return leg.dialog === 'confirmed' ? announcementSource(state) : SILENCE;
    case 'waiting':
      return play(PROMPTS.waiting, PLAY.waiting, true);
    case 'apologising':
      return play(PROMPTS.apology, PLAY.apology);
    case 'ringing':
      return RINGBACK;
    case 'bridged':
      if (other === null || other.dialog === 'gone') return RINGBACK;
      return other.held ? HOLD : { kind: 'relay', from: other.legId };
    default:
      return SILENCE;
  }
}

function announcementSource(state: CallState): LegSource {
  const what = state.record.announcement?.what ?? 'skipped';
  return what === 'skipped' ? SILENCE : play(PROMPTS[what], PLAY.announcement);
}

/** The round whose party sends early media that `a` may hear; only one party rings then. */
function earlyRound(state: CallState): LegId | null {
  const round = state.record.direction === 'incoming' ? null : state.round;
  return round !== null && round.ringing.length === 1 && round.ringing[0]?.progress === 'early'
    ? round.legId
    : null;
}

/** A leg that is being rung: heard early when alone, silent towards it until it answers. */
function roundPlan(state: CallState, legId: LegId): LegPlan {
  const record = state.rules.record && earlyRound(state) === legId;
  return { legId, source: SILENCE, record, detect: false, tones: [], silenceAfterMs: null };
}

function legPlan(state: CallState, leg: Leg, source: LegSource): LegPlan {
  const { rules, record } = state;
  const talking = state.phase === 'bridged' && !leg.held;
  const onLine = leg.who === 'line';
  const tones: HeardTone[] = [];
  if (onLine && rules.record && !record.fax) tones.push('faxCalling');
  if (onLine && rules.busyToneEnds) tones.push('busy');
  if (leg.speaker === 'staff') tones.push('dtmf');
  const somebodyHeld = state.a.held || state.b?.held === true;
  return {
    legId: leg.legId,
    source,
    record: rules.record,
    detect: rules.detect && !record.fax && (talking || leg.speaker === 'caller'),
    tones,
    silenceAfterMs: onLine && talking && !somebodyHeld ? rules.silenceEndsAfterMs : null,
  };
}
