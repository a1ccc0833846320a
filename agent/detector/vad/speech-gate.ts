/**
 * From probabilities of speech, one each 32 ms, to "somebody speaks".
 *
 *   quiet --likely--> rising --likely long enough--> speech --unlikely--> falling --unlikely long enough--> quiet
 *     ^----unlikely-----/                               ^-----not unlikely-----/
 *
 * Between the two limits nothing changes: that is the hysteresis.
 */
export type GateState =
  | { readonly name: 'quiet' | 'speech' }
  /** `since`: the step that began the change. */
  | { readonly name: 'rising' | 'falling'; readonly since: number };

export type GateEvent =
  /** `atStep`: where speech began or ended, some steps before it is sure. */
  { readonly name: 'started' | 'ended'; readonly atStep: number };

export interface GateLimits {
  readonly speechStarts: number;
  readonly speechEnds: number;
  readonly startsAfterSteps: number;
  readonly endsAfterSteps: number;
}

/** One heard step. */
export interface GateInput {
  readonly step: number;
  readonly probability: number;
}

export const QUIET: GateState = { name: 'quiet' };
const SPEECH: GateState = { name: 'speech' };

export type GateStep = readonly [next: GateState, event: GateEvent | null];

export function stepGate(state: GateState, input: GateInput, limits: GateLimits): GateStep {
  const { step, probability } = input;
  const likely = probability >= limits.speechStarts;
  const unlikely = probability < limits.speechEnds;
  switch (state.name) {
    case 'quiet':
      return likely ? rise(step, step, limits) : [QUIET, null];
    case 'rising':
      return unlikely ? [QUIET, null] : rise(state.since, step, limits);
    case 'speech':
      return unlikely ? fall(step, step, limits) : [SPEECH, null];
    case 'falling':
      return unlikely ? fall(state.since, step, limits) : [SPEECH, null];
  }
}

function rise(since: number, step: number, limits: GateLimits): GateStep {
  if (step - since + 1 < limits.startsAfterSteps) return [{ name: 'rising', since }, null];
  return [SPEECH, { name: 'started', atStep: since }];
}

function fall(since: number, step: number, limits: GateLimits): GateStep {
  if (step - since + 1 < limits.endsAfterSteps) return [{ name: 'falling', since }, null];
  return [QUIET, { name: 'ended', atStep: since }];
}
