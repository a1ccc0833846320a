/**
 * The life of the detector's process, seen from the agent.
 *
 *   starting --ready--> listening --exited, stuck--> restarting --retryDue--> starting
 *    |  \--exited, too slow--> restarting              ^
 *    \--refused (broken model)--> off --retryDue--> starting      and from restarting, after 6 failures in a row, to off
 *   any --stop--> stopped
 *
 * In `off` nothing spins: a broken model is tried again each minute, since a person may have replaced it.
 */
export type ClientState =
  | { readonly name: 'starting' | 'restarting'; readonly failures: number }
  | { readonly name: 'listening' | 'stopped' }
  | { readonly name: 'off'; readonly reason: string };

export type ClientEvent =
  | { readonly name: 'ready' | 'retryDue' | 'stop' }
  /** No sign of life for too long, while starting or while listening. */
  | { readonly name: 'stuck' }
  | { readonly name: 'exited'; readonly reason: string }
  | { readonly name: 'refused'; readonly reason: string };

export type ClientEffect =
  | { readonly do: 'spawn' }
  | { readonly do: 'kill' }
  | { readonly do: 'openLegs' }
  | { readonly do: 'retryIn'; readonly afterMs: number };

export type ClientStep = readonly [next: ClientState, effects: readonly ClientEffect[]];

export const FIRST_STATE: ClientState = { name: 'starting', failures: 0 };
/** First retry at once: a killed detector must listen again within 5 s. */
const RETRY_MS = [0, 250, 500, 1_000, 2_000, 2_000] as const;
export const OFF_RETRY_MS = 60_000;

export function stepClient(state: ClientState, event: ClientEvent): ClientStep {
  if (state.name === 'stopped') return [state, []];
  if (event.name === 'stop') return [{ name: 'stopped' }, [{ do: 'kill' }]];
  switch (state.name) {
    case 'starting':
      if (event.name === 'ready') return [{ name: 'listening' }, [{ do: 'openLegs' }]];
      if (event.name === 'refused') return off(event.reason);
      if (event.name === 'exited') return retry(state.failures, event.reason);
      return event.name === 'stuck' ? retry(state.failures, 'no answer when started') : [state, []];
    case 'listening':
      if (event.name === 'exited') return retry(0, event.reason);
      if (event.name === 'refused') return off(event.reason);
      return event.name === 'stuck' ? retry(0, 'no sign of life') : [state, []];
    case 'restarting':
      if (event.name !== 'retryDue') return [state, []];
      return [{ name: 'starting', failures: state.failures }, [{ do: 'spawn' }]];
    case 'off':
      if (event.name !== 'retryDue') return [state, []];
      return [{ name: 'starting', failures: 0 }, [{ do: 'spawn' }]];
  }
}

function retry(failures: number, reason: string): ClientStep {
  const afterMs = RETRY_MS[failures];
  if (afterMs === undefined) return off(reason);
  const next = { name: 'restarting', failures: failures + 1 } as const;
  return [next, [{ do: 'kill' }, { do: 'retryIn', afterMs }]];
}

function off(reason: string): ClientStep {
  return [{ name: 'off', reason }, [{ do: 'kill' }, { do: 'retryIn', afterMs: OFF_RETRY_MS }]];
}
