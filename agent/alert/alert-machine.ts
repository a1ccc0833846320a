import type { Decision } from '../policy/index.js';
import type { AlertHit, AlertState } from './alert.js';

/**
 * The life of one alert; a call has one at most, whose level rises.
 *
 *   raised --announced--> announced --acknowledged--> acknowledged --callEnded--> cleared
 *     |  ^                  |    ^ \                     |
 *     |  |                  |    +--+ overdue            |
 *     |  +------------------+------------ raised --------+
 *     +--acknowledged--> acknowledged
 *
 * Acknowledged after the end of the call, it is cleared at once.
 */
export type AlertStepEvent =
  | { readonly name: 'raised'; readonly decision: Decision; readonly atMs: number }
  | { readonly name: 'announced' }
  | { readonly name: 'overdue' }
  | {
      readonly name: 'acknowledged';
      readonly by: string;
      readonly via: string;
      readonly atMs: number;
    }
  | { readonly name: 'callEnded' };

export type AlertEffect =
  | { readonly do: 'tell'; readonly kind: 'raised' | 'escalated' | 'cleared' }
  | {
      readonly do: 'tell';
      readonly kind: 'acknowledged';
      readonly by: string;
      readonly via: string;
    }
  /** Waits for an acknowledgement, from the first stage on. */
  | { readonly do: 'watch' }
  | { readonly do: 'unwatch' }
  | { readonly do: 'countStray' };

export type AlertStep = readonly [next: AlertState, effects: readonly AlertEffect[]];

/** The most things one alert lists; later ones replace the last, so that the newest is seen. */
export const HITS_MAX = 100;
/** The most acknowledgements one alert lists; the newest are kept. */
export const ACKNOWLEDGEMENTS_MAX = 20;

/** @param callId null outside of any call: nothing has to end before it is cleared */
export function openAlert(
  alertId: string,
  callId: string | null,
  decision: Decision,
  atMs: number,
): AlertStep {
  const state: AlertState = {
    name: 'raised',
    alertId,
    callId,
    ...headline(decision),
    raisedAtMs: atMs,
    overdueStage: 0,
    hits: [hitOf(decision, atMs)],
    hitsDropped: 0,
    acknowledgements: [],
    callEnded: callId === null,
  };
  return [state, [{ do: 'tell', kind: 'raised' }, { do: 'watch' }]];
}

/** Peers and people race: a stray event is counted and ignored, never an error. */
const stray = (state: AlertState): AlertStep => [state, [{ do: 'countStray' }]];

export function step(state: AlertState, event: AlertStepEvent): AlertStep {
  if (state.name === 'cleared') return stray(state);
  switch (event.name) {
    case 'raised':
      return raise(state, event.decision, event.atMs);
    case 'announced':
      return state.name === 'raised' ? [{ ...state, name: 'announced' }, []] : stray(state);
    case 'overdue':
      if (state.name === 'acknowledged') return stray(state);
      return [{ ...state, overdueStage: state.overdueStage + 1 }, []];
    case 'acknowledged':
      return state.name === 'acknowledged' ? stray(state) : acknowledge(state, event);
    case 'callEnded':
      if (state.callEnded) return stray(state);
      if (state.name !== 'acknowledged') return [{ ...state, callEnded: true }, []];
      return [{ ...state, name: 'cleared', callEnded: true }, [{ do: 'tell', kind: 'cleared' }]];
  }
}

/** @returns whether somebody still has to see it */
export const isUnacknowledged = (state: AlertState): boolean =>
  state.name === 'raised' || state.name === 'announced';

function raise(before: AlertState, decision: Decision, atMs: number): AlertStep {
  const state = withHit(before, hitOf(decision, atMs));
  if (decision.do === 'note') return [state, []];
  const isHigher = decision.level > before.level;
  // While nobody has seen the alert, more of the same is one more line in it, not a second alarm.
  if (!isHigher && isUnacknowledged(before)) return [state, []];
  if (decision.level < before.level) return [state, []];
  const kind = isHigher ? 'escalated' : 'raised';
  const next: AlertState = { ...state, ...headline(decision), name: 'raised', overdueStage: 0 };
  return [next, [{ do: 'tell', kind }, { do: 'watch' }]];
}

function acknowledge(
  state: AlertState,
  { by, via, atMs }: { readonly by: string; readonly via: string; readonly atMs: number },
): AlertStep {
  const acknowledgement = { by, via, level: state.level, atMs };
  const acknowledgements = [...state.acknowledgements, acknowledgement].slice(
    -ACKNOWLEDGEMENTS_MAX,
  );
  const next: AlertState = { ...state, name: 'acknowledged', overdueStage: 0, acknowledgements };
  const effects: AlertEffect[] = [{ do: 'unwatch' }, { do: 'tell', kind: 'acknowledged', by, via }];
  if (!state.callEnded) return [next, effects];
  return [{ ...next, name: 'cleared' }, [...effects, { do: 'tell', kind: 'cleared' }]];
}

function withHit(state: AlertState, hit: AlertHit): AlertState {
  if (state.hits.length < HITS_MAX) return { ...state, hits: [...state.hits, hit] };
  const hits = [...state.hits.slice(0, HITS_MAX - 1), hit];
  return { ...state, hits, hitsDropped: state.hitsDropped + 1 };
}

const headline = ({ level, type, source, reason, reasonUnquoted, line }: Decision) => ({
  level,
  type,
  source,
  reason,
  reasonUnquoted,
  line,
});

const hitOf = (decision: Decision, atMs: number): AlertHit => ({
  level: decision.level,
  type: decision.type,
  source: decision.source,
  reason: decision.reason,
  quote: decision.quote ?? null,
  atMs,
});
