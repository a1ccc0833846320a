import {
  connect,
  type IClientOptions,
  type IPublishPacket,
  type MqttClient as Connection,
} from 'mqtt';
import {
  messageOf,
  UnavailableError,
  type Clock,
  type Log,
  type Random,
  type Timer,
} from '../../base/index.js';

/** MQTT 5, or 4, as the protocol calls 3.1.1. */
export type MqttVersion = 4 | 5;

/** Dead peers are found after half as much again, s (MQTT 5 §3.1.2.10). */
export const KEEPALIVE_S = 30;
/** A broker that does not answer CONNECT in this time is away, ms. */
export const CONNECT_MAX_MS = 10_000;
export const RECONNECT_FIRST_MS = 500;
export const RECONNECT_MAX_MS = 30_000;
/** The most publishes without an answer at once. */
export const UNANSWERED_MAX = 1_000;
/**
 * How long a broker keeps our session, s. No longer than a command is worth: a late "sound the
 * buzzer" is worse than none.
 */
export const SESSION_EXPIRY_S = 60;
/** A graceful farewell that takes longer is cut short, ms. */
const FAREWELL_MAX_MS = 2_000;

export interface MqttMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** It stood at the broker before we came. */
  readonly isRetained: boolean;
}

export interface MqttClientOptions {
  readonly url: string;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  /** What to try, in this order, until the broker accepts one. */
  readonly versions: readonly MqttVersion[];
  /** Gets `online` and `offline`, retained; `offline` also as our last will. */
  readonly availabilityTopic: string;
  readonly willDelayS: number;
  readonly subscriptions: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Connected, subscribed, and `online` is said. */
  readonly onUp: () => void;
  readonly onDown: () => void;
  readonly onMessage: (message: MqttMessage) => void;
}

/**
 * One lasting link to a broker: MQTT 5 where the broker speaks it, else 3.1.1; comes back by itself.
 * It keeps nothing for later: what is unanswered when the link breaks is rejected, and the outbox
 * sends it again.
 */
export class MqttClient {
  readonly #options: MqttClientOptions;
  readonly #unanswered = new Set<(cause: Error) => void>();
  #connection: Connection | undefined;
  #isUp = false;
  #isClosed = false;
  #versionIndex = 0;
  #attempts = 0;
  #retry: Timer | undefined;

  constructor(options: MqttClientOptions) {
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** The version in use, or tried next. */
  get version(): MqttVersion {
    return this.#options.versions[this.#versionIndex] ?? 4;
  }

  start(): void {
    if (this.#isClosed || this.#connection !== undefined) return;
    const connection = connect(this.#options.url, this.#connectOptions());
    this.#connection = connection;
    let isAccepted = false;
    let lastError: unknown;
    connection.on('connect', () => {
      isAccepted = true;
      void this.#greet(connection);
    });
    connection.on('message', (topic, payload, packet: IPublishPacket) => {
      this.#options.onMessage({ topic, payload, isRetained: packet.retain });
    });
    connection.on('error', (cause) => {
      lastError = cause;
    });
    connection.on('close', () => {
      if (this.#connection !== connection) return;
      this.#connection = undefined;
      connection.end(true);
      this.#onLost(isAccepted, lastError);
    });
  }

  /**
   * Resolves when the broker has it (QoS 1: PUBACK).
   * @throws {UnavailableError} `broker-away` when not connected or lost before the answer,
   *   `broker-slow` when too many are unanswered
   */
  publish(
    topic: string,
    payload: string,
    options: { readonly qos: 0 | 1; readonly retain: boolean },
  ): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined || !connection.connected) {
      return Promise.reject(new UnavailableError('broker-away', 'not connected to the broker'));
    }
    if (this.#unanswered.size >= UNANSWERED_MAX) {
      return Promise.reject(new UnavailableError('broker-slow', 'too many unanswered publishes'));
    }
    return new Promise((resolve, reject) => {
      this.#unanswered.add(reject);
      connection.publish(topic, payload, options, (cause) => {
        this.#unanswered.delete(reject);
        if (!(cause instanceof Error)) resolve();
        else reject(new UnavailableError('broker-away', cause.message, { cause }));
      });
    });
  }

  /** Says `offline` and leaves; the will stays unsaid. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#retry?.cancel();
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    this.#isUp = false;
    await new Promise<void>((resolve) => {
      const cut = this.#options.clock.after(FAREWELL_MAX_MS, () => {
        connection.end(true);
        resolve();
      });
      const done = (): void => {
        cut.cancel();
        resolve();
      };
      if (!connection.connected) connection.end(true, done);
      else {
        const { availabilityTopic } = this.#options;
        connection.publish(availabilityTopic, 'offline', { qos: 1, retain: true }, () => {
          connection.end(false, done);
        });
      }
    });
    this.#rejectUnanswered();
  }

  #connectOptions(): IClientOptions {
    const { clientId, username, password, availabilityTopic, willDelayS } = this.#options;
    const isFive = this.version === 5;
    const will = { topic: availabilityTopic, payload: Buffer.from('offline') };
    return {
      clientId,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      protocolVersion: this.version,
      // In 3.1.1 a session has no end: commands of yesterday would be carried out today.
      clean: !isFive,
      ...(isFive ? { properties: { sessionExpiryInterval: SESSION_EXPIRY_S } } : {}),
      will: {
        ...will,
        qos: 1,
        retain: true,
        ...(isFive ? { properties: { willDelayInterval: willDelayS } } : {}),
      },
      keepalive: KEEPALIVE_S,
      connectTimeout: CONNECT_MAX_MS,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
    };
  }

  async #greet(connection: Connection): Promise<void> {
    const { subscriptions, availabilityTopic, log, onUp } = this.#options;
    try {
      await connection.subscribeAsync([...subscriptions], { qos: 1 });
    } catch (cause) {
      // An outside broker may refuse a topic (SUBACK ≥ 0x80): alarms go out all the same.
      log.warn('brokerRefusedSubscription', { cause: messageOf(cause) });
    }
    try {
      await this.publish(availabilityTopic, 'online', { qos: 1, retain: true });
    } catch (cause) {
      log.warn('brokerGreetingFailed', { cause: messageOf(cause) });
      connection.end(true);
      return;
    }
    if (this.#connection !== connection) return;
    this.#isUp = true;
    this.#attempts = 0;
    log.info('brokerUp', { version: this.version });
    onUp();
  }

  #onLost(wasAccepted: boolean, cause: unknown): void {
    const wasUp = this.#isUp;
    this.#isUp = false;
    this.#rejectUnanswered();
    this.#options.log.warn('brokerDown', { cause: messageOf(cause ?? 'closed'), wasUp });
    if (wasUp) this.#options.onDown();
    if (this.#isClosed) return;
    let waitMs = this.#backoffMs();
    if (wasAccepted) this.#versionIndex = 0;
    else if (isRefusal(cause)) {
      this.#versionIndex = (this.#versionIndex + 1) % this.#options.versions.length;
      if (this.#versionIndex > 0) waitMs = 0;
    }
    this.#attempts += 1;
    this.#retry = this.#options.clock.after(waitMs, () => this.start());
  }

  #rejectUnanswered(): void {
    const cause = new UnavailableError('broker-away', 'the link broke before the answer');
    for (const reject of this.#unanswered) reject(cause);
    this.#unanswered.clear();
  }

  /** Doubles up to the maximum; between half of it and the whole, so that boxes do not march in step. */
  #backoffMs(): number {
    const doubling = RECONNECT_FIRST_MS * 2 ** Math.min(this.#attempts, 16);
    return Math.min(doubling, RECONNECT_MAX_MS) * (0.5 + this.#options.random.fraction() / 2);
  }
}

/** CONNACK codes that speak of the login, not of the version: 3.1.1 §3.2.2.3, 5 §3.2.2.2. */
const LOGIN_CODES: readonly unknown[] = [4, 5, 0x86, 0x87];

/** Whether a broker was there and would not have us, which another version may change. */
function isRefusal(cause: unknown): boolean {
  if (!(cause instanceof Error) || !('code' in cause)) return true;
  // The system's own errors (ECONNREFUSED) have names for codes.
  return typeof cause.code !== 'string' && !LOGIN_CODES.includes(cause.code);
}
