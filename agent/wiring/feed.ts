/** What happens, for whoever watches: the `tatebako` command, the demonstration, later the console. */

/** One event; `kind` tells what it is (docs/events.md). */
export interface FeedEvent {
  readonly kind: 'call' | 'levels' | 'heard' | 'alert' | 'lamp' | 'mqtt' | 'status';
  readonly [field: string]: unknown;
}

export type FeedListener = (event: FeedEvent) => void;

/** Watchers at once; one more is refused. */
const LISTENERS_MAX = 32;

export class Feed {
  readonly #listeners = new Set<FeedListener>();

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** @returns how to stop; null when too many watch already */
  watch(listener: FeedListener): (() => void) | null {
    if (this.#listeners.size >= LISTENERS_MAX) return null;
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: FeedEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
