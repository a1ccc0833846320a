/** How long a test waits for something that should come at once, ms; generous, since other tests run beside it. */
export const PATIENCE_MS = 15_000;

/** What happened, in order, and a way to await what is to come: a test never sleeps in the hope that something was in time. */
export class Observed<T> {
  readonly all: T[] = [];
  readonly #what: string;
  readonly #checks = new Set<() => void>();

  /** @param what names the source in a failure: `box log`, `baresip 201` */
  constructor(what: string) {
    this.#what = what;
  }

  push(one: T): void {
    this.all.push(one);
    for (const check of [...this.#checks]) check();
  }

  /** Resolves with the first one that matches, past or to come; with `count`, the count-th. */
  until(
    sought: string,
    matches: (one: T) => boolean,
    { count = 1, timeoutMs = PATIENCE_MS }: { count?: number; timeoutMs?: number } = {},
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = this.all.filter(matches)[count - 1];
        if (found === undefined) return;
        clearTimeout(timeout);
        this.#checks.delete(check);
        resolve(found);
      };
      const timeout = setTimeout(() => {
        this.#checks.delete(check);
        reject(new Error(`${this.#what}: no ${sought} in ${timeoutMs} ms; ${this.tail()}`));
      }, timeoutMs);
      this.#checks.add(check);
      check();
    });
  }

  count(matches: (one: T) => boolean): number {
    return this.all.filter(matches).length;
  }

  /** The last of it, for a failure's text. */
  tail(): string {
    return this.all
      .slice(-25)
      .map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
      .join('\n');
  }
}
