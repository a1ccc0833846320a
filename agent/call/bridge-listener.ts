import type { BridgeEvent, LegHealth, LegId } from './bridge/bridge-protocol.js';
import type { CallEvent } from './call-state.js';
import type { LegMedia } from './leg-media.js';

export type LegEvent = Extract<BridgeEvent, { legId: LegId }>;

/** What listening to the media worker needs of a call. */
export interface BridgeListener {
  dispatch(event: CallEvent): void;
  noPort(): void;
  digit(digit: string): void;
  health(health: LegHealth): void;
  closed(health: LegHealth): void;
}

/** Says in the machine's words what the media worker tells of one leg. */
export function onLegEvent(media: LegMedia, event: LegEvent, listener: BridgeListener): void {
  switch (event.name) {
    case 'legOpened':
      return media.onOpened(event.address, event.rtpPort);
    case 'legFailed':
      listener.noPort();
      return media.onOpenFailed();
    case 'playStarted':
      return listener.dispatch({ name: 'playStarted', playId: event.playId, atMs: event.atWallMs });
    case 'playEnded': {
      const { playId, completed } = event;
      return listener.dispatch({ name: 'playEnded', playId, completed, atMs: event.atWallMs });
    }
    case 'tone':
      if (event.tone === 'faxCalling') listener.dispatch({ name: 'faxTone' });
      if (event.tone === 'busy') listener.dispatch({ name: 'busyTone' });
      return;
    case 'digit':
      return listener.digit(event.digit);
    case 'silence':
      return listener.dispatch({ name: 'silence' });
    case 'legHealth':
      media.health = event.health;
      return listener.health(event.health);
    case 'legClosed':
      return listener.closed(event.health);
    case 'audioStarted':
      return;
  }
}
