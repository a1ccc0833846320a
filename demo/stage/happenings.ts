import type { Clock, Timer } from '../../base/index.js';

/** Why the demonstration cannot go on: told to the person, in Japanese. */
export class DemoStopped extends Error {
  /** A person wanted it so: nothing went wrong. */
  readonly isWanted: boolean;

  constructor(reason: string, isWanted = false) {
    super(reason);
    this.name = 'DemoStopped';
    this.isWanted = isWanted;
  }
}

interface Wait {
  readonly isSo: () => boolean;
  readonly resolve: (cameTrue: boolean) => void;
  readonly reject: (cause: DemoStopped) => void;
  readonly timer: Timer;
}

/** Waits for things to come true. Each wait has its end, and one stop ends them all. */
export class Happenings {
  readonly #clock: Clock;
  readonly #waits = new Set<Wait>();
  #stopped: DemoStopped | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get stopped(): DemoStopped | null {
    return this.#stopped;
  }

  /** Something happened: whoever waits looks again. */
  tell(): void {
    for (const wait of [...this.#waits]) {
      if (!wait.isSo()) continue;
      this.#forget(wait);
      wait.resolve(true);
    }
  }

  /**
   * Waits until `isSo`, which is looked at now and after each happening.
   * @returns whether it came true in time
   * @throws {DemoStopped} (rejects) when everything stops
   */
  until(isSo: () => boolean, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#stopped !== null) {
        reject(this.#stopped);
        return;
      }
      if (isSo()) {
        resolve(true);
        return;
      }
      const timer = this.#clock.after(timeoutMs, () => {
        this.#forget(wait);
        resolve(false);
      });
      const wait: Wait = { isSo, resolve, reject, timer };
      this.#waits.add(wait);
    });
  }

  async pause(durationMs: number): Promise<void> {
    await this.until(() => false, durationMs);
  }

  /** Ends every wait, now and later. The first reason counts. */
  stop(reason: string, isWanted = false): void {
    this.#stopped ??= new DemoStopped(reason, isWanted);
    for (const wait of [...this.#waits]) {
      this.#forget(wait);
      wait.reject(this.#stopped);
    }
  }

  #forget(wait: Wait): void {
    wait.timer.cancel();
    this.#waits.delete(wait);
  }
}
