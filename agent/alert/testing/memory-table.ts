import type { AlertTable, TableOperation } from '../alert-log.js';

/** A table in memory that survives the service over it, as a disk does; it can refuse and hang. */
export class MemoryTable implements AlertTable {
  readonly rows = new Map<string, string>();
  refuses = false;
  hangs = false;
  batches = 0;

  async *entries(range: {
    readonly gte: string;
    readonly lt: string;
  }): AsyncIterable<readonly [string, unknown]> {
    await Promise.resolve();
    const keys = [...this.rows.keys()].filter((key) => key >= range.gte && key < range.lt).sort();
    for (const key of keys) {
      const value: unknown = JSON.parse(this.rows.get(key) ?? 'null');
      yield [key, value];
    }
  }

  async batch(operations: readonly TableOperation[]): Promise<void> {
    this.batches += 1;
    if (this.hangs) return new Promise(() => undefined);
    await Promise.resolve();
    if (this.refuses) throw new Error('no space left on device');
    for (const operation of operations) {
      if (operation.type === 'put') this.rows.set(operation.key, JSON.stringify(operation.value));
      else this.rows.delete(operation.key);
    }
    return undefined;
  }
}
