import type { BridgeEvent } from '../bridge-protocol.js';

/** What a bridge told, and a way to wait for it. */
export class EventLog {
  readonly events: BridgeEvent[] = [];
  readonly #waiting = new Set<() => void>();

  readonly push = (event: BridgeEvent): void => {
    this.events.push(event);
    for (const look of this.#waiting) look();
  };

  /** Resolves with the first event of this name, past or to come, that fits. */
  first<Name extends BridgeEvent['name']>(
    name: Name,
    fits: (event: Extract<BridgeEvent, { name: Name }>) => boolean = () => true,
  ): Promise<Extract<BridgeEvent, { name: Name }>> {
    const isWanted = (event: BridgeEvent): event is Extract<BridgeEvent, { name: Name }> =>
      event.name === name;
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.events.filter(isWanted).find(fits);
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
