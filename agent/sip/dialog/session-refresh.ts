import type { Timer } from '../../../base/index.js';
import type { HeaderField } from '../message/sip-message.js';
import type { SessionCore, SessionTimer } from './session-core.js';
import {
  askSessionTimer,
  stepSessionTimer,
  type SessionInterval,
  type SessionTimerEvent,
  type SessionTimerState,
} from './session-timer-machine.js';
import type { DialogSnapshot } from './session.js';

/** Drives the session timer (RFC 4028): two waits, refresh at the half, BYE before the end. */
export class SessionRefresh implements SessionTimer {
  #state: SessionTimerState = { name: 'off' };
  #expiresAtWallMs = 0;
  #half: Timer | null = null;
  #almostOver: Timer | null = null;
  /** The largest minimum that a 422 told us, s. */
  #minSeS: number;
  readonly #core: SessionCore;

  constructor(core: SessionCore) {
    this.#core = core;
    this.#minSeS = core.context.settings.minSeS;
  }

  agree(agreed: SessionInterval | null): void {
    this.#expiresAtWallMs = this.#core.context.clock.wallMs() + (agreed?.intervalS ?? 0) * 1_000;
    this.#step({ name: 'agreed', agreed, elapsedMs: 0 });
    this.#core.changed();
  }

  /** Goes on where a snapshot left off. */
  restore(timer: NonNullable<DialogSnapshot['sessionTimer']>): void {
    this.#expiresAtWallMs = timer.expiresAtWallMs;
    const leftMs = timer.expiresAtWallMs - this.#core.context.clock.wallMs();
    const elapsedMs = Math.max(0, timer.intervalS * 1_000 - leftMs);
    this.#step({ name: 'agreed', agreed: timer, elapsedMs });
  }

  get snapshot(): DialogSnapshot['sessionTimer'] {
    if (this.#state.name === 'off') return null;
    const { intervalS, weRefresh } = this.#state.agreed;
    return { intervalS, weRefresh, expiresAtWallMs: this.#expiresAtWallMs };
  }

  /** The headers of a request of ours that refreshes (RFC 4028 §7.4): the roles stay as they are. */
  askHeaders(): readonly HeaderField[] {
    if (this.#state.name === 'off') {
      const intervalS = Math.max(this.#core.context.settings.sessionExpiresS, this.#minSeS);
      return askSessionTimer(intervalS, this.#minSeS, null);
    }
    const { intervalS, weRefresh } = this.#state.agreed;
    const refresher = weRefresh ? 'uac' : 'uas';
    return askSessionTimer(Math.max(intervalS, this.#minSeS), this.#minSeS, refresher);
  }

  raise(minSeS: number): boolean {
    const isMore = minSeS > this.#minSeS;
    this.#minSeS = Math.max(this.#minSeS, minSeS);
    return isMore;
  }

  failed(): void {
    this.#step({ name: 'refreshFailed' });
  }

  close(): void {
    this.#step({ name: 'closed' });
  }

  #step(event: SessionTimerEvent): void {
    const [state, effects] = stepSessionTimer(this.#state, event);
    this.#state = state;
    for (const effect of effects) {
      switch (effect.do) {
        case 'wait':
          this.#wait(effect.halfMs, effect.almostOverMs);
          break;
        case 'waitAgain':
          this.#half = this.#core.context.clock.after(effect.ms, () =>
            this.#step({ name: 'halfDue' }),
          );
          break;
        case 'stopWaiting':
          this.#stopWaiting();
          break;
        case 'refresh':
          this.#core.offers.refresh();
          break;
        case 'expire':
          this.#core.step({ name: 'expired' });
      }
    }
  }

  #wait(halfMs: number | null, almostOverMs: number): void {
    const { clock } = this.#core.context;
    this.#stopWaiting();
    if (halfMs !== null) this.#half = clock.after(halfMs, () => this.#step({ name: 'halfDue' }));
    this.#almostOver = clock.after(almostOverMs, () => this.#step({ name: 'almostOver' }));
  }

  #stopWaiting(): void {
    this.#half?.cancel();
    this.#almostOver?.cancel();
  }
}
