import type { AbuseType, Decision, PanicBy, PolicyEvent } from './decision.js';
import type { AlertLevel, Policy } from './policy.js';
import {
  clockReason,
  demandReason,
  heardReason,
  panicReason,
  severalReason,
  testReason,
  type Reason,
} from './reason.js';

/** The most mild words, and the most type-and-level pairs, that a call's state remembers. */
export const REMEMBERED_MAX = 32;

interface Remembered {
  readonly phrase: string;
  readonly atMs: number;
}

interface Raised {
  readonly type: AbuseType;
  readonly level: 1 | 2 | 3;
  readonly atMs: number;
}

/** What policy remembers of a call: a plain value, stored with the call. Times are of the events, ms. */
export interface CallPolicyState {
  readonly answeredAtMs: number | null;
  readonly fax: boolean;
  /** The highest level raised in this call; only rises. */
  readonly level: AlertLevel;
  /** Steps of the clock ladder that are behind us. */
  readonly rungsPassed: number;
  readonly mild: readonly Remembered[];
  readonly demand: Remembered | null;
  readonly threat: Remembered | null;
  readonly raised: readonly Raised[];
}

export const NEW_CALL: CallPolicyState = {
  answeredAtMs: null,
  fax: false,
  level: 0,
  rungsPassed: 0,
  mild: [],
  demand: null,
  threat: null,
  raised: [],
};

export interface Verdict {
  readonly callState: CallPolicyState;
  readonly decisions: readonly Decision[];
}

type KeywordEvent = Extract<PolicyEvent, { readonly event: 'keyword' }>;

/** What the rules found, before the call's earlier alerts are looked at. */
interface Finding {
  readonly type: AbuseType;
  readonly level: 1 | 2 | 3;
  readonly source: 'keyword' | 'clock';
  readonly reason: Reason;
  readonly quote?: string;
  readonly line: string;
}

/**
 * Decides what an event of a call means. Pure: the same policy, state, event and time give the same.
 * @param nowMs in one time that only rises within the call (monotonic, or audio time)
 */
export function decide(
  policy: Policy,
  callState: CallPolicyState,
  event: PolicyEvent,
  nowMs: number,
): Verdict {
  switch (event.event) {
    case 'answered':
      // A transfer answers again; the caller's time has been running since the first.
      return quiet({ ...callState, answeredAtMs: callState.answeredAtMs ?? nowMs });
    case 'fax':
      return quiet({ ...callState, fax: true });
    case 'panic':
      // A person asks for help: no rule stands between, and a second press is told again.
      return {
        callState: { ...callState, level: 3 },
        decisions: [panicDecision(policy, event.by, nowMs)],
      };
    case 'tick':
      return callState.fax ? quiet(callState) : lookAtClock(policy, callState, nowMs);
    case 'keyword':
      if (callState.fax || event.speaker !== 'caller') return quiet(callState);
      return hear(policy, callState, event, nowMs);
  }
}

/** @returns when a `tick` is due next, ms, or null when no step of the ladder is left */
export function nextClockAtMs(policy: Policy, callState: CallPolicyState): number | null {
  const rung = policy.clockLadder[callState.rungsPassed];
  if (rung === undefined || callState.answeredAtMs === null || callState.fax) return null;
  return callState.answeredAtMs + rung.afterMin * 60_000;
}

/** A cry for help, in a call or outside of any. */
export function panicDecision(policy: Policy, by: PanicBy, atMs: number): Decision {
  const line = policy.lines[3];
  return { do: 'raise', level: 3, type: 'panic', source: 'panic', ...panicReason(by), line, atMs };
}

/** Somebody tries whether the alarm works. */
export function testDecision(policy: Policy, level: 1 | 2 | 3, atMs: number): Decision {
  const line = policy.lines[level];
  return { do: 'raise', level, type: 'test', source: 'test', ...testReason(), line, atMs };
}

const quiet = (callState: CallPolicyState): Verdict => ({ callState, decisions: [] });

function lookAtClock(policy: Policy, callState: CallPolicyState, nowMs: number): Verdict {
  if (callState.answeredAtMs === null) return quiet(callState);
  const talkedMs = nowMs - callState.answeredAtMs;
  const passed = policy.clockLadder.filter((rung) => talkedMs >= rung.afterMin * 60_000);
  const last = passed.at(-1);
  if (last === undefined || passed.length <= callState.rungsPassed) return quiet(callState);
  // Several at once after a restart: the shop hears of the last alone.
  const finding: Finding = {
    type: 'detention',
    level: last.level,
    source: 'clock',
    reason: clockReason(last.afterMin),
    line: last.line,
  };
  return weigh(policy, { ...callState, rungsPassed: passed.length }, [finding], nowMs);
}

function hear(
  policy: Policy,
  before: CallPolicyState,
  event: KeywordEvent,
  nowMs: number,
): Verdict {
  const { category } = event;
  if (category === 'complaint' || category === 'ordinary') return quiet(before);
  const callState = remember(policy, before, event, nowMs);
  const found: Finding[] = [];
  if (category === 'verbalAbuse') found.push(...insult(policy, callState, event));
  else if (category !== 'excessiveDemand' && !isContext(policy, event)) {
    found.push(...word(policy, event, category, policy.levelMax[category]));
  }
  found.push(...moneyDemand(policy, callState, event));
  return weigh(policy, callState, found, nowMs);
}

/** Keeps what later words are weighed with; the windows bound it. */
function remember(
  policy: Policy,
  state: CallPolicyState,
  event: KeywordEvent,
  nowMs: number,
): CallPolicyState {
  const { category, phrase } = event;
  const since = (windowS: number) => (heard: Remembered | null) =>
    heard !== null && nowMs - heard.atMs <= windowS * 1_000;
  const isRecent = since(policy.moneyDemand.windowS);
  const heard: Remembered = { phrase, atMs: nowMs };
  const isMild = category === 'verbalAbuse' && event.level < policy.verbalAbuse.severeLevel;
  const mild = state.mild.filter(since(policy.verbalAbuse.mildWindowS));
  return {
    ...state,
    mild: (isMild ? [...mild, heard] : mild).slice(-REMEMBERED_MAX),
    demand: category === 'excessiveDemand' ? heard : isRecent(state.demand) ? state.demand : null,
    threat: isThreat(event) ? heard : isRecent(state.threat) ? state.threat : null,
  };
}

const isThreat = (event: KeywordEvent): boolean =>
  event.level > 0 && (event.category === 'threat' || event.category === 'announcedViolence');

const isContext = (policy: Policy, event: KeywordEvent): boolean =>
  event.category === 'authority' &&
  policy.contextWords.some((context) => event.phrase.includes(context)) &&
  // 「土下座しろ、責任者」 is no question for the superior.
  !event.phrase.includes('土下座');

/** The rule of most types: any such word, at the level at which it is registered. */
function word(
  policy: Policy,
  event: KeywordEvent,
  type: AbuseType,
  levelMax: AlertLevel,
): readonly Finding[] {
  const always = type === 'threat' || type === 'announcedViolence' || type === 'sexual';
  const isProtected = policy.protectedWords.some((right) => event.phrase.includes(right));
  const cap = !always && isProtected ? Math.min(levelMax, 1) : levelMax;
  const level = event.level <= cap ? event.level : cap;
  if (!isRaised(level)) return [];
  const reason = heardReason(type, event.phrase);
  const line = type === 'sexual' ? policy.lines.sexual : policy.lines[level];
  return [{ type, level, source: 'keyword', reason, quote: event.phrase, line }];
}

const isRaised = (level: number): level is 1 | 2 | 3 => level === 1 || level === 2 || level === 3;

function insult(
  policy: Policy,
  callState: CallPolicyState,
  event: KeywordEvent,
): readonly Finding[] {
  const { severeLevel, mildHits, mildWindowS, mildLevel } = policy.verbalAbuse;
  if (event.level >= severeLevel) {
    return word(policy, event, 'verbalAbuse', policy.levelMax.verbalAbuse);
  }
  if (callState.mild.length < mildHits) return [];
  const reason = severalReason(
    callState.mild.map((heard) => heard.phrase),
    mildWindowS,
  );
  const [quote, line] = [event.phrase, policy.lines[mildLevel]];
  return [{ type: 'verbalAbuse', level: mildLevel, source: 'keyword', reason, quote, line }];
}

function moneyDemand(
  policy: Policy,
  callState: CallPolicyState,
  event: KeywordEvent,
): readonly Finding[] {
  const { demand, threat } = callState;
  const { windowS, level, threatWords } = policy.moneyDemand;
  const isPart = event.category === 'excessiveDemand' || isThreat(event);
  if (!isPart || demand === null) return [];
  const inside = threatWords.find((marker) => demand.phrase.includes(marker));
  const menace = threat?.phrase ?? inside;
  if (menace === undefined) return [];
  return [
    {
      type: 'excessiveDemand',
      level,
      source: 'keyword',
      reason: demandReason(demand.phrase, menace, windowS),
      quote: event.phrase,
      line: policy.lines[level],
    },
  ];
}

/** Within a call levels only rise, and one thing is not told twice a minute: the rest is noted. */
function weigh(
  policy: Policy,
  before: CallPolicyState,
  found: readonly Finding[],
  nowMs: number,
): Verdict {
  let callState = before;
  const decisions = found.map((finding): Decision => {
    const { reason, ...rest } = finding;
    const isTold = isNews(policy, callState, finding, nowMs);
    if (isTold) callState = withRaised(callState, finding, nowMs);
    return { ...rest, ...reason, do: isTold ? 'raise' : 'note', atMs: nowMs };
  });
  return { callState, decisions };
}

function isNews(policy: Policy, state: CallPolicyState, finding: Finding, nowMs: number): boolean {
  if (finding.level < state.level) return false;
  const last = state.raised.find(
    (raised) => raised.type === finding.type && raised.level === finding.level,
  );
  return last === undefined || nowMs - last.atMs > policy.repeatAfterS * 1_000;
}

function withRaised(state: CallPolicyState, finding: Finding, nowMs: number): CallPolicyState {
  const { type, level } = finding;
  const others = state.raised.filter((raised) => raised.type !== type || raised.level !== level);
  const raised = [...others, { type, level, atMs: nowMs }].slice(-REMEMBERED_MAX);
  return { ...state, level, raised };
}
