import {
  messageOf,
  randomHex,
  type Clock,
  type Log,
  type Random,
  type Timer,
} from '../../base/index.js';
import type {
  AlarmStatus,
  AlertService,
  AlertSink,
  BoxEvent,
  Subscription,
} from '../alert/index.js';
import { Commands, type CommandTargets } from './commands.js';
import { EmbeddedBroker, type Login } from './embedded-broker.js';
import { discoveryPayload, discoveryTopic, HOME_ASSISTANT_STATUS } from './home-assistant.js';
import { lampArrivalTopic, lampMessage, type LampShow } from './lamp.js';
import { MqttClient, type MqttMessage, type MqttVersion } from './mqtt-client.js';
import type { LampConfig, MqttConfig } from './mqtt-config.js';
import {
  COMMANDS,
  encodeEvent,
  topicsOf,
  type BoxHealth,
  type BoxState,
  type Topics,
} from './payloads.js';

/** How often `health` is published, ms. */
export const HEALTH_EVERY_MS = 60_000;

export interface MqttSinkOptions {
  readonly config: MqttConfig;
  readonly box: { readonly id: string; readonly name: string; readonly timezone: string };
  /** What stands in `config.passwordFile`. */
  readonly password?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly alerts: Pick<AlertService, 'subscribe' | 'acknowledge'>;
  /** Raises an alarm of type `test`. */
  readonly testAlarm: (level: 1 | 2 | 3) => Promise<unknown>;
  /** Asked each minute. */
  readonly health: () => BoxHealth;
  /** `090-****-5678`. */
  readonly maskNumber: (number: string) => string;
  /** Told of each message that the broker has taken. */
  readonly onPublished?: (topic: string, payload: string, isRetained: boolean) => void;
}

interface Standing {
  readonly payload: string;
  readonly qos: 0 | 1;
}

/** The box on MQTT (INTERFACES §4): what stands, what happens, what is asked; and its lamps. */
export class MqttSink implements AlertSink {
  readonly name = 'mqtt';
  readonly #options: MqttSinkOptions;
  readonly #topics: Topics;
  readonly #client: MqttClient;
  readonly #broker: EmbeddedBroker | undefined;
  readonly #commands: Commands;
  /** Retained topics as they stand now; told anew at each connect. */
  readonly #standing = new Map<string, Standing>();
  #state: BoxState | undefined;
  #status: AlarmStatus = { level: 0, overdueStage: 0, open: [], faults: [] };
  #shown: LampShow | undefined;
  #subscription: Subscription | undefined;
  #healthTimer: Timer | undefined;

  private constructor(options: MqttSinkOptions, own: BoxLogin, broker: EmbeddedBroker | undefined) {
    const { config, box, clock, random, log } = options;
    this.#options = options;
    this.#broker = broker;
    this.#topics = topicsOf(box.id);
    this.#commands = new Commands(this.#targets(), clock);
    this.#client = new MqttClient({
      ...urlAndLogin(options, own, broker),
      clientId: own.clientId,
      availabilityTopic: this.#topics.availability,
      willDelayS: config.willDelayS,
      subscriptions: this.#subscriptions(),
      clock,
      random,
      log,
      onUp: () => this.#onUp(),
      onDown: () => undefined,
      onMessage: (message) => this.#onMessage(message),
    });
  }

  /**
   * Opens the broker if it is ours, connects, and takes its place among the sinks. An outside broker
   * that is away is no error: the sink keeps trying, and what happens meanwhile waits.
   * @throws {UnavailableError} `port-taken` or `mqtt-listen`: the embedded broker cannot listen
   */
  static async open(options: MqttSinkOptions): Promise<MqttSink> {
    const { config, box, random } = options;
    const clientId = config.clientId ?? `tatebako-${box.id}`;
    const own: BoxLogin = {
      clientId,
      username: `tatebako-${randomHex(random, 4)}`,
      password: randomHex(random, 16),
    };
    const broker = config.broker === 'embedded' ? await openBroker(options, own) : undefined;
    const sink = new MqttSink(options, own, broker);
    sink.#subscription = await options.alerts.subscribe(sink);
    sink.#client.start();
    sink.#healthTimer = options.clock.after(0, () => sink.#publishHealth());
    return sink;
  }

  get isUp(): boolean {
    return this.#client.isUp;
  }

  /** The MQTT version in use, or tried next: 5, or 4 for 3.1.1. */
  get version(): MqttVersion {
    return this.#client.version;
  }

  /** The port of the embedded broker, if it is ours. */
  get port(): number | undefined {
    return this.#broker?.port;
  }

  /** Events that wait for the broker. */
  get waiting(): number {
    return this.#subscription?.waiting ?? 0;
  }

  show(status: AlarmStatus): void {
    this.#status = status;
    this.#stand(this.#topics.level, String(status.level));
    this.#standState();
    const { level, overdueStage } = status;
    if (this.#shown?.level === level && this.#shown.overdueStage === overdueStage) return;
    this.#shown = { level, overdueStage };
    for (const lamp of this.#options.config.lamp) this.#tellLamp(lamp, this.#shown);
  }

  deliver(event: BoxEvent): Promise<void> {
    const { config, box, maskNumber } = this.#options;
    const { fullNumbers } = config;
    const payload = encodeEvent(event, { timeZone: box.timezone, maskNumber, fullNumbers });
    return this.#publish(this.#topics.event(event.what), payload, { qos: 1, retain: false });
  }

  /** What the rest of the box says of itself; told when it differs from what stands. */
  setState(state: BoxState): void {
    this.#state = state;
    this.#standState();
  }

  async close(): Promise<void> {
    this.#healthTimer?.cancel();
    this.#subscription?.close();
    await this.#client.close();
    await this.#broker?.close();
  }

  #standState(): void {
    if (this.#state === undefined) return;
    const { line, phones, callsActive, storage, detector, recording } = this.#state;
    const alertLevel = this.#status.level;
    const faults = this.#status.faults.map((fault) => fault.code);
    const state = { line, phones, callsActive, alertLevel, storage, detector, recording, faults };
    this.#stand(this.#topics.state, JSON.stringify(state));
  }

  #stand(topic: string, payload: string, qos: 0 | 1 = 1): void {
    const before = this.#standing.get(topic);
    if (before?.payload === payload) return;
    this.#standing.set(topic, { payload, qos });
    this.#tell(topic, payload, { qos, retain: true });
  }

  /** For what stands: a loss heals by itself, since all of it is told at the next connect. */
  #tell(topic: string, payload: string, options: { qos: 0 | 1; retain: boolean }): void {
    if (!this.#client.isUp) return;
    this.#publish(topic, payload, options).catch((cause: unknown) => {
      this.#options.log.debug('publishFailed', { topic, cause: messageOf(cause) });
    });
  }

  async #publish(
    topic: string,
    payload: string,
    options: { qos: 0 | 1; retain: boolean },
  ): Promise<void> {
    await this.#client.publish(topic, payload, options);
    this.#options.onPublished?.(topic, payload, options.retain);
  }

  #tellLamp(lamp: LampConfig, show: LampShow): void {
    const { topic, payload, retain } = lampMessage(lamp, show);
    this.#tell(topic, payload, { qos: 1, retain });
  }

  #onUp(): void {
    for (const [topic, { payload, qos }] of this.#standing) {
      this.#tell(topic, payload, { qos, retain: true });
    }
    for (const lamp of this.#options.config.lamp) {
      this.#tellLamp(lamp, this.#shown ?? { level: 0, overdueStage: 0 });
    }
    this.#announceToHomeAssistant();
    this.#subscription?.wake();
  }

  #announceToHomeAssistant(): void {
    const { config, box } = this.#options;
    if (!config.discovery) return;
    const payload = discoveryPayload(box, this.#topics);
    this.#tell(discoveryTopic(box.id), payload, { qos: 1, retain: true });
  }

  #publishHealth(): void {
    const { health, clock } = this.#options;
    this.#healthTimer = clock.after(HEALTH_EVERY_MS, () => this.#publishHealth());
    this.#stand(this.#topics.health, JSON.stringify(health()), 0);
  }

  #subscriptions(): readonly string[] {
    const { config } = this.#options;
    const arrivals = config.lamp.flatMap((lamp) => lampArrivalTopic(lamp) ?? []);
    const commands = COMMANDS.map((name) => this.#topics.command(name));
    const discovery = config.discovery ? [HOME_ASSISTANT_STATUS] : [];
    return [...new Set([...commands, ...discovery, ...arrivals])];
  }

  #onMessage({ topic, payload, isRetained }: MqttMessage): void {
    const name = COMMANDS.find((command) => this.#topics.command(command) === topic);
    if (name !== undefined) {
      void this.#commands.answer(name, payload, isRetained).then((answer) => {
        const result = JSON.stringify(answer);
        this.#tell(this.#topics.result(name), result, { qos: 1, retain: false });
      });
      return;
    }
    if (topic === HOME_ASSISTANT_STATUS) {
      if (payload.toString() === 'online' && !isRetained) this.#announceToHomeAssistant();
      return;
    }
    if (payload.toString() !== 'Online' || this.#shown === undefined) return;
    const arrived = this.#options.config.lamp.filter((lamp) => lampArrivalTopic(lamp) === topic);
    for (const lamp of arrived) this.#tellLamp(lamp, this.#shown);
  }

  #targets(): CommandTargets {
    const { alerts, testAlarm, config } = this.#options;
    return {
      acknowledge: async ({ alertId = 'all', by = 'mqtt' }) => {
        const seen = await alerts.acknowledge({ alertId, by, via: 'mqtt' });
        return alertId !== 'all' && seen.length === 0 ? 'no such unacknowledged alert' : null;
      },
      testAlarm: async ({ level }) => {
        await testAlarm(level);
        return null;
      },
      lamp: ({ lamp: wanted, level }) => {
        const lamps = config.lamp.filter((lamp) => wanted === undefined || lamp.name === wanted);
        for (const lamp of lamps) this.#tellLamp(lamp, { level, overdueStage: 0 });
        return Promise.resolve(lamps.length === 0 ? 'no such lamp' : null);
      },
    };
  }
}

type BoxLogin = Login & { readonly clientId: string };

function openBroker(options: MqttSinkOptions, own: BoxLogin): Promise<EmbeddedBroker> {
  const { config, box, log } = options;
  const topics = topicsOf(box.id);
  return EmbeddedBroker.open({
    host: config.host,
    port: config.port,
    box: own,
    ownTopic: topics.base,
    isCommand: (topic) => COMMANDS.some((name) => topics.command(name) === topic),
    ...userOf(options),
    log,
  });
}

function userOf({ config, password }: MqttSinkOptions): { readonly user?: Login } {
  const { username } = config;
  return username === undefined ? {} : { user: { username, password: password ?? '' } };
}

function urlAndLogin(
  options: MqttSinkOptions,
  own: BoxLogin,
  broker: EmbeddedBroker | undefined,
): {
  readonly url: string;
  readonly versions: readonly MqttVersion[];
  readonly username?: string;
  readonly password?: string;
} {
  if (broker === undefined) {
    return { url: options.config.broker, versions: [5, 4], ...userOf(options).user };
  }
  const { host } = options.config;
  const local = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const address = local.includes(':') ? `[${local}]` : local;
  // Ours speaks 3.1.1 alone, and we know it.
  const { username, password } = own;
  return { url: `mqtt://${address}:${broker.port}`, versions: [4], username, password };
}
