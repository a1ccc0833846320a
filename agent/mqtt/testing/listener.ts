import { connect, type IPublishPacket, type MqttClient } from 'mqtt';

/** How long a test waits for a message, ms. */
const PATIENCE_MS = 15_000;

export interface Heard {
  readonly topic: string;
  readonly payload: string;
  readonly isRetained: boolean;
}

/** Somebody else at the broker: a lamp, an integration. Remembers all it hears. */
export class Listener {
  readonly heard: Heard[] = [];
  readonly client: MqttClient;
  readonly #waiting = new Set<() => void>();

  private constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (topic, payload, packet: IPublishPacket) => {
      this.heard.push({ topic, payload: payload.toString(), isRetained: packet.retain });
      for (const check of this.#waiting) check();
    });
  }

  static async open(
    url: string,
    options: { readonly version?: 4 | 5; readonly filter?: string; readonly login?: object } = {},
  ): Promise<Listener> {
    const { version = 4, filter = '#', login = {} } = options;
    const client = connect(url, { protocolVersion: version, reconnectPeriod: 50, ...login });
    const listener = new Listener(client);
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => {
        resolve();
      });
      client.once('error', reject);
    });
    await client.subscribeAsync(filter, { qos: 1 });
    return listener;
  }

  /** Resolves with the first `count` messages that match, past or to come. */
  until(what: string, matches: (heard: Heard) => boolean, count = 1): Promise<readonly Heard[]> {
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`not heard: ${what}; heard ${JSON.stringify(this.heard.slice(-20))}`));
      }, PATIENCE_MS);
      const check = (): void => {
        const found = this.heard.filter(matches);
        if (found.length < count) return;
        clearTimeout(timeout);
        this.#waiting.delete(check);
        resolve(found.slice(0, count));
      };
      this.#waiting.add(check);
      check();
    });
  }

  on(topic: string, payload?: string): Promise<readonly Heard[]> {
    return this.until(
      `${topic} ${payload ?? ''}`,
      (heard) => heard.topic === topic && (payload === undefined || heard.payload === payload),
    );
  }

  async ask(topic: string, request: object): Promise<void> {
    await this.client.publishAsync(topic, JSON.stringify(request), { qos: 1 });
  }

  async close(): Promise<void> {
    await this.client.endAsync(true);
  }
}
