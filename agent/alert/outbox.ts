import {
  DeadlineError,
  messageOf,
  type Clock,
  type Log,
  type Random,
  type Timer,
} from '../../base/index.js';
import { boxEvent, type BoxEvent } from './alert.js';
import { sortable, type TableOperation } from './alert-log.js';

/** The most call events that wait for one sink; then the oldest is dropped and counted. */
export const CALL_EVENTS_MAX = 5_000;
/** The most alert events that wait for one sink: years of alarms. Only past it is one dropped, with a fault. */
export const ALERT_EVENTS_MAX = 50_000;
/** A delivery that takes longer is tried again, ms. */
export const DELIVERY_MAX_MS = 10_000;
export const RETRY_FIRST_MS = 500;
export const RETRY_MAX_MS = 30_000;

export interface OutboxOptions {
  /** Names the queue on disk. */
  readonly sink: string;
  readonly deliver: (event: BoxEvent) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called with what is to be removed from the disk: need not be waited for. */
  readonly onRemoved: (operations: readonly TableOperation[]) => void;
  /** Alerts had to be dropped. */
  readonly onOverflow: () => void;
}

interface Entry {
  readonly key: string;
  readonly event: BoxEvent;
  /** Stored, or given up storing: may be told. */
  isReleased: boolean;
}

/** An event that stands in the queue but is not told before `release`. */
export interface Admission {
  readonly operations: readonly TableOperation[];
  release(): void;
}

/**
 * The queue of one sink: in order, at least once, one delivery under way at a time. A dead sink blocks
 * nobody but itself. What it holds stands on disk too, in the same write as the step that made it.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  /** By key, oldest first. */
  readonly #entries = new Map<string, Entry>();
  #next = 1;
  #attempts = 0;
  #isDelivering = false;
  #retry: Timer | undefined;
  #isClosed = false;
  #callEvents = 0;
  #droppedCount = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Events waiting, the one under way included. */
  get size(): number {
    return this.#entries.size;
  }

  /** Events that the sink never got, since start. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  static prefixOf(sink: string): string {
    return `outbox/${sink}/`;
  }

  /** Takes up what an earlier run left, in order of its keys; unreadable entries are removed. */
  restore(stored: readonly (readonly [key: string, value: unknown])[]): void {
    for (const [key, value] of stored) {
      const event = boxEvent.safeParse(value);
      this.#next = Math.max(this.#next, Number(key.slice(key.lastIndexOf('/') + 1)) + 1);
      if (event.success) this.#add({ key, event: event.data, isReleased: true });
      else this.#options.onRemoved([{ type: 'del', key }]);
    }
    this.wake();
  }

  admit(event: BoxEvent): Admission {
    const key = `${Outbox.prefixOf(this.#options.sink)}${sortable(this.#next)}`;
    this.#next += 1;
    const entry: Entry = { key, event, isReleased: false };
    this.#add(entry);
    const dropped = this.#limit();
    return {
      operations: [{ type: 'put', key, value: event }, ...dropped],
      release: () => {
        entry.isReleased = true;
        // A sink that is backing off hears of a new alarm at its next attempt, not by hammering.
        if (this.#retry === undefined) this.#deliverNext();
      },
    };
  }

  /** The sink is back: tries at once, whatever it waited for. */
  wake(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#attempts = 0;
    this.#deliverNext();
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.key, entry);
    if (entry.event.what === 'call') this.#callEvents += 1;
  }

  #remove(entry: Entry): void {
    if (this.#entries.delete(entry.key) && entry.event.what === 'call') this.#callEvents -= 1;
  }

  #limit(): readonly TableOperation[] {
    const isOverCalls = this.#callEvents > CALL_EVENTS_MAX;
    const isOverAlerts = this.#entries.size - this.#callEvents > ALERT_EVENTS_MAX;
    if (!isOverCalls && !isOverAlerts) return [];
    const what = isOverCalls ? 'call' : 'alert';
    for (const entry of this.#entries.values()) {
      if (entry.event.what !== what) continue;
      this.#remove(entry);
      this.#droppedCount += 1;
      if (what === 'alert') this.#options.onOverflow();
      return [{ type: 'del', key: entry.key }];
    }
    return [];
  }

  #deliverNext(): void {
    if (this.#isDelivering || this.#isClosed) return;
    const [head] = this.#entries.values();
    if (head === undefined || !head.isReleased) return;
    this.#isDelivering = true;
    void this.#deliver(head);
  }

  async #deliver(entry: Entry): Promise<void> {
    const isDelivered = await this.#attempt(entry.event);
    this.#isDelivering = false;
    if (this.#isClosed) {
      if (isDelivered) this.#options.onRemoved([{ type: 'del', key: entry.key }]);
      return;
    }
    if (isDelivered) {
      this.#remove(entry);
      this.#attempts = 0;
      this.#options.onRemoved([{ type: 'del', key: entry.key }]);
      this.#deliverNext();
      return;
    }
    this.#attempts += 1;
    this.#retry = this.#options.clock.after(this.#backoffMs(), () => {
      this.#retry = undefined;
      this.#deliverNext();
    });
  }

  async #attempt(event: BoxEvent): Promise<boolean> {
    const { clock, deliver, log, sink } = this.#options;
    let timer: Timer | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = clock.after(DELIVERY_MAX_MS, () => {
        reject(new DeadlineError('delivery-late', `${sink} did not take an event in time`));
      });
    });
    try {
      await Promise.race([deliver(event), deadline]);
      return true;
    } catch (cause) {
      const fields = { sink, id: event.id, attempts: this.#attempts + 1, cause: messageOf(cause) };
      log.debug('deliveryFailed', fields);
      return false;
    } finally {
      timer?.cancel();
    }
  }

  /** Doubles up to the maximum; between half of it and the whole, so that boxes do not march in step. */
  #backoffMs(): number {
    const doubling = RETRY_FIRST_MS * 2 ** Math.min(this.#attempts - 1, 16);
    return Math.min(doubling, RETRY_MAX_MS) * (0.5 + this.#options.random.fraction() / 2);
  }
}
