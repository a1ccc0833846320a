/** Events kept for a user that has not set `onEvent` yet; older ones are dropped and counted. */
export const EVENTS_KEPT_MAX = 64;

/** Hands events over in order: also those from before there was a listener, and those that a listener causes itself. */
export class EventOutbox<Event> {
  #listener: ((event: Event) => void) | null = null;
  #isDelivering = false;
  readonly #kept: Event[] = [];
  readonly #onDropped: () => void;

  constructor(onDropped: () => void) {
    this.#onDropped = onDropped;
  }

  get listener(): ((event: Event) => void) | null {
    return this.#listener;
  }

  set listener(listener: ((event: Event) => void) | null) {
    this.#listener = listener;
    this.#deliver();
  }

  push(event: Event): void {
    if (this.#kept.length >= EVENTS_KEPT_MAX) {
      this.#kept.shift();
      this.#onDropped();
    }
    this.#kept.push(event);
    this.#deliver();
  }

  #deliver(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      while (this.#listener !== null) {
        const event = this.#kept.shift();
        if (event === undefined) break;
        this.#listener(event);
      }
    } finally {
      this.#isDelivering = false;
    }
  }
}
