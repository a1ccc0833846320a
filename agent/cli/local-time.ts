import { formatIsoTime } from '../../base/index.js';

/** @returns `2026-11-22 14:03`, local to `timeZone` */
export function formatLocalTime(wallMs: number, timeZone: string): string {
  return formatIsoTime(wallMs, timeZone).slice(0, 16).replace('T', ' ');
}

/** @returns `0:07`, `12:30`, `6:00:12` */
export function formatDuration(durationMs: number): string {
  const seconds = Math.floor(Math.max(0, durationMs) / 1_000);
  const two = (n: number): string => String(n).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const rest = `${hours > 0 ? two(minutes % 60) : minutes}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const AGO = /^(\d{1,5})([mhd])$/;
const LOCAL = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2}))?)?$/;
const WITH_OFFSET = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads a moment as people type it: `90m`, `2h`, `7d` (ago), `2026-11-22`, `2026-11-22T14:03` (local), or ISO 8601
 * with offset.
 * @returns Unix ms, or null when it is none of these
 */
export function parseMoment(text: string, nowMs: number, timeZone: string): number | null {
  const ago = AGO.exec(text);
  if (ago !== null) {
    const unit = ago[2] === 'm' || ago[2] === 'h' ? ago[2] : 'd';
    return nowMs - Number(ago[1]) * UNIT_MS[unit];
  }
  if (WITH_OFFSET.test(text)) return instantOf(text);
  const local = LOCAL.exec(text);
  if (local === null) return null;
  const civil = `${local[1] ?? ''}T${local[2] ?? '00:00'}:${local[3] ?? '00'}`;
  const asUtcMs = instantOf(`${civil}Z`);
  // The offset that holds at about that time; an hour's change of clocks is not known in Japan.
  return asUtcMs === null ? null : instantOf(civil + formatIsoTime(asUtcMs, timeZone).slice(-6));
}

/** A day or hour that does not exist is no instant; `Date.parse` would roll some over. */
function instantOf(iso: string): number | null {
  const ms = globalThis.Date.parse(iso);
  return Number.isNaN(ms) || Number(iso.slice(8, 10)) > daysIn(iso) ? null : ms;
}

function daysIn(iso: string): number {
  const [year, month] = [Number(iso.slice(0, 4)), Number(iso.slice(5, 7))];
  return new globalThis.Date(globalThis.Date.UTC(year, month, 0)).getUTCDate();
}
