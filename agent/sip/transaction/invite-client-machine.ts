import {
  COUNT_STRAY,
  start,
  stop,
  T1_MS,
  TERMINATE,
  TIMER_D_MS,
  TRANSACTION_TIMEOUT_MS,
  type MachineEffect,
  type TimerEvent,
} from './timers.js';

/**
 * The INVITE client transaction: RFC 3261 figure 5 as amended by RFC 6026 figure 4.
 *
 *               A: send INVITE again, pause doubles
 *              +--+
 *              v  |
 *   INVITE -> calling --B, transport error--------------------------> terminated
 *              |  |  \--300-699: ACK, pass--> completed --D, error--> terminated
 *              |  |                            |    ^ 300-699: ACK
 *              |  \--2xx: pass--> accepted ----|--M-----------------> terminated
 *              |                   |  ^ 2xx: pass
 *              \--1xx: pass--> proceeding --cancel time is up-------> terminated
 *                               |  ^ 1xx: pass
 *                               |--2xx: pass--> accepted
 *                               \--300-699: ACK, pass--> completed
 */
export type InviteClientState =
  | { readonly name: 'calling'; readonly isReliable: boolean; readonly pauseMs: number }
  | { readonly name: 'proceeding' | 'completed' | 'accepted'; readonly isReliable: boolean }
  | { readonly name: 'terminated' };

export type InviteClientEvent =
  | TimerEvent
  | { readonly name: 'response'; readonly status: number }
  /** The CANCEL of this INVITE has been sent. */
  | { readonly name: 'cancelSent' }
  | { readonly name: 'transportError' };

export type InviteClientEffect =
  | MachineEffect
  | { readonly do: 'sendRequest' }
  /** Send the ACK of the response that is being looked at, or of the last one. */
  | { readonly do: 'sendAck' }
  /** Hand the response that is being looked at to the user. */
  | { readonly do: 'pass' }
  | { readonly do: 'reportTimeout' }
  | { readonly do: 'reportTransportError' };

export type InviteClientStep = readonly [
  next: InviteClientState,
  effects: readonly InviteClientEffect[],
];

const TERMINATED: InviteClientState = { name: 'terminated' };
const stray = (state: InviteClientState): InviteClientStep => [state, [COUNT_STRAY]];

/** @param isReliable whether the transport repeats lost messages itself (TCP): then timer A stays off and D is 0 */
export function startInviteClient(isReliable: boolean): InviteClientStep {
  const resend = isReliable ? [] : [start('A', T1_MS)];
  return [
    { name: 'calling', isReliable, pauseMs: T1_MS },
    [{ do: 'sendRequest' }, ...resend, start('B', TRANSACTION_TIMEOUT_MS)],
  ];
}

export function stepInviteClient(
  state: InviteClientState,
  event: InviteClientEvent,
): InviteClientStep {
  if (state.name === 'terminated') return stray(state);
  if (event.name === 'transportError') return fail(state);
  switch (state.name) {
    case 'calling':
      if (event.name === 'response') return respond(state, event.status);
      return event.name === 'timer' ? retry(state, event) : stray(state);
    case 'proceeding':
      if (event.name === 'response') return respond(state, event.status);
      if (event.name === 'cancelSent') return [state, [start('cancel', TRANSACTION_TIMEOUT_MS)]];
      return event.timer === 'cancel' ? timeOut() : stray(state);
    case 'completed':
      if (event.name === 'timer' && event.timer === 'D') return [TERMINATED, [TERMINATE]];
      // Its ACK was lost (§17.1.1.2); a 1xx or 2xx now is late and means nothing.
      if (event.name === 'response' && event.status >= 300) return [state, [{ do: 'sendAck' }]];
      return stray(state);
    case 'accepted':
      if (event.name === 'timer' && event.timer === 'M') return [TERMINATED, [TERMINATE]];
      // A repeat, or the 2xx of another branch of a fork: the dialog tells them apart (RFC 6026 §7.2).
      return event.name === 'response' && isSuccess(event.status)
        ? [state, [{ do: 'pass' }]]
        : stray(state);
  }
}

type Awaiting = Extract<InviteClientState, { readonly isReliable: boolean }>;

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

const timeOut = (): InviteClientStep => [TERMINATED, [{ do: 'reportTimeout' }, TERMINATE]];

function fail(state: Awaiting): InviteClientStep {
  // After a 2xx the dialog lives on whatever became of the INVITE's path.
  if (state.name === 'accepted') return stray(state);
  // The user has its final response; that our ACK did not leave changes nothing for it.
  if (state.name === 'completed') return [TERMINATED, [TERMINATE]];
  return [TERMINATED, [{ do: 'reportTransportError' }, TERMINATE]];
}

function retry(
  state: Extract<InviteClientState, { readonly name: 'calling' }>,
  event: TimerEvent,
): InviteClientStep {
  if (event.timer === 'B') return timeOut();
  if (event.timer !== 'A') return stray(state);
  const pauseMs = state.pauseMs * 2;
  return [{ ...state, pauseMs }, [{ do: 'sendRequest' }, start('A', pauseMs)]];
}

function respond({ isReliable }: Awaiting, status: number): InviteClientStep {
  const quiet = [stop('A'), stop('B')];
  if (status < 200) return [{ name: 'proceeding', isReliable }, [...quiet, { do: 'pass' }]];
  const settled = [...quiet, stop('cancel')];
  if (isSuccess(status)) {
    const wait = start('M', TRANSACTION_TIMEOUT_MS);
    return [{ name: 'accepted', isReliable }, [...settled, wait, { do: 'pass' }]];
  }
  const answered: InviteClientEffect[] = [...settled, { do: 'sendAck' }, { do: 'pass' }];
  if (isReliable) return [TERMINATED, [...answered, TERMINATE]];
  return [{ name: 'completed', isReliable }, [...answered, start('D', TIMER_D_MS)]];
}
