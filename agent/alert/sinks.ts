import { messageOf, type Clock, type Log, type Random } from '../../base/index.js';
import type { AlarmStatus, AlertSink, BoxEvent } from './alert.js';
import { rangeOf, type AlertTable, type TableOperation } from './alert-log.js';
import { Outbox, type Admission } from './outbox.js';

/** The most sinks of a box. */
export const SINKS_MAX = 16;

/** What a sink holds in its hand after subscribing. */
export interface Subscription {
  /** The sink can be reached again: what waits for it is tried at once. */
  wake(): void;
  /** Events waiting for it. */
  readonly waiting: number;
  /** Ends the deliveries; the queue stays on disk for the next start. */
  close(): void;
}

export interface SinksOptions {
  readonly table: AlertTable;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onRemoved: (operations: readonly TableOperation[]) => void;
  readonly onOverflow: () => void;
}

type Stored = readonly (readonly [key: string, value: unknown])[];

/** Everyone who is told. None of them can hold up another, or the alert itself. */
export class Sinks {
  readonly #options: SinksOptions;
  readonly #live = new Set<AlertSink>();
  readonly #outboxes = new Map<string, Outbox>();

  constructor(options: SinksOptions) {
    this.#options = options;
  }

  /** Reads the queue that an earlier run left for this sink, then delivers it before anything new. */
  async subscribe(sink: AlertSink, status: () => AlarmStatus): Promise<Subscription> {
    const outbox = await this.#openOutbox(sink);
    if (this.#live.size < SINKS_MAX) this.#live.add(sink);
    else this.#options.log.error('sinksFull', { sink: sink.name, sinksMax: SINKS_MAX });
    this.#showOne(sink, status());
    return {
      wake: () => outbox?.wake(),
      get waiting() {
        return outbox?.size ?? 0;
      },
      close: () => {
        this.#live.delete(sink);
        outbox?.close();
      },
    };
  }

  /** One admission for each sink that has a queue. */
  admit(event: BoxEvent): readonly Admission[] {
    return [...this.#outboxes.values()].map((outbox) => outbox.admit(event));
  }

  show(status: AlarmStatus): void {
    for (const sink of this.#live) this.#showOne(sink, status);
  }

  close(): void {
    for (const outbox of this.#outboxes.values()) outbox.close();
    this.#live.clear();
  }

  async #openOutbox(sink: AlertSink): Promise<Outbox | undefined> {
    if (sink.deliver === undefined) return undefined;
    const { table, clock, random, log, onRemoved, onOverflow } = this.#options;
    const deliver = sink.deliver.bind(sink);
    const { name } = sink;
    const outbox = new Outbox({
      sink: name,
      deliver,
      clock,
      random,
      log,
      onRemoved,
      onOverflow,
    });
    outbox.restore(await this.#stored(table, name));
    this.#outboxes.get(name)?.close();
    this.#outboxes.set(name, outbox);
    return outbox;
  }

  /** A queue that cannot be read is no reason to stay silent from now on. */
  async #stored(table: AlertTable, name: string): Promise<Stored> {
    const stored: (readonly [string, unknown])[] = [];
    try {
      const range = rangeOf(Outbox.prefixOf(name));
      for await (const [key, value] of table.entries(range)) stored.push([key, value]);
    } catch (cause) {
      this.#options.log.error('outboxUnreadable', { sink: name, cause: messageOf(cause) });
    }
    return stored;
  }

  #showOne(sink: AlertSink, status: AlarmStatus): void {
    try {
      sink.show?.(status);
    } catch (cause) {
      // A lamp that throws must not keep the next one dark.
      this.#options.log.error('sinkThrew', { sink: sink.name, cause: messageOf(cause) });
    }
  }
}
