import { GIVE_UP_MS, T1_MS, T2_MS } from './dialog-timers.js';

/**
 * The repeats of a 2xx to INVITE until its ACK (RFC 3261 §13.3.1.4), for the first INVITE and for each re-INVITE.
 *
 *   waiting --due--> waiting (again, interval doubled up to T2)
 *      |  \--due, 64*T1 after the first--> done (gave up)
 *      \--acked | stopped--> done
 */
export type SuccessRepeatState =
  | {
      readonly name: 'waiting';
      /** Until the next copy, ms. */
      readonly intervalMs: number;
      /** Since the first copy when that wait ends, ms. */
      readonly dueAfterMs: number;
    }
  | { readonly name: 'done' };
export type SuccessRepeatEvent = 'due' | 'acked' | 'stopped';
export type SuccessRepeatEffect =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'sendAgain' | 'stopWaiting' | 'giveUp' };
type Step = readonly [SuccessRepeatState, readonly SuccessRepeatEffect[]];

const DONE: SuccessRepeatState = { name: 'done' };

/** The 2xx has just gone out for the first time. */
export function startSuccessRepeat(): Step {
  return [{ name: 'waiting', intervalMs: T1_MS, dueAfterMs: T1_MS }, [{ do: 'wait', ms: T1_MS }]];
}

export function stepSuccessRepeat(state: SuccessRepeatState, event: SuccessRepeatEvent): Step {
  if (state.name === 'done') return [state, []];
  if (event !== 'due') return [DONE, [{ do: 'stopWaiting' }]];
  if (state.dueAfterMs >= GIVE_UP_MS) return [DONE, [{ do: 'giveUp' }]];
  const doubled = Math.min(state.intervalMs * 2, T2_MS);
  const intervalMs = Math.min(doubled, GIVE_UP_MS - state.dueAfterMs);
  return [
    { name: 'waiting', intervalMs: doubled, dueAfterMs: state.dueAfterMs + intervalMs },
    [{ do: 'sendAgain' }, { do: 'wait', ms: intervalMs }],
  ];
}
