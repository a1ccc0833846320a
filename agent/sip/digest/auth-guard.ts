import type { Clock } from '../../../base/index.js';

export interface AuthGuardLimits {
  /** Wrong digests that are answered with a new challenge; the next ones with 403. */
  readonly wrongMax: number;
  /** A source that was quiet for so long begins anew. */
  readonly windowMs: number;
  readonly delayFirstMs: number;
  readonly delayMaxMs: number;
  /** Sources that are remembered; beyond, the one heard of longest ago is forgotten. */
  readonly sourcesMax: number;
}

export const AUTH_GUARD_LIMITS: AuthGuardLimits = {
  wrongMax: 3,
  windowMs: 10 * 60_000,
  delayFirstMs: 1_000,
  delayMaxMs: 60_000,
  sourcesMax: 256,
};

interface Record {
  readonly wrong: number;
  readonly lastWrongMs: number;
  readonly slowedUntilMs: number;
}

/**
 * Slows whoever guesses passwords: from the third wrong digest on, a source (address and user) waits 1, 2, 4 … 60 s
 * before another is even looked at. It never bans: a phone whose password was corrected is back within a minute.
 */
export class AuthGuard {
  readonly #clock: Clock;
  readonly #limits: AuthGuardLimits;
  readonly #records = new Map<string, Record>();

  constructor(clock: Clock, limits: AuthGuardLimits = AUTH_GUARD_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** @returns how long this source must still wait, ms; 0 when it may try */
  waitMs(source: string): number {
    const record = this.#records.get(source);
    return record === undefined ? 0 : Math.max(0, record.slowedUntilMs - this.#clock.monotonicMs());
  }

  /** Notes a wrong digest. @returns whether the source is slowed from now on */
  wrong(source: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#records.get(source);
    const isRecent = known !== undefined && nowMs - known.lastWrongMs < this.#limits.windowMs;
    const wrong = isRecent ? known.wrong + 1 : 1;
    const doublings = Math.min(wrong - this.#limits.wrongMax, 16);
    const delayMs =
      doublings < 0
        ? 0
        : Math.min(this.#limits.delayFirstMs * 2 ** doublings, this.#limits.delayMaxMs);
    this.#records.delete(source);
    this.#records.set(source, { wrong, lastWrongMs: nowMs, slowedUntilMs: nowMs + delayMs });
    this.#bound();
    return delayMs > 0;
  }

  /** Notes a right digest: the source is trusted again. */
  right(source: string): void {
    this.#records.delete(source);
  }

  /** Sources remembered now. */
  get size(): number {
    return this.#records.size;
  }

  #bound(): void {
    for (const source of this.#records.keys()) {
      if (this.#records.size <= this.#limits.sourcesMax) return;
      this.#records.delete(source);
    }
  }
}
