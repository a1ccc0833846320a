import {
  COUNT_STRAY,
  start,
  stop,
  T1_MS,
  T2_MS,
  T4_MS,
  TERMINATE,
  TRANSACTION_TIMEOUT_MS,
  type MachineEffect,
  type TimerEvent,
} from './timers.js';

/**
 * The non-INVITE client transaction: RFC 3261 figure 6.
 *
 *               E: send again, pause doubles up to T2
 *              +--+
 *              v  |
 *   request -> trying --F, transport error-------------------> terminated
 *              |   \--200-699: pass--> completed --K---------> terminated
 *              |                        |  ^ repeats absorbed
 *              \--1xx: pass--> proceeding --F, error---------> terminated
 *                               |  ^ 1xx: pass; E: send again each T2
 *                               \--200-699: pass--> completed
 */
export type NonInviteClientState =
  | {
      readonly name: 'trying' | 'proceeding';
      readonly isReliable: boolean;
      readonly pauseMs: number;
    }
  | { readonly name: 'completed' | 'terminated' };

export type NonInviteClientEvent =
  | TimerEvent
  | { readonly name: 'response'; readonly status: number }
  | { readonly name: 'transportError' };

export type NonInviteClientEffect =
  | MachineEffect
  | { readonly do: 'sendRequest' }
  | { readonly do: 'pass' }
  | { readonly do: 'reportTimeout' }
  | { readonly do: 'reportTransportError' };

export type NonInviteClientStep = readonly [
  next: NonInviteClientState,
  effects: readonly NonInviteClientEffect[],
];

const TERMINATED: NonInviteClientState = { name: 'terminated' };
const stray = (state: NonInviteClientState): NonInviteClientStep => [state, [COUNT_STRAY]];

/** @param isReliable whether the transport repeats lost messages itself (TCP): then timer E stays off and K is 0 */
export function startNonInviteClient(isReliable: boolean): NonInviteClientStep {
  const resend = isReliable ? [] : [start('E', T1_MS)];
  return [
    { name: 'trying', isReliable, pauseMs: T1_MS },
    [{ do: 'sendRequest' }, ...resend, start('F', TRANSACTION_TIMEOUT_MS)],
  ];
}

export function stepNonInviteClient(
  state: NonInviteClientState,
  event: NonInviteClientEvent,
): NonInviteClientStep {
  switch (state.name) {
    case 'trying':
    case 'proceeding':
      if (event.name === 'response') return respond(state, event.status);
      if (event.name === 'timer') return retry(state, event);
      return [TERMINATED, [{ do: 'reportTransportError' }, TERMINATE]];
    case 'completed':
      return event.name === 'timer' && event.timer === 'K'
        ? [TERMINATED, [TERMINATE]]
        : stray(state);
    case 'terminated':
      return stray(state);
  }
}

type Awaiting = Extract<NonInviteClientState, { readonly isReliable: boolean }>;

function retry(state: Awaiting, event: TimerEvent): NonInviteClientStep {
  if (event.timer === 'F') return [TERMINATED, [{ do: 'reportTimeout' }, TERMINATE]];
  if (event.timer !== 'E') return stray(state);
  // §17.1.2.2: the other side works on it, so the pauses are as long as they may be.
  const pauseMs = state.name === 'proceeding' ? T2_MS : Math.min(state.pauseMs * 2, T2_MS);
  return [{ ...state, pauseMs }, [{ do: 'sendRequest' }, start('E', pauseMs)]];
}

function respond(state: Awaiting, status: number): NonInviteClientStep {
  if (status < 200) return [{ ...state, name: 'proceeding' }, [{ do: 'pass' }]];
  const settled: NonInviteClientEffect[] = [stop('E'), stop('F'), { do: 'pass' }];
  if (state.isReliable) return [TERMINATED, [...settled, TERMINATE]];
  return [{ name: 'completed' }, [...settled, start('K', T4_MS)]];
}
