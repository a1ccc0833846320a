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
 * The INVITE server transaction: RFC 3261 figure 7 as amended by RFC 6026 figure 5.
 *
 *                  INVITE again: send the last 1xx; 1xx from the user: send
 *                 +--+
 *                 v  |
 *   INVITE -> proceeding --2xx: send--> accepted --L-----------------> terminated
 *                 |                      |  ^ INVITE again: absorb; ACK: pass; 2xx from the user: send
 *                 |
 *                 \--300-699: send--> completed --H, error: report---> terminated
 *                                      |  ^ INVITE again, G: send the response
 *                                      \--ACK--> confirmed --I-------> terminated
 *                                                 |  ^ INVITE, ACK again: absorb
 */
export type InviteServerState =
  | { readonly name: 'proceeding'; readonly isReliable: boolean }
  | { readonly name: 'completed'; readonly isReliable: boolean; readonly pauseMs: number }
  | { readonly name: 'accepted' | 'confirmed' | 'terminated' };

export type InviteServerEvent =
  | TimerEvent
  /** The INVITE came again. */
  | { readonly name: 'request' }
  | { readonly name: 'ack' }
  /** The user answers. */
  | { readonly name: 'respond'; readonly status: number }
  | { readonly name: 'transportError' };

export type InviteServerEffect =
  | MachineEffect
  /** Send the response that the user gives now, and keep it. */
  | { readonly do: 'sendResponse' }
  /** Send the last response again, if there is one. */
  | { readonly do: 'resendResponse' }
  /** Hand the ACK of a 2xx to the user. */
  | { readonly do: 'passAck' }
  /** The wait for the ACK of a non-2xx is over. */
  | { readonly do: 'reportEnded' }
  | { readonly do: 'reportTransportError' };

export type InviteServerStep = readonly [
  next: InviteServerState,
  effects: readonly InviteServerEffect[],
];

const TERMINATED: InviteServerState = { name: 'terminated' };
const stray = (state: InviteServerState): InviteServerStep => [state, [COUNT_STRAY]];

/** @param isReliable whether the transport repeats lost messages itself (TCP): then timer G stays off and I is 0 */
export function startInviteServer(isReliable: boolean): InviteServerState {
  return { name: 'proceeding', isReliable };
}

export function stepInviteServer(
  state: InviteServerState,
  event: InviteServerEvent,
): InviteServerStep {
  switch (state.name) {
    case 'proceeding':
      if (event.name === 'respond') return respond(state.isReliable, event.status);
      if (event.name === 'request') return [state, [{ do: 'resendResponse' }]];
      // The user goes on: its next answer may find another way (RFC 6026 §7.1).
      if (event.name === 'transportError') return [state, [{ do: 'reportTransportError' }]];
      return stray(state);
    case 'completed':
      return awaitAck(state, event);
    case 'confirmed':
      if (event.name === 'timer' && event.timer === 'I') return [TERMINATED, [TERMINATE]];
      return event.name === 'ack' || event.name === 'request' ? [state, []] : stray(state);
    case 'accepted':
      return absorb(state, event);
    case 'terminated':
      return stray(state);
  }
}

function respond(isReliable: boolean, status: number): InviteServerStep {
  if (status < 200) return [{ name: 'proceeding', isReliable }, [{ do: 'sendResponse' }]];
  if (status < 300) {
    return [{ name: 'accepted' }, [{ do: 'sendResponse' }, start('L', TRANSACTION_TIMEOUT_MS)]];
  }
  const resend = isReliable ? [] : [start('G', T1_MS)];
  return [
    { name: 'completed', isReliable, pauseMs: T1_MS },
    [{ do: 'sendResponse' }, ...resend, start('H', TRANSACTION_TIMEOUT_MS)],
  ];
}

function awaitAck(
  state: Extract<InviteServerState, { readonly name: 'completed' }>,
  event: InviteServerEvent,
): InviteServerStep {
  if (event.name === 'ack') {
    const settled: InviteServerEffect[] = [stop('G'), stop('H'), { do: 'reportEnded' }];
    if (state.isReliable) return [TERMINATED, [...settled, TERMINATE]];
    return [{ name: 'confirmed' }, [...settled, start('I', T4_MS)]];
  }
  if (event.name === 'request') return [state, [{ do: 'resendResponse' }]];
  if (event.name === 'transportError') {
    return [TERMINATED, [{ do: 'reportTransportError' }, { do: 'reportEnded' }, TERMINATE]];
  }
  if (event.name !== 'timer') return stray(state);
  if (event.timer === 'H') return [TERMINATED, [{ do: 'reportEnded' }, TERMINATE]];
  if (event.timer !== 'G') return stray(state);
  const pauseMs = Math.min(state.pauseMs * 2, T2_MS);
  return [{ ...state, pauseMs }, [{ do: 'resendResponse' }, start('G', pauseMs)]];
}

function absorb(state: InviteServerState, event: InviteServerEvent): InviteServerStep {
  if (event.name === 'timer' && event.timer === 'L') return [TERMINATED, [TERMINATE]];
  if (event.name === 'request') return [state, []];
  if (event.name === 'ack') return [state, [{ do: 'passAck' }]];
  if (event.name === 'transportError') return [state, [{ do: 'reportTransportError' }]];
  // The dialog repeats its 2xx until the ACK comes (§13.3.1.4); anything else after a 2xx is too late.
  const isRepeat = event.name === 'respond' && event.status >= 200 && event.status < 300;
  return isRepeat ? [state, [{ do: 'sendResponse' }]] : stray(state);
}
