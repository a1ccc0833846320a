import type { Clock, Timer } from '../../base/index.js';
import type { Buzzer, Led } from '../hal/index.js';
import { lookOf, nextChangeMs, type PatternName } from './alarm-pattern.js';

export interface AlarmDisplayOptions {
  readonly clock: Clock;
  readonly lamp: Led;
  readonly buzzer: Buzzer;
}

/** Plays a pattern on lamp and buzzer until the next one. */
export class AlarmDisplay {
  readonly #options: AlarmDisplayOptions;
  #pattern: PatternName | undefined;
  #beganMs = 0;
  #timer: Timer | undefined;

  constructor(options: AlarmDisplayOptions) {
    this.#options = options;
  }

  get pattern(): PatternName | undefined {
    return this.#pattern;
  }

  /** The same pattern again goes on in its rhythm. */
  play(pattern: PatternName): void {
    if (pattern === this.#pattern) return;
    this.#pattern = pattern;
    this.#beganMs = this.#options.clock.monotonicMs();
    this.#draw(pattern);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#pattern = undefined;
    this.#options.lamp.show('off');
    this.#options.buzzer.sound(0);
  }

  #draw(pattern: PatternName): void {
    const { clock, lamp, buzzer } = this.#options;
    // Reckoned from the start each time, so that a late timer never makes the rhythm drift.
    const elapsedMs = clock.monotonicMs() - this.#beganMs;
    const { colour, isLit, toneHz } = lookOf(pattern, elapsedMs);
    lamp.show(isLit ? colour : 'off');
    buzzer.sound(toneHz);
    this.#timer?.cancel();
    this.#timer = clock.after(nextChangeMs(pattern, elapsedMs), () => this.#draw(pattern));
  }
}
