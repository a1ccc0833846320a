/** The judgement: the detector's ears, the shop's policy, the alarms. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, type Clock, type Log, type Timer } from '../../base/index.js';
import type { AlertService } from '../alert/index.js';
import type { CallRecord, CallState, DetectTap } from '../call/index.js';
import {
  createDetectorClient,
  parsePhrases,
  type DetectedLeg,
  type DetectorClient,
  type DetectorEvent,
  type DetectorState,
  type Phrase,
} from '../detector/index.js';
import {
  decide,
  NEW_CALL,
  nextClockAtMs,
  panicDecision,
  testDecision,
  type CallPolicyState,
  type Decision,
  type PanicBy,
  type Policy,
  type PolicyEvent,
} from '../policy/index.js';

export interface JudgementOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: Policy;
  readonly alerts: AlertService;
  readonly detector: {
    readonly enabled: boolean;
    readonly modelsDirectory: string;
    readonly keywords: readonly Phrase[];
  };
  readonly onHeard: (callId: string, event: DetectorEvent) => void;
  readonly onDetectorState: (state: DetectorState) => void;
  /** A call's record gains an alert, or a time in which nobody listened. */
  readonly onNote: (
    callId: string,
    note:
      | { readonly alert: CallRecord['alerts'][number] }
      | { readonly deaf: CallRecord['deafSpells'][number] },
  ) => void;
}

interface Judged {
  policy: CallPolicyState;
  timer: Timer | null;
  readonly legs: Set<string>;
  /** The last digit a phone pressed, for `*1`. */
  lastDigit: { readonly digit: string; readonly atMs: number } | null;
}

/** Calls judged at once; far above the calls that the exchange lets in. */
const CALLS_MAX = 64;
/** Between `*` and `1` of the call for help. */
const DIGIT_GAP_MS = 3_000;

export class Judgement {
  readonly #options: JudgementOptions;
  readonly #calls = new Map<string, Judged>();
  readonly #detector: DetectorClient | null;

  constructor(options: JudgementOptions) {
    this.#options = options;
    this.#detector = options.detector.enabled ? this.#startDetector() : null;
  }

  get detectorState(): DetectorState {
    return this.#detector?.state ?? { name: 'off', reason: 'switched off by detector.enabled' };
  }

  get models(): Readonly<Record<string, string>> {
    return this.#detector?.models ?? {};
  }

  get packetsDropped(): number {
    return this.#detector?.packetsDropped ?? 0;
  }

  /** Audio of one leg, decoded. */
  onAudio(tap: DetectTap): void {
    const call = this.#callOf(tap.callId);
    if (call === null || this.#detector === null) return;
    if (!call.legs.has(tap.legId)) {
      call.legs.add(tap.legId);
      const { legId, callId, speaker } = tap;
      this.#detector.openLeg({ legId, callId, speaker });
    }
    this.#detector.push(tap.legId, tap.samples, tap.startTick);
  }

  onAnswered(state: CallState): void {
    // Two phones of the shop, or a call for help: nobody is judged.
    if (state.record.direction === 'internal' || state.record.emergency) return;
    void this.#judge(state.record.id, { event: 'answered' });
  }

  onFax(callId: string): void {
    void this.#judge(callId, { event: 'fax' });
  }

  onEnded(callId: string): void {
    const call = this.#calls.get(callId);
    call?.timer?.cancel();
    for (const legId of call?.legs ?? []) this.#detector?.closeLeg(legId);
    this.#calls.delete(callId);
    void this.#options.alerts.callEnded(callId);
  }

  /** `*1` from a phone inside a call. */
  onDigit(callId: string, who: string, digit: string): void {
    const call = this.#callOf(callId);
    if (call === null || who === 'line') return;
    const atMs = this.#options.clock.monotonicMs();
    const last = call.lastDigit;
    call.lastDigit = { digit, atMs };
    if (digit === '1' && last?.digit === '*' && atMs - last.atMs <= DIGIT_GAP_MS) {
      call.lastDigit = null;
      void this.panic('dtmf', callId);
    }
  }

  /** @returns the alert's id */
  async panic(by: PanicBy, callId: string | null): Promise<string | null> {
    const { alerts, clock, policy } = this.#options;
    if (callId !== null) return this.#judge(callId, { event: 'panic', by });
    return alerts.raise(panicDecision(policy, by, clock.monotonicMs()), { callId: null });
  }

  testAlarm(level: 1 | 2 | 3): Promise<string | null> {
    const { alerts, clock, policy } = this.#options;
    return alerts.raise(testDecision(policy, level, clock.monotonicMs()), { callId: null });
  }

  close(): void {
    for (const call of this.#calls.values()) call.timer?.cancel();
    this.#detector?.stop();
  }

  #callOf(callId: string): Judged | null {
    const known = this.#calls.get(callId);
    if (known !== undefined) return known;
    if (this.#calls.size >= CALLS_MAX) return null;
    const call: Judged = { policy: NEW_CALL, timer: null, legs: new Set(), lastDigit: null };
    this.#calls.set(callId, call);
    return call;
  }

  #judge(callId: string, event: PolicyEvent): Promise<string | null> {
    const call = this.#callOf(callId);
    if (call === null) return Promise.resolve(null);
    const { clock, policy } = this.#options;
    const { callState, decisions } = decide(policy, call.policy, event, clock.monotonicMs());
    call.policy = callState;
    this.#armClock(callId, call);
    const raised = decisions.map((decision) => this.#raise(callId, decision));
    return Promise.all(raised).then((ids) => ids.find((id) => id !== null) ?? null);
  }

  #armClock(callId: string, call: Judged): void {
    call.timer?.cancel();
    const { clock, policy } = this.#options;
    const dueMs = nextClockAtMs(policy, call.policy);
    call.timer =
      dueMs === null
        ? null
        : clock.after(
            dueMs - clock.monotonicMs(),
            () => void this.#judge(callId, { event: 'tick' }),
          );
  }

  async #raise(callId: string, decision: Decision): Promise<string | null> {
    const { alerts, clock, log, onNote } = this.#options;
    const atMs = clock.wallMs();
    const alertId = await alerts.raise(decision, { callId });
    if (alertId === null || decision.do !== 'raise') return alertId;
    const { level, type, source } = decision;
    log.info('alertRaised', { callId, alertId, level, type, source });
    onNote(callId, { alert: { alertId, level, type, atMs } });
    return alertId;
  }

  #startDetector(): DetectorClient {
    const { clock, log, detector, onDetectorState, onNote } = this.#options;
    return createDetectorClient(
      {
        modelsDirectory: detector.modelsDirectory,
        phrases: [...this.#builtInPhrases(), ...detector.keywords],
        clock,
        log,
      },
      {
        onEvent: (leg, event) => this.#onDetected(leg, event),
        onState: onDetectorState,
        onGap: ({ callId, fromWallMs, toWallMs }) =>
          onNote(callId, { deaf: { fromMs: fromWallMs, toMs: toWallMs } }),
      },
    );
  }

  #builtInPhrases(): readonly Phrase[] {
    const { detector, log } = this.#options;
    const file = join(detector.modelsDirectory, 'phrases.tsv');
    try {
      const { phrases, problems } = parsePhrases(readFileSync(file, 'utf8'));
      for (const problem of problems) log.error('phraseRefused', { file, ...problem });
      return phrases;
    } catch (cause) {
      // The shop's own words still serve.
      log.error('phrasesUnreadable', { file, cause: messageOf(cause) });
      return [];
    }
  }

  #onDetected(leg: DetectedLeg, event: DetectorEvent): void {
    this.#options.onHeard(leg.callId, event);
    if (event.event === 'keyword') void this.#judge(leg.callId, event);
  }
}
