/** The outside: lamp and buttons, the state on MQTT, and the service behind the `tatebako` command. */
import type { Clock, Timer } from '../../base/index.js';
import type { AlarmStatus, AlertSink } from '../alert/index.js';
import type { CallRecord } from '../call/index.js';
import {
  openTokens,
  startControl,
  type BoxReads,
  type CallJson,
  type CallQuery,
  type RunningControl,
  type StatusJson,
} from '../control/index.js';
import {
  createDeviceSink,
  patternOf,
  type DeviceKeyPress,
  type DeviceSink,
} from '../device/index.js';
import { formatCallerForDisplay } from '../line/index.js';
import { Pattern } from '../../proto/index.js';
import type { Agent, World } from './agent.js';
import { mqttStateOf, statusEvent, statusOf } from './box-state.js';
import { streamWav } from './stream-wav.js';

/** Changes that come together are told once. */
const TELL_AFTER_MS = 50;
/** The disk is looked at this often, ms. */
const DISK_EVERY_MS = 10_000;
/** SOS is pressed, not held: holding it will block the caller. */
const SOS_MAX_MS = 3_000;

export class Outside {
  readonly #agent: Agent;
  readonly #world: World;
  readonly #startedMs: number;
  readonly #device: DeviceSink;
  #freeBytes: number | null = null;
  #control: RunningControl | null = null;
  #tellTimer: Timer | null = null;
  #diskTimer: Timer | null = null;
  #lamp = '';
  #told = '';

  private constructor(agent: Agent, world: World) {
    this.#agent = agent;
    this.#world = world;
    this.#startedMs = world.clock.wallMs();
    this.#device = createDeviceSink({
      socketPath: agent.config.firmwareSocket,
      clock: world.clock,
      log: world.log,
      onKey: (press) => void this.#onKey(press),
      onState: (state) => {
        world.log.info('hardwareState', { state });
        this.#tellSoon();
      },
    });
  }

  /** @throws {UnavailableError} `socket-taken`: another agent runs on this data directory */
  static async open(agent: Agent, world: World): Promise<Outside> {
    const outside = new Outside(agent, world);
    await outside.#open();
    return outside;
  }

  async close(): Promise<void> {
    this.#tellTimer?.cancel();
    this.#diskTimer?.cancel();
    this.#device.close();
    await this.#control?.close();
  }

  status(): StatusJson {
    const storage = this.#agent.memory.storageState(this.#freeBytes);
    return statusOf(this.#agent, this.#device, storage, this.#startedMs);
  }

  async #open(): Promise<void> {
    const { clock, log } = this.#world;
    await this.#agent.subscribe(this.#device);
    await this.#agent.subscribe(this.#lampFeed());
    await this.#lookAtDisk(clock);
    this.#agent.onState = () => this.#tellSoon();
    this.#control = await startControl({
      socketPath: this.#agent.config.agentSocket,
      box: this.#reads(),
      clock,
      log,
    });
    this.#tell();
  }

  async #lookAtDisk(clock: Clock): Promise<void> {
    this.#freeBytes = await this.#agent.memory.freeBytes();
    this.#diskTimer = clock.after(DISK_EVERY_MS, () => void this.#lookAtDisk(clock));
  }

  #tellSoon(): void {
    this.#tellTimer ??= this.#world.clock.after(TELL_AFTER_MS, () => {
      this.#tellTimer = null;
      this.#tell();
    });
  }

  #tell(): void {
    const status = this.status();
    this.#agent.mqtt?.setState(mqttStateOf(status));
    this.#device.setActivity({ callsActive: status.calls.length });
    const event = statusEvent(status);
    const told = JSON.stringify(event);
    if (told !== this.#told) this.#agent.feed.tell(event);
    this.#told = told;
    this.#tellLamp(this.#agent.alerts.status);
  }

  /** What the lamp is told, for whoever watches. */
  #lampFeed(): AlertSink {
    return { name: 'lamp-feed', show: (status) => this.#tellLamp(status) };
  }

  #tellLamp(status: AlarmStatus): void {
    const callsActive = [...this.#agent.telephone.exchange.calls].filter(
      (call) => call.state.phase !== 'ended',
    ).length;
    const pattern = Pattern[patternOf(status, { callsActive, isUpdating: false })].replace(
      'PATTERN_',
      '',
    );
    const lamp = `${pattern} ${status.level}`;
    if (lamp === this.#lamp) return;
    this.#lamp = lamp;
    this.#agent.feed.tell({ kind: 'lamp', level: status.level, pattern });
  }

  async #onKey({ key, heldMs }: DeviceKeyPress): Promise<void> {
    this.#world.log.info('keyPressed', { key, heldMs });
    if (key === 'acknowledge') {
      await this.#agent.alerts.acknowledge({ alertId: 'all', by: 'button', via: 'button' });
    }
    if (key === 'sos' && heldMs < SOS_MAX_MS) {
      await this.#agent.judgement.panic('button', this.#agent.activeCallId());
    }
  }

  #reads(): BoxReads {
    const agent = this.#agent;
    const tokens = openTokens({ ...this.#world, table: agent.memory.tokens });
    return {
      getStatus: () => this.status(),
      listCalls: (query) => this.#listCalls(query),
      getCall: async (callId) => {
        const record = await agent.memory.getCall(callId);
        return record === undefined ? undefined : this.#callJson(record);
      },
      readAudio: async (callId) => {
        const record = await agent.memory.getCall(callId);
        if (record === undefined) return { found: 'noCall' };
        const samples = agent.memory.audioOf(record);
        return samples === null
          ? { found: 'noRecording' }
          : { found: 'audio', wav: streamWav(samples) };
      },
      acknowledge: async (alertId, by) => {
        const seen = await agent.alerts.acknowledge({
          alertId: alertId === '' ? 'all' : alertId,
          by,
          via: 'command',
        });
        return seen.length;
      },
      panic: async () => (await agent.judgement.panic('commandLine', agent.activeCallId())) ?? '',
      createToken: (role, days) => tokens.create(role, days),
      subscribe: (listener) => {
        const stop = agent.feed.watch(listener);
        listener(statusEvent(this.status()));
        return () => stop?.();
      },
    };
  }

  async *#listCalls({ sinceMs, number, limit }: CallQuery): AsyncGenerator<CallJson> {
    let count = 0;
    for await (const record of this.#agent.memory.calls(sinceMs)) {
      const digits = record.caller.kind === 'number' ? record.caller.number : '';
      if (number !== '' && !digits.includes(number)) continue;
      yield this.#callJson(record);
      count += 1;
      if (count >= limit) return;
    }
  }

  #callJson(record: CallRecord): CallJson {
    return {
      ...record,
      callerText: formatCallerForDisplay(record.caller, this.#agent.config.box.language),
    };
  }
}
