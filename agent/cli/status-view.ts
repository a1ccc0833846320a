import type { StatusJson } from '../../proto/index.js';
import { formatDuration, formatLocalTime } from './local-time.js';
import { formatFields, formatTable } from './table.js';
import { wordOf, type Texts } from './texts.js';

export interface StatusView {
  readonly texts: Texts;
  readonly timeZone: string;
}

/** @returns the lines of `tatebako status` */
export function formatStatus(status: StatusJson, view: StatusView): readonly string[] {
  const { box, phones, calls, alerts } = status;
  const { texts, timeZone } = view;
  const startedMs = globalThis.Date.parse(box.startedAt);
  const startedText = Number.isNaN(startedMs)
    ? box.startedAt
    : formatLocalTime(startedMs, timeZone);
  const started = texts.started(startedText);
  return [
    ...formatFields([[`${box.name} (${box.id})`, `tatebako ${box.version}  ${started}`]]),
    '',
    ...formatFields(summaryOf(status, texts)),
    ...section(texts.labels.phones, phones.length === 0 ? [] : phoneTable(status, texts)),
    ...section(texts.labels.calls, calls.length === 0 ? [] : callTable(status, texts)),
    ...section(texts.labels.alerts, alerts.open.length === 0 ? [] : alertTable(status, view)),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function summaryOf(
  status: StatusJson,
  texts: Texts,
): readonly (readonly [name: string, value: string])[] {
  const { line, storage, recording, detector, hardware, alerts } = status;
  const { labels } = texts;
  const word = (code: string): string => wordOf(texts, code);
  const because = (reason: string | null): string => (reason === null ? '' : `  ${reason}`);
  const waiting = alerts.open.filter((alert) => !alert.isAcknowledged).length;
  const toDo = waiting === 0 ? '' : `  ${texts.unacknowledged(waiting)}`;
  const room = storage.freeBytes === null ? '' : `  ${texts.free(formatBytes(storage.freeBytes))}`;
  const dropped = detector.dropped === 0 ? '' : `  ${texts.frames(detector.dropped)}`;
  const recordingWord = recording.state === 'recording' ? 'recordingNow' : recording.state;
  const faults = alerts.faults.map((fault) => fault.code).join(', ');
  return [
    [labels.alert, texts.levels[alerts.level] + toDo],
    [labels.line, `${word(line.state)}  ${line.profile}${because(line.reason)}`],
    [labels.recording, word(recordingWord) + because(recording.reason)],
    [labels.detector, word(detector.state) + dropped + because(detector.reason)],
    [labels.storage, word(storage.state) + room],
    [labels.hardware, word(hardware.state)],
    [labels.faults, faults === '' ? texts.none : faults],
  ];
}

function phoneTable({ phones }: StatusJson, texts: Texts): readonly string[] {
  const { labels } = texts;
  const columns = [labels.extension, labels.name, labels.state, labels.inCall];
  return formatTable(
    columns.map((title) => ({ title })),
    phones.map(({ extension, name, registered, inCall }) => [
      extension,
      name,
      wordOf(texts, registered ? 'registered' : 'unregistered'),
      wordOf(texts, inCall ? 'yes' : 'no'),
    ]),
  );
}

function callTable({ calls }: StatusJson, texts: Texts): readonly string[] {
  const { labels } = texts;
  return formatTable(
    [
      { title: labels.other },
      { title: labels.direction },
      { title: labels.phase },
      { title: labels.duration, side: 'right' },
      { title: labels.who },
      { title: labels.id },
    ],
    calls.map((call) => [
      call.callerText,
      wordOf(texts, call.direction),
      wordOf(texts, call.phase),
      formatDuration(call.durationMs),
      call.who ?? '–',
      call.id,
    ]),
  );
}

function alertTable({ alerts }: StatusJson, { texts, timeZone }: StatusView): readonly string[] {
  const { labels } = texts;
  const columns = [labels.time, labels.level, labels.type, labels.reason, labels.state, labels.id];
  return formatTable(
    columns.map((title) => ({ title })),
    alerts.open.map((alert) => [
      formatLocalTime(alert.raisedAtMs, timeZone),
      texts.levels[alert.level],
      wordOf(texts, alert.type),
      alert.reason,
      wordOf(texts, alert.isAcknowledged ? 'acknowledged' : 'waiting'),
      alert.alertId,
    ]),
  );
}

/** @returns `1.4 GB`: decimal, as the makers of disks count */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}
