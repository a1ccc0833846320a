import type { AlertLevel, LampPattern, Speaker, WatchEvent } from './events.js';
import { printable } from './text-width.js';

/** The steps of a call, in their order. */
export const STEPS = [
  'incoming',
  'announced',
  'phoneRang',
  'answered',
  'detected',
  'alerted',
  'acknowledged',
  'ended',
] as const;
export type StepName = (typeof STEPS)[number];

/** What the view is drawn from: what the box says, and what gateway and phone do. */
export type ViewEvent =
  | WatchEvent
  /** The caller dials; the box tells of the call with its first news of it. */
  | { readonly kind: 'dialled'; readonly number: string }
  /** The shop's phone rings. */
  | { readonly kind: 'phoneRang'; readonly displayName: string }
  /** One of the two begins to speak; null: it has finished. */
  | { readonly kind: 'script'; readonly speaker: Speaker; readonly text: string | null }
  /** The person, or the demonstration for them, does something. */
  | { readonly kind: 'note'; readonly text: string };

export interface HeardLine {
  /** Wall clock, Unix ms. */
  readonly atMs: number;
  readonly speaker: Speaker;
  readonly what:
    | { readonly kind: 'kana'; readonly text: string }
    | {
        readonly kind: 'keyword';
        readonly phrase: string;
        readonly category: string;
        readonly level: AlertLevel;
        readonly score: number;
      };
}

export interface ShownAlert {
  readonly alertId: string;
  readonly level: AlertLevel;
  readonly type: string;
  readonly reason: string;
  /** What staff can say. */
  readonly line: string | null;
  /** Who acknowledged it; null: nobody yet. */
  readonly by: string | null;
}

export interface MqttLine {
  readonly topic: string;
  readonly payload: string;
  readonly retained: boolean;
}

/** All that the view shows: a plain value. Times are wall clock, Unix ms. */
export interface ViewState {
  readonly status: Extract<WatchEvent, { kind: 'status' }> | null;
  readonly callId: string | null;
  readonly caller: string | null;
  readonly extension: string | null;
  readonly steps: Readonly<Partial<Record<StepName, number>>>;
  /** null: not played. */
  readonly announcementWhole: boolean | null;
  readonly recordingSinceMs: number | null;
  readonly endCause: string | null;
  readonly displayName: string | null;
  readonly levelsDbov: Readonly<Record<Speaker, number>>;
  readonly script: { readonly speaker: Speaker; readonly text: string } | null;
  /** Oldest first. */
  readonly heard: readonly HeardLine[];
  readonly alert: ShownAlert | null;
  readonly lamp: { readonly level: AlertLevel; readonly pattern: LampPattern } | null;
  /** Oldest first. */
  readonly mqtt: readonly MqttLine[];
  readonly note: string | null;
  /** Events that the box left out, since we were slow. */
  readonly dropped: number;
}

/** What was heard, and what was published, that still stands on the screen. */
export const HEARD_MAX = 5;
export const MQTT_MAX = 4;
/** 0 … −127 dBov: nothing (RFC 6464 §3). */
export const SILENCE_DBOV = -127;

const SILENT = { caller: SILENCE_DBOV, staff: SILENCE_DBOV } as const;

export const EMPTY_VIEW: ViewState = {
  status: null,
  callId: null,
  caller: null,
  extension: null,
  steps: {},
  announcementWhole: null,
  recordingSinceMs: null,
  endCause: null,
  displayName: null,
  levelsDbov: SILENT,
  script: null,
  heard: [],
  alert: null,
  lamp: null,
  mqtt: [],
  note: null,
  dropped: 0,
};

type CallEvent = Extract<WatchEvent, { kind: 'call' }>['call'];
type AlertEvent = Extract<WatchEvent, { kind: 'alert' }>;
type HeardEvent = Extract<WatchEvent, { kind: 'heard' }>['event'];

/** @param atMs when it came, Unix ms; for what carries no wall time of its own */
export function reduce(state: ViewState, event: ViewEvent, atMs: number): ViewState {
  switch (event.kind) {
    case 'call':
      return reduceCall(state, event.call);
    case 'levels': {
      if (event.callId !== state.callId || state.steps.ended !== undefined) return state;
      const levelsDbov = { ...state.levelsDbov, [event.speaker]: event.levelDbov };
      return { ...state, levelsDbov };
    }
    case 'heard':
      return event.callId === state.callId ? reduceHeard(state, event.event, atMs) : state;
    case 'alert':
      return reduceAlert(state, event);
    case 'lamp':
      return { ...state, lamp: { level: event.level, pattern: event.pattern } };
    case 'mqtt':
      return reduceMqtt(state, event);
    case 'status':
      return { ...state, status: event };
    case 'dropped':
      return { ...state, dropped: state.dropped + event.levels + event.events };
    case 'dialled':
      return { ...cleared(state), caller: formatNumber(event.number), steps: { incoming: atMs } };
    case 'phoneRang':
      return {
        ...atStep(state, 'phoneRang', atMs),
        displayName: printable(event.displayName),
      };
    case 'script':
      return reduceScript(state, event);
    case 'note':
      return { ...state, note: event.text };
  }
}

/** A step counts from the first time that it happens. */
function atStep(state: ViewState, name: StepName, atMs: number): ViewState {
  return { ...state, steps: { [name]: atMs, ...state.steps } };
}

function reduceCall(before: ViewState, call: CallEvent): ViewState {
  const { phase, atMs } = call;
  const state = ofCall(before, call);
  if (state === null) return before;
  switch (phase) {
    case 'ringing':
      return atStep(state, 'phoneRang', atMs);
    case 'announcementPlayed':
      return { ...atStep(state, 'announced', atMs), announcementWhole: call.completed ?? true };
    case 'answered':
      return { ...atStep(state, 'answered', atMs), extension: call.extension ?? null };
    case 'recordingStarted':
      return { ...state, recordingSinceMs: atMs };
    case 'transferred':
      return { ...state, extension: call.extension ?? state.extension };
    case 'ended':
    case 'rejected':
      return {
        ...atStep(state, 'ended', atMs),
        endCause: call.cause ?? null,
        levelsDbov: SILENT,
        script: null,
      };
  }
}

/** @returns the state of this very call; null when another one is on the screen */
function ofCall(state: ViewState, { callId, caller, atMs }: CallEvent): ViewState | null {
  if (callId === state.callId) return state;
  const isFree = state.callId === null || state.steps.ended !== undefined;
  if (!isFree) return null;
  const isAwaited = state.callId === null && state.steps.incoming !== undefined;
  const begun = isAwaited ? state : { ...cleared(state), steps: { incoming: atMs } };
  const who = caller.number === null ? WITHOUT_NUMBER[caller.kind] : formatNumber(caller.number);
  return { ...begun, callId, caller: who };
}

/** A new call clears the screen of the one before; what the box is and what its lamp shows stays. */
function cleared({ status, lamp, mqtt, note }: ViewState): ViewState {
  return { ...EMPTY_VIEW, status, lamp, mqtt, note };
}

function reduceHeard(state: ViewState, event: HeardEvent, atMs: number): ViewState {
  if (event.event === 'kana') {
    if (event.text === '') return state;
    const what = { kind: 'kana', text: printable(event.text) } as const;
    return withHeard(state, { atMs, speaker: event.speaker, what });
  }
  if (event.event !== 'keyword') return state;
  const { phrase, category, level, score, speaker } = event;
  const what = { kind: 'keyword', phrase: printable(phrase), category, level, score } as const;
  const seen = withHeard(state, { atMs, speaker, what });
  // Staff who repeat what was said to them detect nothing.
  return speaker === 'caller' && level > 0 ? atStep(seen, 'detected', atMs) : seen;
}

function withHeard(state: ViewState, line: HeardLine): ViewState {
  return { ...state, heard: [...state.heard, line].slice(-HEARD_MAX) };
}

function reduceAlert(state: ViewState, event: AlertEvent): ViewState {
  const { alertId, change, level, type, atMs } = event;
  const shown = state.alert;
  if (change === 'raised' || change === 'escalated') {
    const reason = printable(event.reason);
    const line = event.line ?? null;
    // An escalation wants a person again.
    const alert = { alertId, level, type, reason, line, by: null };
    return { ...atStep(state, 'alerted', atMs), alert };
  }
  if (shown?.alertId !== alertId) return state;
  if (change === 'cleared') return { ...state, alert: { ...shown, by: shown.by ?? '—' } };
  const by = printable(event.by ?? '—');
  return { ...atStep(state, 'acknowledged', atMs), alert: { ...shown, by } };
}

/** What tells of calls and alarms; how the box fares and who may discover it does not belong to a call. */
export const isTopicShown = (topic: string): boolean =>
  !/^homeassistant\/|\/(health|availability|state)$/.test(topic);

/** One line for each topic, the one that changed last at the end. */
function reduceMqtt(state: ViewState, event: MqttLine): ViewState {
  if (!isTopicShown(event.topic)) return state;
  const line = {
    topic: printable(event.topic),
    payload: printable(event.payload),
    retained: event.retained,
  };
  const others = state.mqtt.filter(({ topic }) => topic !== line.topic);
  return { ...state, mqtt: [...others, line].slice(-MQTT_MAX) };
}

function reduceScript(
  state: ViewState,
  { speaker, text }: Extract<ViewEvent, { kind: 'script' }>,
): ViewState {
  if (text !== null) return { ...state, script: { speaker, text } };
  return state.script?.speaker === speaker ? { ...state, script: null } : state;
}

/** TTC JJ-90.22: why no number came. */
const WITHOUT_NUMBER = {
  number: '番号なし',
  withheld: '非通知',
  payphone: '公衆電話',
  unavailable: '表示圏外',
  otherService: '表示圏外',
} as const;

/** @returns `090-0000-1234` for a mobile, `03-0000-5678` for Tokyo and Osaka, other numbers as they are */
export function formatNumber(number: string): string {
  const mobile = /^(0[5-9]0)(\d{4})(\d{4})$/.exec(number);
  const city = /^(0[36])(\d{4})(\d{4})$/.exec(number);
  const parts = mobile ?? city;
  return printable(parts === null ? number : parts.slice(1).join('-'));
}
