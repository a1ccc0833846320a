import { randomUUID } from 'node:crypto';
import { connectAsync, type MqttClient } from 'mqtt';
import { z } from 'zod';
import { BOX_ID, BROKER_URL } from './place.js';

const BASE = `tatebako/${BOX_ID}`;
const ACKNOWLEDGED_MS = 3_000;
const alertEvent = z.looseObject({ kind: z.string(), level: z.int(), type: z.string() });
/** What the box says of itself each minute; only what is looked at. */
const boxHealth = z.looseObject({ detector: z.string(), detectorPacketsDropped: z.number() });
export type BoxHealth = z.infer<typeof boxHealth>;
export type AlertEvent = z.infer<typeof alertEvent>;

/** A message of the box, at the monotonic time at which it came. */
export interface Published<Value> {
  readonly atMs: number;
  readonly value: Value;
}

/** Somebody in the shop at the box's broker: sees the level, acknowledges. */
export class AlarmListener {
  readonly levels: Published<number>[] = [];
  readonly events: Published<AlertEvent>[] = [];
  /** The newest; null in the first minute. */
  health: BoxHealth | null = null;
  readonly #client: MqttClient;
  readonly #waiting = new Set<() => void>();

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload) => {
      const atMs = performance.now();
      const text = payload.toString();
      if (topic.endsWith('/health')) this.health = boxHealth.parse(JSON.parse(text));
      else if (topic.endsWith('/alert/level')) this.levels.push({ atMs, value: Number(text) });
      else this.events.push({ atMs, value: alertEvent.parse(JSON.parse(text)) });
      for (const check of this.#waiting) check();
    });
  }

  static async open(): Promise<AlarmListener> {
    const client = await connectAsync(BROKER_URL, { protocolVersion: 4 });
    const listener = new AlarmListener(client);
    const topics = ['alert/level', 'event/alert', 'health'].map((topic) => `${BASE}/${topic}`);
    await client.subscribeAsync(topics, { qos: 1 });
    return listener;
  }

  /** The first level published since `sinceMs` that is wanted; null when none has come by `untilMs`. */
  level(
    isWanted: (level: number) => boolean,
    sinceMs: number,
    untilMs: number,
  ): Promise<Published<number> | null> {
    return new Promise((resolve) => {
      const finish = (found: Published<number> | null): void => {
        clearTimeout(timeout);
        this.#waiting.delete(check);
        resolve(found);
      };
      const check = (): void => {
        const found = this.levels.find(({ atMs, value }) => atMs >= sinceMs && isWanted(value));
        if (found !== undefined) finish(found);
      };
      const timeout = setTimeout(() => finish(null), Math.max(0, untilMs - performance.now()));
      this.#waiting.add(check);
      check();
    });
  }

  /** Acknowledges all that stands. @throws {Error} when the level does not go back to 0 */
  async acknowledge(): Promise<void> {
    const sinceMs = performance.now();
    const request = JSON.stringify({ id: randomUUID(), by: 'bench' });
    await this.#client.publishAsync(`${BASE}/cmd/acknowledge`, request, { qos: 1 });
    const down = await this.level((level) => level === 0, sinceMs, sinceMs + ACKNOWLEDGED_MS);
    if (down === null) throw new Error('an alert was acknowledged, and the level stayed');
  }

  async close(): Promise<void> {
    await this.#client.endAsync();
  }
}
