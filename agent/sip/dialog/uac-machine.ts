import type { LifeEvent, LifeState, LifeStep } from './invite-session-life.js';

/** Tries of one INVITE: credentials asked, interval too small (RFC 3261 §22.2, RFC 4028 §7.3). */
export const INVITE_TRIES_MAX = 4;

type Early = LifeState & { readonly name: 'calling' | 'proceeding' | 'cancelling' };

/** The calling side until the INVITE has its final response. Diagram in `invite-session-machine.ts`. */
export function stepUac(state: Early, event: LifeEvent): LifeStep {
  return state.name === 'cancelling' ? cancelling(state, event) : waiting(state, event);
}

function waiting(
  state: LifeState & { readonly name: 'calling' | 'proceeding' },
  event: LifeEvent,
): LifeStep {
  switch (event.name) {
    case 'provisional':
      return [{ name: 'proceeding', tries: state.tries }, [{ do: 'emitProgress' }]];
    case 'answered':
      return [{ name: 'confirmed', tag: event.tag }, [{ do: 'confirm', tag: event.tag }]];
    case 'refused':
      if (event.retry !== null && state.tries < INVITE_TRIES_MAX) {
        return [{ name: 'calling', tries: state.tries + 1 }, [{ do: 'sendInvite' }]];
      }
      return over('remote', 'rejected', event.status);
    case 'noAnswer':
      return over('remote', 'timeout', 408);
    case 'sendFailed':
      return over('local', 'failed', 503);
    case 'hangUp':
      return state.name === 'proceeding'
        ? [{ name: 'cancelling', sent: true }, [{ do: 'sendCancel' }, { do: 'waitForFinal' }]]
        : [{ name: 'cancelling', sent: false }, [{ do: 'sendCancel' }]];
    default:
      return [state, [{ do: 'countStray' }]];
  }
}

function cancelling(
  state: LifeState & { readonly name: 'cancelling' },
  event: LifeEvent,
): LifeStep {
  switch (event.name) {
    case 'provisional':
      // The transaction layer kept our CANCEL back until now (RFC 3261 §9.1).
      return state.sent ? [state, []] : [{ ...state, sent: true }, [{ do: 'waitForFinal' }]];
    case 'answered':
      // The 200 crossed our CANCEL on the wire (RFC 5407 §3.1.2).
      return [
        { name: 'ended', tag: event.tag },
        [
          { do: 'ack', tag: event.tag },
          { do: 'bye', tag: event.tag },
          { do: 'end', by: 'local', how: 'cancel', status: 200 },
        ],
      ];
    case 'refused':
      return over('local', 'cancel', event.status);
    case 'noAnswer':
    case 'noFinal':
      return over('local', 'cancel', null);
    case 'sendFailed':
      return over('local', 'cancel', 503);
    case 'hangUp':
      return [state, []];
    default:
      return [state, [{ do: 'countStray' }]];
  }
}

function over(
  by: 'local' | 'remote',
  how: 'rejected' | 'timeout' | 'failed' | 'cancel',
  status: number | null,
): LifeStep {
  return [{ name: 'ended', tag: null }, [{ do: 'end', by, how, status }]];
}
