/**
 * How much the detector listens, so that it is never late for the caller.
 *
 *   full --late--> slower --late--> callersOnly
 *    ^--at ease 15 s--/ ^--at ease 15 s--/
 *
 * full: windows each 0.5 s. slower: each 1.0 s. callersOnly: words of the staff are no longer listened for.
 */
export type Effort = 'full' | 'slower' | 'callersOnly';

export interface EffortState {
  readonly effort: Effort;
  /** Observations in a row without haste. */
  readonly atEase: number;
}

/** What one observation period (5 s) showed. */
export interface LoadObservation {
  readonly windowsDropped: number;
  /** Share of the period in which a model was at work, 0…1. */
  readonly busyShare: number;
}

export const FULL: EffortState = { effort: 'full', atEase: 0 };
export const OBSERVATION_MS = 5_000;
const BUSY_MAX = 0.9;
const EASE_MAX = 0.4;
/** 15 s. */
const EASY_OBSERVATIONS = 3;

const LESS: Readonly<Record<Effort, Effort>> = {
  full: 'slower',
  slower: 'callersOnly',
  callersOnly: 'callersOnly',
};
const MORE: Readonly<Record<Effort, Effort>> = {
  full: 'full',
  slower: 'full',
  callersOnly: 'slower',
};

export function stepEffort(state: EffortState, seen: LoadObservation): EffortState {
  if (seen.windowsDropped > 0 || seen.busyShare > BUSY_MAX) {
    return { effort: LESS[state.effort], atEase: 0 };
  }
  if (seen.busyShare > EASE_MAX) return { ...state, atEase: 0 };
  const atEase = state.atEase + 1;
  if (atEase < EASY_OBSERVATIONS) return { ...state, atEase };
  return { effort: MORE[state.effort], atEase: 0 };
}
