import type { LifeEffect, LifeEvent, LifeState, LifeStep } from './invite-session-life.js';

type Early = LifeState & { readonly name: 'ringing' | 'accepting' | 'accepted' };

/** The called side until the ACK of its 2xx. Diagram in `invite-session-machine.ts`. */
export function stepUas(state: Early, event: LifeEvent): LifeStep {
  return state.name === 'accepted' ? accepted(state, event) : unanswered(state, event);
}

/** `ringing`, and `accepting`: the 2xx waits for the PRACK of a 1xx with SDP (RFC 3262 §3). */
function unanswered(
  state: LifeState & { readonly name: 'ringing' | 'accepting' },
  event: LifeEvent,
): LifeStep {
  switch (event.name) {
    case 'accept':
      return event.mustWait
        ? [{ name: 'accepting' }, []]
        : [{ name: 'accepted', hungUp: false }, [{ do: 'sendSuccess' }]];
    case 'pracked':
      return state.name === 'accepting'
        ? [{ name: 'accepted', hungUp: false }, [{ do: 'sendSuccess' }]]
        : [state, []];
    case 'reject':
      return over(event.status, { do: 'end', by: 'local', how: 'rejected', status: event.status });
    case 'hangUp':
      return over(480, { do: 'end', by: 'local', how: 'rejected', status: 480 });
    case 'cancelled':
      return over(487, { do: 'end', by: 'remote', how: 'cancel', status: 487 });
    case 'byeReceived':
      // BYE on an early dialog ends the INVITE too (RFC 3261 §15.1.2).
      return over(487, { do: 'end', by: 'remote', how: 'bye', status: 487 });
    case 'noPrack':
      return over(504, { do: 'end', by: 'local', how: 'timeout', status: 504 });
    default:
      return [state, [{ do: 'countStray' }]];
  }
}

function accepted(state: LifeState & { readonly name: 'accepted' }, event: LifeEvent): LifeStep {
  switch (event.name) {
    case 'acked':
      if (!state.hungUp) return [{ name: 'confirmed', tag: null }, [{ do: 'emitConfirmed' }]];
      return bye({ do: 'end', by: 'local', how: 'bye', status: null });
    case 'hangUp':
      // No BYE before the ACK, or before we give up on it (RFC 3261 §15).
      return [{ ...state, hungUp: true }, []];
    case 'noAck':
      return bye({ do: 'end', by: 'remote', how: 'timeout', status: 408 });
    case 'byeReceived':
      return [
        { name: 'ended', tag: null },
        [{ do: 'end', by: 'remote', how: 'bye', status: null }],
      ];
    case 'broken':
      return bye({ do: 'end', by: 'remote', how: 'failed', status: event.status });
    case 'expired':
      return bye({ do: 'end', by: 'local', how: 'sessionExpired', status: null });
    case 'cancelled':
      // It came after our 2xx: no effect on the INVITE (RFC 3261 §9.2). The BYE follows.
      return [state, []];
    default:
      return [state, [{ do: 'countStray' }]];
  }
}

function over(status: number, end: LifeEffect): LifeStep {
  return [{ name: 'ended', tag: null }, [{ do: 'respondFinal', status }, end]];
}

function bye(end: LifeEffect): LifeStep {
  return [{ name: 'ended', tag: null }, [{ do: 'bye', tag: null }, end]];
}
