import { messageOf, type Clock, type Log, type Random, type Timer } from '../../base/index.js';
import type { Decision } from '../policy/index.js';
import type { AlarmStatus, AlertSink, AlertState, BoxEvent, CallNotice, Fault } from './alert.js';
import { AlertLog, type AlertTable, type TableOperation } from './alert-log.js';
import {
  isUnacknowledged,
  openAlert,
  step,
  type AlertEffect,
  type AlertStep,
  type AlertStepEvent,
} from './alert-machine.js';
import { Sinks, type Subscription } from './sinks.js';
import { randomUuid } from './uuid.js';

/** The most alerts that are open at once; the oldest of an ended call is then acknowledged by the box. */
export const OPEN_ALERTS_MAX = 256;
/** The most faults that stand at once; each has its own code, and there are few. */
export const FAULTS_MAX = 64;

export interface AlertServiceOptions {
  readonly table: AlertTable;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** When an unacknowledged alert goes on to its next stage, ms after it was raised, rising. */
  readonly overdueAfterMs: readonly number[];
  /** Who tells that alerts cannot be stored, or can again; a fault `alert-storage` unless told. */
  readonly onStorageFailing?: (isFailing: boolean) => void;
}

export interface AcknowledgeRequest {
  readonly alertId: string;
  readonly by: string;
  readonly via: string;
}

type TellEffect = Extract<AlertEffect, { readonly do: 'tell' }>;

/** Whom an event without a call belongs to: two presses of the button are one alert. */
const ownerOf = (callId: string | null, decision: Decision): string =>
  callId ?? `box/${decision.type}`;

/** The alarms of the box: machine, log and queues, wired. Steps are taken at once, told once stored. */
export class AlertService {
  readonly #options: AlertServiceOptions;
  readonly #log: AlertLog;
  readonly #sinks: Sinks;
  /** By alertId, oldest first; cleared ones are gone. */
  readonly #open = new Map<string, AlertState>();
  readonly #alertIdOf = new Map<string, string>();
  readonly #timers = new Map<string, Timer>();
  readonly #faults = new Map<string, Fault>();
  /** Whoever is told is told in the order of the steps. */
  #told: Promise<void> = Promise.resolve();
  #strayCount = 0;

  private constructor(options: AlertServiceOptions) {
    this.#options = options;
    const { table, clock, random, log } = options;
    this.#log = new AlertLog({
      table,
      clock,
      log,
      onFailing: (isFailing) => this.#onStorage(isFailing),
    });
    this.#sinks = new Sinks({
      table,
      clock,
      random,
      log,
      onRemoved: (operations) => void this.#log.write(operations),
      onOverflow: () => this.raiseFault('outbox-full'),
    });
  }

  /** Takes up what an earlier run left: alerts nobody acknowledged stand again. */
  static async open(options: AlertServiceOptions): Promise<AlertService> {
    const service = new AlertService(options);
    try {
      for (const state of await service.#log.restore()) service.#takeUp(state);
    } catch (cause) {
      options.log.error('alertsNotRestored', { cause: messageOf(cause) });
      service.#onStorage(true);
    }
    return service;
  }

  #onStorage(isFailing: boolean): void {
    const { onStorageFailing } = this.#options;
    if (onStorageFailing !== undefined) onStorageFailing(isFailing);
    else if (isFailing) this.raiseFault('alert-storage');
    else this.clearFault('alert-storage');
  }

  /** The highest level not yet acknowledged: `alert/level`. */
  get level(): 0 | 1 | 2 | 3 {
    return this.status.level;
  }

  get status(): AlarmStatus {
    const open = [...this.#open.values()];
    const waiting = open.filter(isUnacknowledged);
    const highest = <T extends number>(none: T, numbers: readonly T[]): T =>
      numbers.reduce((a, b) => (b > a ? b : a), none);
    return {
      level: highest<0 | 1 | 2 | 3>(
        0,
        waiting.map((state) => state.level),
      ),
      overdueStage: highest<number>(
        0,
        waiting.map((state) => state.overdueStage),
      ),
      open,
      faults: [...this.#faults.values()],
    };
  }

  /** Events that came too late or twice, since start. */
  get strayCount(): number {
    return this.#strayCount;
  }

  /** Calls that an alert still waits for: after a restart, end those that are no more. */
  get callIds(): readonly string[] {
    const open = [...this.#open.values()].filter((state) => !state.callEnded);
    return open.flatMap(({ callId }) => (callId === null ? [] : [callId]));
  }

  /**
   * Carries a decision of policy into the call's alert.
   * @returns the alert's id once everyone was told; null when a note had no alert to stand under
   */
  async raise(
    decision: Decision,
    { callId }: { readonly callId: string | null },
  ): Promise<string | null> {
    const owner = ownerOf(callId, decision);
    const atMs = this.#options.clock.wallMs();
    const known = this.#alertIdOf.get(owner);
    if (known !== undefined) {
      await this.#step(known, { name: 'raised', decision, atMs });
      return known;
    }
    if (decision.do === 'note') return null;
    this.#makeRoom();
    const alertId = randomUuid(this.#options.random);
    this.#alertIdOf.set(owner, alertId);
    await this.#carryOut(openAlert(alertId, callId, decision, atMs));
    return alertId;
  }

  /**
   * Somebody has seen it.
   * @returns the ids that this call acknowledged; none when there was nothing to acknowledge
   */
  async acknowledge(request: AcknowledgeRequest): Promise<readonly string[]> {
    const { alertId, by, via } = request;
    const wanted = [...this.#open.values()].filter(
      (state) => isUnacknowledged(state) && (alertId === 'all' || state.alertId === alertId),
    );
    const atMs = this.#options.clock.wallMs();
    const steps = wanted.map((state) =>
      this.#step(state.alertId, { name: 'acknowledged', by, via, atMs }),
    );
    await Promise.all(steps);
    return wanted.map((state) => state.alertId);
  }

  async callEnded(callId: string): Promise<void> {
    const alertId = this.#alertIdOf.get(callId);
    if (alertId !== undefined) await this.#step(alertId, { name: 'callEnded' });
  }

  /** A step in the life of a call, told to every sink with a queue. */
  async recordCall(notice: CallNotice): Promise<void> {
    const { event, operation } = this.#numbered((head) => ({ what: 'call', ...head, ...notice }));
    await this.#store([event], [operation]);
  }

  /** The box itself has a fault; the same code twice is one. */
  raiseFault(code: string): void {
    if (this.#faults.has(code) || this.#faults.size >= FAULTS_MAX) return;
    this.#options.log.error('faultRaised', { code });
    this.#faults.set(code, { code, sinceMs: this.#options.clock.wallMs() });
    this.#sinks.show(this.status);
  }

  clearFault(code: string): void {
    if (!this.#faults.delete(code)) return;
    this.#options.log.info('faultCleared', { code });
    this.#sinks.show(this.status);
  }

  subscribe(sink: AlertSink): Promise<Subscription> {
    return this.#sinks.subscribe(sink, () => this.status);
  }

  /** Nothing more is told; what waits stays on disk. @throws {StorageError} when the disk refuses */
  async close(): Promise<void> {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#sinks.close();
    await this.#told;
    await this.#log.close();
  }

  #takeUp(state: AlertState): void {
    const { alertId, callId, type } = state;
    this.#open.set(alertId, state);
    this.#alertIdOf.set(callId ?? `box/${type}`, alertId);
    if (isUnacknowledged(state)) this.#watch(alertId, state.overdueStage);
  }

  /** A shop that never acknowledges must not fill the memory. */
  #makeRoom(): void {
    if (this.#open.size < OPEN_ALERTS_MAX) return;
    const states = [...this.#open.values()];
    const oldest = states.find((state) => state.callEnded) ?? states[0];
    if (oldest === undefined) return;
    this.#options.log.warn('openAlertsFull', { alertId: oldest.alertId });
    const atMs = this.#options.clock.wallMs();
    void this.#step(oldest.alertId, { name: 'acknowledged', by: 'box', via: 'limit', atMs });
    void this.#step(oldest.alertId, { name: 'callEnded' });
  }

  #step(alertId: string, event: AlertStepEvent): Promise<void> {
    const state = this.#open.get(alertId);
    if (state === undefined) {
      this.#strayCount += 1;
      return Promise.resolve();
    }
    return this.#carryOut(step(state, event));
  }

  /** Takes the step now; resolves once it is stored and told. */
  #carryOut([state, effects]: AlertStep): Promise<void> {
    if (effects.some((effect) => effect.do === 'countStray')) {
      this.#strayCount += 1;
      return Promise.resolve();
    }
    this.#keep(state);
    for (const effect of effects) {
      if (effect.do === 'watch') this.#watch(state.alertId, 0);
      if (effect.do === 'unwatch') this.#timers.get(state.alertId)?.cancel();
    }
    const tells = effects.filter((effect) => effect.do === 'tell');
    const numbered = tells.map((effect) => this.#eventOf(state, effect));
    const operations = [
      ...this.#log.operationsOf(state),
      ...numbered.map(({ operation }) => operation),
    ];
    return this.#store(
      numbered.map(({ event }) => event),
      operations,
      state.name === 'raised' ? state.alertId : undefined,
    );
  }

  #keep(state: AlertState): void {
    if (state.name !== 'cleared') {
      this.#open.set(state.alertId, state);
      return;
    }
    this.#open.delete(state.alertId);
    this.#timers.get(state.alertId)?.cancel();
    this.#timers.delete(state.alertId);
    for (const [owner, alertId] of this.#alertIdOf) {
      if (alertId === state.alertId) this.#alertIdOf.delete(owner);
    }
  }

  /** One write holds the step, its numbers and its place in every queue; then everyone hears of it. */
  #store(
    events: readonly BoxEvent[],
    operations: readonly TableOperation[],
    toAnnounce?: string,
  ): Promise<void> {
    const admissions = events.flatMap((event) => this.#sinks.admit(event));
    const queued = admissions.flatMap((admission) => admission.operations);
    const stored = this.#log.write([...operations, ...queued]);
    this.#told = this.#told.then(async () => {
      await stored;
      this.#sinks.show(this.status);
      for (const admission of admissions) admission.release();
      if (toAnnounce !== undefined) this.#announced(toAnnounce);
    });
    return this.#told;
  }

  #announced(alertId: string): void {
    const state = this.#open.get(alertId);
    if (state?.name !== 'raised') return;
    const [next] = step(state, { name: 'announced' });
    this.#keep(next);
    void this.#log.write(this.#log.operationsOf(next));
  }

  #watch(alertId: string, stage: number): void {
    this.#timers.get(alertId)?.cancel();
    const { overdueAfterMs, clock } = this.#options;
    const dueMs = overdueAfterMs[stage];
    if (dueMs === undefined) return;
    const timer = clock.after(dueMs - (overdueAfterMs[stage - 1] ?? 0), () => {
      void this.#step(alertId, { name: 'overdue' });
      this.#watch(alertId, stage + 1);
    });
    this.#timers.set(alertId, timer);
  }

  #eventOf(
    state: AlertState,
    effect: TellEffect,
  ): { readonly event: BoxEvent; readonly operation: TableOperation } {
    const { alertId, callId, level, type, source, reason, reasonUnquoted, line } = state;
    const who = effect.kind === 'acknowledged' ? effect : { by: null, via: null };
    return this.#numbered((head) => ({
      what: 'alert',
      ...head,
      ...{ alertId, callId, kind: effect.kind, level, type, source },
      ...{ reason, reasonUnquoted, line, by: who.by, via: who.via },
      quote: state.hits.at(-1)?.quote ?? null,
    }));
  }

  #numbered(
    make: (head: { readonly id: string; readonly seq: number; readonly atMs: number }) => BoxEvent,
  ): { readonly event: BoxEvent; readonly operation: TableOperation } {
    const { seq, operation } = this.#log.nextSeq();
    const { random, clock } = this.#options;
    return { event: make({ id: randomUuid(random), seq, atMs: clock.wallMs() }), operation };
  }
}
