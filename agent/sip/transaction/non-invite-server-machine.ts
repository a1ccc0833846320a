import {
  COUNT_STRAY,
  start,
  TERMINATE,
  TRANSACTION_TIMEOUT_MS,
  type MachineEffect,
  type TimerEvent,
} from './timers.js';

/**
 * The non-INVITE server transaction: RFC 3261 figure 8.
 *
 *   request -> trying --200-699: send--> completed --J---------> terminated
 *              |  ^ request again:        |  ^ request again: send the response
 *              |    absorb
 *              \--1xx: send--> proceeding --200-699: send--> completed
 *                               |  ^ request again: send the last 1xx; 1xx: send
 *
 *   A transport error is reported and, once completed, ends it.
 */
export type NonInviteServerState =
  | { readonly name: 'trying' | 'proceeding'; readonly isReliable: boolean }
  | { readonly name: 'completed' | 'terminated' };

export type NonInviteServerEvent =
  | TimerEvent
  | { readonly name: 'request' }
  | { readonly name: 'respond'; readonly status: number }
  | { readonly name: 'transportError' };

export type NonInviteServerEffect =
  | MachineEffect
  | { readonly do: 'sendResponse' }
  | { readonly do: 'resendResponse' }
  | { readonly do: 'reportTransportError' };

export type NonInviteServerStep = readonly [
  next: NonInviteServerState,
  effects: readonly NonInviteServerEffect[],
];

const TERMINATED: NonInviteServerState = { name: 'terminated' };
const stray = (state: NonInviteServerState): NonInviteServerStep => [state, [COUNT_STRAY]];

/** @param isReliable whether the transport repeats lost messages itself (TCP): then timer J is 0 */
export function startNonInviteServer(isReliable: boolean): NonInviteServerState {
  return { name: 'trying', isReliable };
}

export function stepNonInviteServer(
  state: NonInviteServerState,
  event: NonInviteServerEvent,
): NonInviteServerStep {
  switch (state.name) {
    case 'trying':
    case 'proceeding':
      if (event.name === 'respond') return respond(state.isReliable, event.status);
      if (event.name === 'transportError') return [state, [{ do: 'reportTransportError' }]];
      if (event.name !== 'request') return stray(state);
      return [state, state.name === 'trying' ? [] : [{ do: 'resendResponse' }]];
    case 'completed':
      if (event.name === 'timer' && event.timer === 'J') return [TERMINATED, [TERMINATE]];
      if (event.name === 'request') return [state, [{ do: 'resendResponse' }]];
      if (event.name !== 'transportError') return stray(state);
      return [TERMINATED, [{ do: 'reportTransportError' }, TERMINATE]];
    case 'terminated':
      return stray(state);
  }
}

function respond(isReliable: boolean, status: number): NonInviteServerStep {
  if (status < 200) return [{ name: 'proceeding', isReliable }, [{ do: 'sendResponse' }]];
  if (isReliable) return [TERMINATED, [{ do: 'sendResponse' }, TERMINATE]];
  return [{ name: 'completed' }, [{ do: 'sendResponse' }, start('J', TRANSACTION_TIMEOUT_MS)]];
}
