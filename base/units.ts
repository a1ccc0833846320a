/** One packet time of telephone audio, ms (RFC 3551 §4.2). */
export const PTIME_MS = 20;
/** The sample rate and RTP clock of G.711, Hz (RFC 3551 §4.5.14). */
export const TELEPHONE_RATE_HZ = 8_000;

/**
 * ISO 8601 with the offset of `timeZone`, milliseconds kept: `2026-10-01T09:00:00.000+09:00`.
 * @param wallMs Unix milliseconds
 * @param timeZone an IANA name, `Asia/Tokyo`
 */
export function formatIsoTime(wallMs: number, timeZone: string): string {
  const offsetMin = offsetMinutesOf(wallMs, timeZone);
  const local = new globalThis.Date(wallMs + offsetMin * 60_000).toISOString().slice(0, -1);
  const sign = offsetMin < 0 ? '-' : '+';
  const abs = Math.abs(offsetMin);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${local}${sign}${two(Math.floor(abs / 60))}:${two(abs % 60)}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function offsetMinutesOf(wallMs: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    formats.set(timeZone, format);
  }
  const name = format.formatToParts(wallMs).find((part) => part.type === 'timeZoneName')?.value;
  const match = /GMT([+-])(\d{2}):(\d{2})/.exec(name ?? '');
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}
