import type { LifeEffect, LifeEvent, LifeState, LifeStep } from './invite-session-life.js';
import { stepUac } from './uac-machine.js';
import { stepUas } from './uas-machine.js';

/**
 * The life of one INVITE session (RFC 3261 §13–15), from either side.
 *
 *   UAC  calling --1xx--> proceeding --2xx (ACK)------------------------> confirmed
 *          |  ^ \            |  |  \--3xx…6xx | no answer---------------> ended
 *          |  |  \--2xx------|--|---------------------------------------> confirmed
 *          |  \--401, 407, 422: INVITE again
 *          \--hangUp--> cancelling --487 | no final in 64*T1------------> ended
 *                                 \--2xx (ACK, BYE)---------------------> ended
 *   UAS  ringing --accept (2xx)----------> accepted --ACK---------------> confirmed
 *          |  \--accept--> accepting --PRACK--^  |  \--no ACK (BYE)-----> ended
 *          \--CANCEL | reject | hangUp | BYE | no PRACK ----------------> ended
 *                                                \--hangUp, then ACK (BYE)-> ended
 *   both confirmed --hangUp (BYE) | BYE | expired (BYE) | broken--------> ended
 *
 * Beside it run the machines of one concern each: reliable-provisional, success-repeat, offer, session-timer.
 * After the end a 2xx is still ACKed, and that of a second branch also gets its BYE (RFC 3261 §13.2.2.4).
 */
export function stepLife(state: LifeState, event: LifeEvent): LifeStep {
  switch (state.name) {
    case 'calling':
    case 'proceeding':
    case 'cancelling':
      return stepUac(state, event);
    case 'ringing':
    case 'accepting':
    case 'accepted':
      return stepUas(state, event);
    case 'confirmed':
      return stepConfirmed(state, event);
    case 'ended':
      return event.name === 'answered' ? settleFork(state, event.tag) : stray(state);
  }
}

function stepConfirmed(
  state: LifeState & { readonly name: 'confirmed' },
  event: LifeEvent,
): LifeStep {
  const ended: LifeState = { name: 'ended', tag: state.tag };
  const bye: LifeEffect = { do: 'bye', tag: state.tag };
  switch (event.name) {
    case 'answered':
      return settleFork(state, event.tag);
    case 'hangUp':
      return [ended, [bye, { do: 'end', by: 'local', how: 'bye', status: null }]];
    case 'byeReceived':
      return [ended, [{ do: 'end', by: 'remote', how: 'bye', status: null }]];
    case 'expired':
      return [ended, [bye, { do: 'end', by: 'local', how: 'sessionExpired', status: null }]];
    case 'noAck':
      // The 2xx of a re-INVITE: the session ends as for the first (RFC 3261 §14.2).
      return [ended, [bye, { do: 'end', by: 'remote', how: 'timeout', status: 408 }]];
    case 'broken':
      return [ended, [bye, { do: 'end', by: 'remote', how: 'failed', status: event.status }]];
    default:
      return stray(state);
  }
}

/** A 2xx after the first: the winner's again, or that of another branch, which loses. */
function settleFork(
  state: LifeState & { readonly name: 'confirmed' | 'ended' },
  tag: string,
): LifeStep {
  if (tag === state.tag) return [state, [{ do: 'ack', tag }]];
  return [
    state,
    [
      { do: 'ack', tag },
      { do: 'bye', tag },
    ],
  ];
}

/** Peers retransmit and race: a stray event is counted and ignored, never an error. */
function stray(state: LifeState): LifeStep {
  return [state, [{ do: 'countStray' }]];
}
