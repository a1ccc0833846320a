/**
 * The lease under which the line runs through the box.
 *
 *   waiting --renewed--> held --renewed--> held
 *      |                  | \
 *      |                  |  \--stopped--> bypassed
 *      |                  |
 *      \-----lapsed-------+--lapsed--> bypassed --renewed--> held
 *
 * `waiting`: the daemon has started and no agent has come yet; the line is not on the box, and there is
 * no fault to show before the agent had its time to start.
 */
export type LeaseState =
  | { readonly name: 'waiting'; readonly untilMs: number }
  | { readonly name: 'held'; readonly untilMs: number }
  | { readonly name: 'bypassed' };

/** Times are monotonic ms. */
export type LeaseEvent =
  | { readonly name: 'renewed'; readonly atMs: number; readonly leaseMs: number }
  /** A timer; early and late ones are harmless. */
  | { readonly name: 'timer'; readonly atMs: number }
  | { readonly name: 'stopped' };

export type LeaseEffect =
  | { readonly do: 'holdLine' }
  | { readonly do: 'releaseLine' }
  | { readonly do: 'showFault' }
  | { readonly do: 'clearFault' }
  | { readonly do: 'wakeAt'; readonly atMs: number };

export type LeaseStep = readonly [LeaseState, readonly LeaseEffect[]];

/** How long the agent may take to come for the first time before that is a fault, ms. */
export const AGENT_START_MAX_MS = 5_000;
export const LEASE_MIN_MS = 1;
export const LEASE_MAX_MS = 10_000;

/** The state at the start of the daemon. */
export function beginLease(atMs: number): LeaseStep {
  const untilMs = atMs + AGENT_START_MAX_MS;
  return [{ name: 'waiting', untilMs }, [{ do: 'wakeAt', atMs: untilMs }]];
}

export function step(state: LeaseState, event: LeaseEvent): LeaseStep {
  switch (event.name) {
    case 'renewed':
      return renew(state, event.atMs, event.leaseMs);
    case 'timer':
      return lapse(state, event.atMs);
    case 'stopped':
      return [{ name: 'bypassed' }, state.name === 'held' ? [{ do: 'releaseLine' }] : []];
  }
}

function renew(state: LeaseState, atMs: number, leaseMs: number): LeaseStep {
  const wanted = Math.min(Math.max(leaseMs, LEASE_MIN_MS), LEASE_MAX_MS);
  const untilMs = atMs + wanted;
  const wake: LeaseEffect = { do: 'wakeAt', atMs: untilMs };
  if (state.name === 'held') return [{ name: 'held', untilMs }, [wake]];
  return [{ name: 'held', untilMs }, [{ do: 'holdLine' }, { do: 'clearFault' }, wake]];
}

function lapse(state: LeaseState, atMs: number): LeaseStep {
  if (state.name === 'bypassed') return [state, []];
  if (atMs < state.untilMs) return [state, [{ do: 'wakeAt', atMs: state.untilMs }]];
  const release: readonly LeaseEffect[] = state.name === 'held' ? [{ do: 'releaseLine' }] : [];
  return [{ name: 'bypassed' }, [...release, { do: 'showFault' }]];
}
