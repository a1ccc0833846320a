import assert from 'node:assert/strict';

import type { TransportEvents } from './transport.js';

/**
 * Events for a transport whose user does not stand yet: the transaction layer needs the transport, the transport its
 * events. Messages that come before `bind` are dropped, as if the port had opened a moment later.
 */
export function lateEvents(): {
  readonly events: TransportEvents;
  bind(target: TransportEvents): void;
} {
  let bound: TransportEvents | null = null;
  return {
    events: {
      onMessage: (message, from) => bound?.onMessage(message, from),
      onSendFailed: (message, to, cause) => bound?.onSendFailed(message, to, cause),
    },
    bind(target) {
      assert(bound === null, 'transport events are bound once');
      bound = target;
    },
  };
}
