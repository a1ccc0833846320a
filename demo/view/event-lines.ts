import { SPEAKER_WORDS, STEP_WORDS, LAMP_LOOKS, LEVEL_WORDS, typeWord } from './words.js';
import { cutTo, printable } from './text-width.js';
import {
  isTopicShown,
  type MqttLine,
  type StepName,
  type ViewEvent,
  type ViewState,
} from './view-state.js';

/** A line for each event, for who reads a log instead of a screen. @returns null for what would only be noise */
export function eventLine(event: ViewEvent, state: ViewState, atMs: number): string | null {
  const text = textOf(event, state);
  if (text === null) return null;
  const sinceMs = state.steps.incoming === undefined ? null : atMs - state.steps.incoming;
  const time = sinceMs === null ? '' : `${Math.max(0, sinceMs / 1_000).toFixed(1)}s`;
  return `${time.padStart(7)}  ${printable(text)}`;
}

type CallEvent = Extract<ViewEvent, { kind: 'call' }>['call'];
type AlertEvent = Extract<ViewEvent, { kind: 'alert' }>;

function textOf(event: ViewEvent, state: ViewState): string | null {
  switch (event.kind) {
    case 'call':
      return callText(event.call, state);
    case 'heard':
      return heardText(event.event);
    case 'alert':
      return alertText(event);
    case 'lamp':
      return `ランプ lamp: ${LAMP_LOOKS[event.pattern].word}`;
    case 'mqtt':
      return mqttText(event);
    case 'status':
      return `状態 status: 回線 line ${event.line}, 電話機 phones ${event.phones}, 聞き取り detector ${event.detector}`;
    case 'dialled':
      return `${step('incoming')}: ${state.caller ?? event.number}`;
    case 'phoneRang':
      return `${step('phoneRang')}: 画面の表示 display「${event.displayName}」`;
    case 'script':
      return event.text === null
        ? null
        : `${SPEAKER_WORDS[event.speaker].join(' ')}「${event.text}」`;
    case 'note':
      return event.text;
    case 'levels':
      return null;
    case 'dropped':
      return `取りこぼし dropped: ${event.levels + event.events}`;
  }
}

/** A payload is cut here: a line is read, not parsed. */
const PAYLOAD_COLUMNS_MAX = 100;

function mqttText({ topic, payload, retained }: MqttLine): string | null {
  if (!isTopicShown(topic)) return null;
  const shown = cutTo(printable(payload), PAYLOAD_COLUMNS_MAX);
  return `MQTT ${topic} = ${shown}${retained ? ' (retained)' : ''}`;
}

const step = (name: StepName): string => STEP_WORDS[name].join(' ');

function callText(call: CallEvent, state: ViewState): string {
  switch (call.phase) {
    case 'ringing':
      return `${step('phoneRang')}: ${state.caller ?? call.caller.kind}`;
    case 'announcementPlayed':
      return `${step('announced')}: ${call.completed === false ? '途中まで in part' : '最後まで whole'}`;
    case 'answered':
      return `${step('answered')}: 内線 extension ${call.extension ?? '—'}`;
    case 'recordingStarted':
      return '録音開始 recording started';
    case 'transferred':
      return `転送 transferred: ${call.extension ?? '—'}`;
    case 'ended':
    case 'rejected':
      return `${step('ended')}: ${call.cause ?? call.phase}`;
  }
}

function heardText(event: Extract<ViewEvent, { kind: 'heard' }>['event']): string | null {
  if (event.event === 'kana') {
    return event.text === ''
      ? null
      : `聞こえた heard: ${SPEAKER_WORDS[event.speaker][0]} ${event.text}`;
  }
  if (event.event !== 'keyword') return null;
  const { speaker, phrase, category, level, score } = event;
  const who = SPEAKER_WORDS[speaker][0];
  return `${step('detected')}: ${who}「${phrase}」 ${typeWord(category)} ${LEVEL_WORDS[level]} ${score.toFixed(2)}`;
}

function alertText({ change, level, type, reason, by }: AlertEvent): string {
  switch (change) {
    case 'raised':
    case 'escalated':
      return `${step('alerted')}: ${LEVEL_WORDS[level]} level ${level} ${typeWord(type)} — ${reason}`;
    case 'acknowledged':
      return `${step('acknowledged')}: ${by ?? '—'}`;
    case 'cleared':
      return `警報終了 alert cleared`;
  }
}
