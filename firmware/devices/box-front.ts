import type { Clock, Log } from '../../base/index.js';
import type { Hardware } from '../hal/index.js';
import { AlarmDisplay } from './alarm-display.js';
import type { PatternName } from './alarm-pattern.js';
import { watchButton, type KeyPress } from './button-press.js';
import { RelayLease } from './relay-lease.js';

/** The most presses kept while nobody listens. */
export const PRESSES_KEPT_MAX = 16;
/** How long such a press is kept, ms: an agent that restarts is back within 2 s. */
export const PRESS_KEPT_MS = 10_000;

export interface FrontHealth {
  readonly isSimulated: boolean;
  readonly isLineOnBox: boolean;
  readonly pattern: PatternName;
  readonly faults: readonly string[];
}

export interface BoxFrontOptions {
  readonly hardware: Hardware;
  readonly clock: Clock;
  readonly log: Log;
}

type PressListener = (press: KeyPress) => void;

/** The front of the box: lamp, buzzer, buttons and relay as the agent may use them. */
export class BoxFront {
  readonly #options: BoxFrontOptions;
  readonly #display: AlarmDisplay;
  readonly #lease: RelayLease;
  readonly #listeners = new Set<PressListener>();
  readonly #stopButtons: readonly (() => void)[];
  #kept: readonly KeyPress[] = [];
  /** What the agent wants shown; it stands again when the fault is over. */
  #wanted: PatternName = 'updating';
  #isAgentGone = false;

  constructor(options: BoxFrontOptions) {
    const { hardware, clock } = options;
    this.#options = options;
    this.#display = new AlarmDisplay({ clock, lamp: hardware.lamp, buzzer: hardware.buzzer });
    this.#lease = new RelayLease({
      clock,
      relay: hardware.relay,
      onFault: (isFault) => this.#setAgentGone(isFault),
    });
    this.#stopButtons = hardware.buttons.map((button) =>
      watchButton(button, clock, (press) => this.#tell(press)),
    );
    this.#play();
  }

  show(pattern: PatternName): void {
    this.#wanted = pattern;
    this.#play();
  }

  /** @param leaseMs 1…10,000 */
  renewLease(leaseMs: number): void {
    this.#lease.renew(leaseMs);
  }

  /** Presses from now on, and before them those that nobody heard. @returns ends it */
  watchPresses(listener: PressListener): () => void {
    this.#listeners.add(listener);
    const kept = this.#fresh();
    this.#kept = [];
    for (const press of kept) listener(press);
    return () => this.#listeners.delete(listener);
  }

  get health(): FrontHealth {
    const { hardware } = this.#options;
    return {
      isSimulated: hardware.isSimulated,
      isLineOnBox: hardware.relay.isLineOnBox,
      pattern: this.#display.pattern ?? 'updating',
      faults: [...hardware.faults, ...(this.#isAgentGone ? ['agent gone, line bypassed'] : [])],
    };
  }

  close(): void {
    for (const stop of this.#stopButtons) stop();
    this.#lease.stop();
    this.#display.stop();
    this.#listeners.clear();
  }

  #setAgentGone(isGone: boolean): void {
    if (isGone !== this.#isAgentGone) {
      if (isGone) this.#options.log.warn('leaseLapsed');
      else this.#options.log.info('leaseHeldAgain');
    }
    this.#isAgentGone = isGone;
    this.#play();
  }

  #play(): void {
    const pattern = this.#isAgentGone ? 'fault' : this.#wanted;
    if (pattern === this.#display.pattern) return;
    this.#options.log.info('pattern', { pattern });
    this.#display.play(pattern);
  }

  #tell(press: KeyPress): void {
    const { key, heldMs } = press;
    this.#options.log.info('keyPressed', { key, heldMs, listeners: this.#listeners.size });
    // A call for help must not be lost because the agent is just starting again.
    if (this.#listeners.size === 0) {
      this.#kept = [...this.#fresh(), press].slice(-PRESSES_KEPT_MAX);
    }
    for (const listener of this.#listeners) listener(press);
  }

  #fresh(): readonly KeyPress[] {
    const oldestMs = this.#options.clock.wallMs() - PRESS_KEPT_MS;
    return this.#kept.filter((press) => press.atWallMs >= oldestMs);
  }
}
