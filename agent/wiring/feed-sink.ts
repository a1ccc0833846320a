import type { AlertSink } from '../alert/index.js';
import type { Feed } from './feed.js';

/** @returns the sink that tells whoever watches what the alarms tell */
export function feedSink(feed: Feed, onShow: () => void): AlertSink {
  return {
    name: 'feed',
    show: onShow,
    deliver: (event) => {
      if (event.what === 'alert') {
        const { alertId, callId, kind, level, type, reason, line, by, atMs } = event;
        feed.tell({
          kind: 'alert',
          alertId,
          callId,
          change: kind,
          level,
          type,
          reason,
          line,
          by,
          atMs,
        });
      }
      return Promise.resolve();
    },
  };
}
