import type { Clock, Timer } from '../../../base/index.js';
import type { MachineEffect, TimerEvent, TimerName } from './timers.js';

/** Events that wait while a machine is at work: only what its own effects give rise to. More is a loop of ours. */
const QUEUE_MAX = 16;

interface Waiting<Event, Message> {
  readonly event: Event;
  readonly message: Message | null;
}

/** What a machine of its own does, beside its timers. */
export interface MachineUser<Event, Effect, Message> {
  readonly step: (event: Event | TimerEvent) => readonly (Effect | MachineEffect)[];
  /** @param message the message that came with the event being looked at */
  readonly perform: (effect: Effect, message: Message | null) => void;
  readonly onTerminated: () => void;
  readonly onStray: () => void;
}

/**
 * Drives one transaction machine: one event at a time, its timers, its end. An event that comes out of an effect (a send
 * that fails at once, a user that answers from within a call-back) waits for its turn.
 */
export class MachineRun<Event, Effect extends { readonly do: string }, Message> {
  readonly #clock: Clock;
  readonly #user: MachineUser<Event, Effect, Message>;
  readonly #timers = new Map<TimerName, Timer>();
  readonly #queue: Waiting<Event | TimerEvent, Message>[] = [];
  #isBusy = false;
  #isOver = false;

  constructor(clock: Clock, user: MachineUser<Event, Effect, Message>) {
    this.#clock = clock;
    this.#user = user;
  }

  /** Performs the effects with which the machine starts. */
  begin(effects: readonly (Effect | MachineEffect)[]): void {
    this.#isBusy = true;
    this.#performAll(effects, null);
    this.#isBusy = false;
    this.#drain();
  }

  feed(event: Event | TimerEvent, message: Message | null = null): void {
    if (this.#isOver || this.#queue.length >= QUEUE_MAX) {
      this.#user.onStray();
      return;
    }
    this.#queue.push({ event, message });
    this.#drain();
  }

  /** Ends it without a word: no timer runs, no event counts. */
  close(): void {
    this.#isOver = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #drain(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (!this.#isOver) this.#performAll(this.#user.step(next.event), next.message);
    }
    this.#isBusy = false;
  }

  #performAll(effects: readonly (Effect | MachineEffect)[], message: Message | null): void {
    for (const effect of effects) {
      if (isOwn(effect)) this.#performOwn(effect);
      else this.#user.perform(effect, message);
    }
  }

  #performOwn(effect: MachineEffect): void {
    switch (effect.do) {
      case 'start':
        this.#start(effect.timer, effect.delayMs);
        return;
      case 'stop':
        this.#timers.get(effect.timer)?.cancel();
        this.#timers.delete(effect.timer);
        return;
      case 'countStray':
        this.#user.onStray();
        return;
      case 'terminate':
        this.close();
        this.#user.onTerminated();
    }
  }

  #start(name: TimerName, delayMs: number): void {
    this.#timers.get(name)?.cancel();
    if (this.#isOver) return;
    const timer = this.#clock.after(delayMs, () => {
      this.#timers.delete(name);
      this.feed({ name: 'timer', timer: name });
    });
    this.#timers.set(name, timer);
  }
}

const OWN: ReadonlySet<string> = new Set(['start', 'stop', 'terminate', 'countStray']);

function isOwn(effect: { readonly do: string }): effect is MachineEffect {
  return OWN.has(effect.do);
}
