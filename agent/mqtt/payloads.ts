import { formatIsoTime } from '../../base/index.js';
import type { AlertEvent, BoxEvent, CallEvent } from '../alert/index.js';

/** What the box says of itself on `state`. */
export interface BoxState {
  readonly line: string;
  readonly phones: number;
  readonly callsActive: number;
  readonly storage: string;
  readonly detector: string;
  readonly recording: string;
}

/** Figures on `health`: load, memory, disk, temperature, RTP loss, inference lag; unit in the name. */
export type BoxHealth = Readonly<Record<string, number | string | null>>;

export interface PayloadOptions {
  readonly timeZone: string;
  /** `090-****-5678`; not called with `fullNumbers`. */
  readonly maskNumber: (number: string) => string;
  readonly fullNumbers: boolean;
}

/** Commands that anyone at the broker may send. */
export const COMMANDS = ['acknowledge', 'testAlarm', 'lamp'] as const;
export type CommandName = (typeof COMMANDS)[number];

/** The topics of one box, INTERFACES §4. */
export function topicsOf(boxId: string) {
  const base = `tatebako/${boxId}`;
  return {
    base,
    availability: `${base}/availability`,
    state: `${base}/state`,
    health: `${base}/health`,
    level: `${base}/alert/level`,
    event: (what: 'call' | 'alert') => `${base}/event/${what}`,
    command: (name: CommandName) => `${base}/cmd/${name}`,
    result: (name: CommandName) => `${base}/cmd/${name}/result`,
  } as const;
}
export type Topics = ReturnType<typeof topicsOf>;

/** Field by field, so that what the caller said cannot slip out with what is added later. */
export function encodeEvent(event: BoxEvent, options: PayloadOptions): string {
  const at = formatIsoTime(event.atMs, options.timeZone);
  const head = { id: event.id, seq: event.seq, at };
  const body = event.what === 'alert' ? alertBody(event) : callBody(event, options);
  return JSON.stringify({ ...head, ...body });
}

const alertBody = (event: AlertEvent): object => ({
  alertId: event.alertId,
  callId: event.callId,
  kind: event.kind,
  level: event.level,
  type: event.type,
  source: event.source,
  reason: event.reasonUnquoted,
  ...(event.kind === 'acknowledged' ? { by: event.by, via: event.via } : {}),
});

function callBody(event: CallEvent, options: PayloadOptions): object {
  const { kind, number } = event.caller;
  const isShown = number === null || options.fullNumbers;
  return {
    callId: event.callId,
    kind: event.kind,
    caller: { kind, number: isShown ? number : options.maskNumber(number) },
    direction: event.direction,
    extension: event.extension,
    durationMs: event.durationMs,
    completed: event.completed,
    cause: event.cause,
  };
}
