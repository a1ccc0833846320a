import type { WatchedEventJson } from '../../proto/index.js';

/** The most events that wait for one reader. */
export const WATCH_QUEUE_MAX = 256;
/** What goes first when a reader is slow: the next one tells as much. */
export const LEVELS_KIND = 'levels';

/** What one reader has still to read. Levels make room for all else; what is dropped is counted and told. */
export class WatchQueue {
  readonly #max: number;
  #waiting: WatchedEventJson[] = [];
  #levelsDropped = 0;
  #eventsDropped = 0;

  constructor(max = WATCH_QUEUE_MAX) {
    this.#max = max;
  }

  get size(): number {
    return this.#waiting.length;
  }

  push(event: WatchedEventJson): void {
    this.#waiting.push(event);
    if (this.#waiting.length <= this.#max) return;
    const oldestLevels = this.#waiting.findIndex(({ kind }) => kind === LEVELS_KIND);
    const [dropped] = this.#waiting.splice(Math.max(oldestLevels, 0), 1);
    if (dropped?.kind === LEVELS_KIND) this.#levelsDropped += 1;
    else this.#eventsDropped += 1;
  }

  /** @returns the next to read; first of all what the reader has missed; undefined: nothing */
  take(): WatchedEventJson | undefined {
    if (this.#levelsDropped + this.#eventsDropped > 0) {
      const missed = { levels: this.#levelsDropped, events: this.#eventsDropped };
      this.#levelsDropped = 0;
      this.#eventsDropped = 0;
      return { kind: 'dropped', ...missed };
    }
    return this.#waiting.shift();
  }
}
