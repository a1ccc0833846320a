import type { Clock, Timer } from '../../base/index.js';
import type { Relay } from '../hal/index.js';
import {
  beginLease,
  step,
  type LeaseEffect,
  type LeaseEvent,
  type LeaseState,
  type LeaseStep,
} from './relay-lease-machine.js';

/** Half a period of the charge pump, ms: five edges within the time in which the pump empties. */
export const RELAY_TOGGLE_EVERY_MS = 100;

export interface RelayLeaseOptions {
  readonly clock: Clock;
  readonly relay: Relay;
  readonly onFault: (isFault: boolean) => void;
}

/** Keeps the charge pump going while somebody renews. */
export class RelayLease {
  readonly #options: RelayLeaseOptions;
  #state: LeaseState = { name: 'bypassed' };
  #wake: Timer | undefined;
  #toggle: Timer | undefined;
  #isHigh = false;

  constructor(options: RelayLeaseOptions) {
    this.#options = options;
    this.#take(beginLease(options.clock.monotonicMs()));
  }

  get isHeld(): boolean {
    return this.#state.name === 'held';
  }

  /** @param leaseMs 1…10,000 */
  renew(leaseMs: number): void {
    this.#step({ name: 'renewed', atMs: this.#options.clock.monotonicMs(), leaseMs });
  }

  stop(): void {
    this.#wake?.cancel();
    this.#step({ name: 'stopped' });
  }

  #step(event: LeaseEvent): void {
    this.#take(step(this.#state, event));
  }

  #take([state, effects]: LeaseStep): void {
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: LeaseEffect): void {
    const { clock, onFault } = this.#options;
    switch (effect.do) {
      case 'holdLine':
        return this.#pump();
      case 'releaseLine':
        return this.#toggle?.cancel();
      case 'showFault':
        return onFault(true);
      case 'clearFault':
        return onFault(false);
      case 'wakeAt':
        this.#wake?.cancel();
        this.#wake = clock.after(effect.atMs - clock.monotonicMs(), () =>
          this.#step({ name: 'timer', atMs: clock.monotonicMs() }),
        );
    }
  }

  #pump(): void {
    const { clock, relay } = this.#options;
    this.#isHigh = !this.#isHigh;
    relay.setLevel(this.#isHigh);
    this.#toggle = clock.after(RELAY_TOGGLE_EVERY_MS, () => this.#pump());
  }
}
