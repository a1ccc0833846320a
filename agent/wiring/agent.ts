/** The agent, wired: telephone, judgement, memory and the outside, and what goes from one to the other. */
import { MessageChannel } from 'node:worker_threads';
import { messageOf, type Clock, type Log, type Random } from '../../base/index.js';
import { AlertService, type AlertSink } from '../alert/index.js';
import {
  startBridge,
  type Bridge,
  type BridgeEvent,
  type CallNews,
  type CallState,
  type DetectTap,
  type LiveCall,
} from '../call/index.js';
import type { Config } from '../config.js';
import { maskNumber } from '../line/index.js';
import { MqttSink } from '../mqtt/index.js';
import type { Recorder } from '../recorder/index.js';
import { healthOf } from './box-health.js';
import { feedCall, noticeOf } from './call-news.js';
import { makeDataDirectory } from './data-directory.js';
import { Feed } from './feed.js';
import { feedSink } from './feed-sink.js';
import { Judgement } from './judgement.js';
import { Memory } from './memory.js';
import { loadPrompts, Prompts } from './prompts.js';
import { StorageFault } from './storage-fault.js';
import { openTelephone, type Telephone } from './telephone.js';

export interface World {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
}

/** Legs at once: four calls with a transfer each, and room for those that ring. */
const LEGS_MAX = 40;
const DETECT_BATCH_MS = 100;
/** Raised by a call that could not be; the next call that two people talk in has disproved them. */
const CALL_FAULTS = ['no-media-port', 'no-phone-registered'] as const;

interface FaultSink {
  raise: (code: string) => void;
  clear: (code: string) => void;
}

export class Agent {
  readonly config: Config;
  readonly feed = new Feed();
  readonly memory: Memory;
  readonly alerts: AlertService;
  readonly judgement: Judgement;
  readonly #world: World;
  readonly #recorder: Recorder;
  readonly #prompts: Prompts;
  #bridge: Bridge | null = null;
  #mqtt: MqttSink | null = null;
  #telephone: Telephone | null = null;
  #onState: () => void = () => undefined;

  private constructor(config: Config, world: World, memory: Memory, alerts: AlertService) {
    this.config = config;
    this.#world = world;
    this.memory = memory;
    this.alerts = alerts;
    this.#recorder = memory.startRecorder();
    this.#prompts = new Prompts(config.announcementFile, world.log, (code) => this.fault(code));
    this.judgement = new Judgement({
      ...world,
      policy: config.policy,
      alerts,
      detector: {
        enabled: config.detector.enabled,
        modelsDirectory: config.modelsDirectory,
        keywords: config.keywords,
      },
      onHeard: (callId, event) => this.feed.tell({ kind: 'heard', callId, event }),
      onDetectorState: (state) => {
        this.#world.log.info('detectorState', { ...state });
        this.#onDetectorState(state.name === 'off');
      },
      onNote: (callId, note) => this.#note(callId, note),
    });
  }

  /**
   * @throws {UnavailableError} when a port or the data directory is in use by another program
   * @throws {ConfigError} when the data directory cannot be
   */
  static async start(config: Config, world: World): Promise<Agent> {
    await makeDataDirectory(config);
    const faults: string[] = [];
    // Until the alarms are open, faults wait.
    const early: FaultSink = { raise: (code) => void faults.push(code), clear: () => undefined };
    const storage = new StorageFault((isStanding) =>
      isStanding ? early.raise('storage') : early.clear('storage'),
    );
    const memory = await Memory.open({
      dataDirectory: config.dataDirectory,
      clock: world.clock,
      log: world.log,
      onFault: (code) => early.raise(code),
      onStorage: (user, isFailing) => storage.note(user, isFailing),
    });
    const { secondPatternAfterS, nextPersonAfterS } = config.policy.unacknowledged;
    const alerts = await AlertService.open({
      table: memory.alertTable(),
      ...world,
      overdueAfterMs: [secondPatternAfterS * 1_000, nextPersonAfterS * 1_000],
      onStorageFailing: (isFailing) => storage.note('alerts', isFailing),
    });
    early.raise = (code) => alerts.raiseFault(code);
    early.clear = (code) => alerts.clearFault(code);
    const agent = new Agent(config, world, memory, alerts);
    try {
      await agent.#open(faults);
    } catch (cause) {
      await agent.stop();
      throw cause;
    }
    return agent;
  }

  get telephone(): Telephone {
    if (this.#telephone === null) throw new TypeError('the telephone is opened by start');
    return this.#telephone;
  }

  get mqtt(): MqttSink | null {
    return this.#mqtt;
  }

  /** Set by whoever shows the state of the box: told when something of it changed. */
  set onState(listener: () => void) {
    this.#onState = listener;
  }

  fault(code: string): void {
    this.#world.log.warn('faultRaised', { code });
    this.alerts.raiseFault(code);
  }

  /** Calls alive; none before the telephone is open. */
  get calls(): Iterable<LiveCall> {
    return this.#telephone?.exchange.calls ?? [];
  }

  nowMs(): number {
    return this.#world.clock.wallMs();
  }

  /** The call that a press of the button is about: the one that talks, the newest of several. */
  activeCallId(): string | null {
    let found: string | null = null;
    for (const { id, state } of this.calls) {
      if (state.phase === 'bridged') found = id;
    }
    return found;
  }

  /** Takes its place among the sinks. */
  async subscribe(sink: AlertSink): Promise<void> {
    await this.alerts.subscribe(sink);
  }

  async stop(): Promise<void> {
    await this.#telephone?.close();
    this.judgement.close();
    await this.#bridge?.close();
    await this.memory.closeRecorder();
    await this.#mqtt?.close();
    await this.alerts.close();
    await this.memory.close();
  }

  async #open(faults: readonly string[]): Promise<void> {
    const { config, memory, alerts } = this;
    await this.subscribe(feedSink(this.feed, () => this.#onState()));
    this.#mqtt = await this.#openMqtt();
    // Calls that an alert still waits for ended with the process that knew them.
    for (const callId of alerts.callIds) await alerts.callEnded(callId);
    for (const code of faults) alerts.raiseFault(code);
    if (!memory.isIntact) this.fault('store-repaired');
    this.#bridge = await this.#startBridge();
    loadPrompts(config.announcementFile, (command) => this.#bridge?.send(command));
    this.#telephone = await this.#openTelephone(await memory.bindings());
  }

  #openMqtt(): Promise<MqttSink> {
    const { config, alerts, judgement } = this;
    const { id, name, timezone } = config.box;
    return MqttSink.open({
      ...this.#world,
      config: config.mqtt,
      box: { id, name, timezone },
      ...(config.mqttPassword === null ? {} : { password: config.mqttPassword }),
      alerts,
      testAlarm: (level) => judgement.testAlarm(level),
      health: () => healthOf(this),
      maskNumber,
      onPublished: (topic, payload, retained) =>
        this.feed.tell({ kind: 'mqtt', topic, payload, retained }),
    });
  }

  async #startBridge(): Promise<Bridge> {
    const { config, judgement } = this;
    const { port1, port2 } = new MessageChannel();
    port2.on('message', (tap: DetectTap) => judgement.onAudio(tap));
    const bridge = startBridge(
      {
        bindAddress: config.sip.listenAddress,
        advertisedAddress: config.sip.advertisedAddress,
        firstPort: config.rtp.firstPort,
        lastPort: config.rtp.lastPort,
        legsMax: LEGS_MAX,
        detectBatchMs: DETECT_BATCH_MS,
      },
      {
        clock: this.#world.clock,
        log: this.#world.log,
        recordPort: this.#recorder.openTapPort(),
        detectPort: port1,
        onEvent: (event) => this.#onBridgeEvent(event),
        onLost: (cause) => {
          // A bug of ours: the process ends, and is started again.
          this.#world.log.error('mediaWorkerLost', { cause: messageOf(cause) });
          throw cause;
        },
      },
    );
    await bridge.ready;
    return bridge;
  }

  #openTelephone(bindings: Awaited<ReturnType<Memory['bindings']>>): Promise<Telephone> {
    const { config, memory } = this;
    const { advertisedAddress, port } = config.sip;
    return openTelephone({
      ...this.#world,
      sip: config.sip,
      line: config.line,
      linePassword: config.linePassword,
      phones: config.phones,
      bindings,
      onBindings: (all) => memory.keepBindings(all),
      onLine: (line) => {
        this.#world.log.info('lineState', { ...line });
        if (line.state === 'down') this.fault('line-down');
        else this.alerts.clearFault('line-down');
        this.#onState();
      },
      onPhones: () => this.#onState(),
      exchange: {
        recorder: memory.callRecorder(this.#recorder),
        box: { host: advertisedAddress, port, language: config.box.language },
        config: config.call,
        detect: config.detector.enabled,
        announcement: () => this.#prompts.announcement,
        policyFor: () => ({ announce: true }),
        toBridge: (command) => this.#bridge?.send(command),
        onChange: (stored) => {
          memory.keep(stored);
          this.#onState();
        },
        onNews: (news, state) => this.#onNews(news, state),
        onFault: (fault) => this.fault(fault),
        onLegHealth: (callId, speaker, _legId, { levelDbov }) =>
          this.feed.tell({ kind: 'levels', callId, speaker, levelDbov }),
        onDigit: (callId, who, digit) => this.judgement.onDigit(callId, who, digit),
      },
    });
  }

  #onBridgeEvent(event: BridgeEvent): void {
    this.#prompts.onEvent(event);
    this.#telephone?.exchange.onBridgeEvent(event);
    if (event.name === 'tone' && event.tone === 'faxCalling') {
      const [callId = ''] = event.legId.split(':');
      this.judgement.onFax(callId);
    }
  }

  #onNews(news: CallNews, state: CallState): void {
    const { record } = state;
    this.#world.log.info('call', {
      callId: record.id,
      news,
      phase: state.phase,
      outcome: record.outcome,
    });
    if (news === 'answered') {
      this.judgement.onAnswered(state);
      // Two legs have found their ports, and a phone was there.
      for (const code of CALL_FAULTS) this.alerts.clearFault(code);
    }
    if (news === 'ended' || news === 'rejected') this.judgement.onEnded(record.id);
    this.feed.tell({ kind: 'call', call: feedCall(news, record, this.#world.clock.wallMs()) });
    const notice = noticeOf(news, record);
    if (notice !== null) void this.alerts.recordCall(notice);
    this.#onState();
  }

  #onDetectorState(isOff: boolean): void {
    if (isOff && this.config.detector.enabled) this.fault('detector-off');
    else this.alerts.clearFault('detector-off');
    this.#onState();
  }

  #note(
    callId: string,
    note: Parameters<ConstructorParameters<typeof Judgement>[0]['onNote']>[1],
  ): void {
    const call = this.#telephone?.exchange.call(callId);
    if (call === undefined) return;
    const { alerts, deafSpells } = call.state.record;
    if ('alert' in note) call.note({ alerts: [...alerts, note.alert] });
    else call.note({ deafSpells: [...deafSpells, note.deaf] });
  }
}
