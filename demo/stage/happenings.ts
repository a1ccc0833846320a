import type { Clock, Timer } from '../../base/index.js';

/** Why the demonstration cannot go on: told to the person, in Japanese. */
export class DemoStopped extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'DemoStopped';
  }
}

interface Wait<Happening> {
  readonly isIt: (happening: Happening) => boolean;
  readonly resolve: (happening: Happening | null) => void;
  readonly reject: (cause: DemoStopped) => void;
  readonly timer: Timer;
}

/** What happens, for those who wait for it. Each wait has its end. */
export class Happenings<Happening> {
  readonly #clock: Clock;
  readonly #waits = new Set<Wait<Happening>>();
  #stopped: DemoStopped | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  tell(happening: Happening): void {
    for (const wait of [...this.#waits]) {
      if (!wait.isIt(happening)) continue;
      this.#forget(wait);
      wait.resolve(happening);
    }
  }

  /**
   * Waits for what happens from now on.
   * @returns it, or null when it did not happen in time
   * @throws {DemoStopped} (rejects) when everything stops
   */
  next(isIt: (happening: Happening) => boolean, timeoutMs: number): Promise<Happening | null> {
    return new Promise((resolve, reject) => {
      if (this.#stopped !== null) {
        reject(this.#stopped);
        return;
      }
      const timer = this.#clock.after(timeoutMs, () => {
        this.#forget(wait);
        resolve(null);
      });
      const wait: Wait<Happening> = { isIt, resolve, reject, timer };
      this.#waits.add(wait);
    });
  }

  /** A pause in which nothing is waited for. */
  async pause(durationMs: number): Promise<void> {
    await this.next(() => false, durationMs);
  }

  /** Ends every wait, now and later. The first reason counts. */
  stop(reason: string): void {
    this.#stopped ??= new DemoStopped(reason);
    for (const wait of [...this.#waits]) {
      this.#forget(wait);
      wait.reject(this.#stopped);
    }
  }

  get stopped(): DemoStopped | null {
    return this.#stopped;
  }

  #forget(wait: Wait<Happening>): void {
    wait.timer.cancel();
    this.#waits.delete(wait);
  }
}
