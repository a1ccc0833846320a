import type { CallJson } from '../../proto/index.js';
import { formatDuration, formatLocalTime } from './local-time.js';
import type { StatusView } from './status-view.js';
import { formatFields, formatTable } from './table.js';
import { wordOf, type Texts } from './texts.js';

/** How long the two talked, or have so far, ms; null: nobody answered. */
function talkedMs(call: CallJson, nowMs: number): number | null {
  return call.answeredAtMs === null ? null : (call.endedAtMs ?? nowMs) - call.answeredAtMs;
}

const lengthText = (call: CallJson, nowMs: number): string => {
  const ms = talkedMs(call, nowMs);
  return ms === null ? '–' : formatDuration(ms);
};

const highestLevel = (call: CallJson): number =>
  call.alerts.reduce((highest, { level }) => Math.max(highest, level), 0);

/** @returns the lines of `tatebako calls`, in the order given */
export function formatCalls(
  calls: readonly CallJson[],
  { texts, timeZone }: StatusView,
  nowMs: number,
): readonly string[] {
  const { labels } = texts;
  return formatTable(
    [
      { title: labels.start },
      { title: labels.direction },
      { title: labels.other },
      { title: labels.who },
      { title: labels.duration, side: 'right' },
      { title: labels.outcome },
      { title: labels.alerts, side: 'right' },
      { title: labels.id },
    ],
    calls.map((call) => [
      formatLocalTime(call.startedAtMs, timeZone),
      wordOf(texts, call.direction),
      call.callerText,
      call.answeredBy ?? '–',
      lengthText(call, nowMs),
      wordOf(texts, call.outcome),
      highestLevel(call) === 0 ? '–' : String(highestLevel(call)),
      call.id,
    ]),
  );
}

/** @returns the lines of `tatebako calls show` */
export function formatCall(call: CallJson, view: StatusView, nowMs: number): readonly string[] {
  const { texts, timeZone } = view;
  const { labels } = texts;
  const word = (code: string): string => wordOf(texts, code);
  const time = (ms: number | null): string => (ms === null ? '–' : formatLocalTime(ms, timeZone));
  const alerts = call.alerts.map(({ atMs, level, type }) => [
    time(atMs),
    texts.levels[level] ?? String(level),
    word(type),
  ]);
  const titles = [labels.time, labels.level, labels.type].map((title) => ({ title }));
  return [
    ...formatFields([
      [labels.id, call.id],
      [labels.direction, word(call.direction)],
      [labels.other, call.callerText],
      [labels.start, time(call.startedAtMs)],
      [labels.announcement, announcementText(call, texts)],
      [labels.answered, time(call.answeredAtMs)],
      [labels.who, call.answeredBy ?? '–'],
      [labels.end, time(call.endedAtMs)],
      [labels.duration, lengthText(call, nowMs)],
      [labels.outcome, word(call.outcome)],
      [labels.endedBy, call.endedBy === null ? '–' : word(call.endedBy)],
      [labels.recording, recordingText(call, texts)],
      [labels.callerLeg, legText(call.health.caller, texts)],
      [labels.staffLeg, legText(call.health.staff, texts)],
    ]),
    ...(alerts.length === 0
      ? []
      : ['', labels.alerts, ...formatTable(titles, alerts).map((line) => `  ${line}`)]),
  ];
}

function announcementText({ announcement }: CallJson, texts: Texts): string {
  if (announcement === null) return '–';
  if (announcement.what === 'skipped') return wordOf(texts, 'skipped');
  const how = announcement.completed ? 'completed' : 'notCompleted';
  return `${wordOf(texts, announcement.what)}  ${wordOf(texts, how)}`;
}

function recordingText({ recording }: CallJson, texts: Texts): string {
  if (recording === null) return texts.none;
  const gaps = recording.gaps.length;
  const length = formatDuration(recording.durationMs);
  return gaps === 0 ? length : `${length}  ${texts.labels.gaps} ${gaps}`;
}

function legText(health: CallJson['health']['caller'], texts: Texts): string {
  if (health === null) return '–';
  const { packetsLost, packetsReceived, jitterMs } = health;
  const { loss, jitter } = texts.labels;
  const all = packetsReceived + packetsLost;
  const percent = all === 0 ? 0 : (100 * packetsLost) / all;
  return `${loss} ${percent.toFixed(1)} %  ${jitter} ${jitterMs.toFixed(1)} ms`;
}
