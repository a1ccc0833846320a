import { groupingOf } from './area-codes.js';
import type { Caller, NumberlessReason } from './identify-caller.js';

export type Language = 'ja' | 'en';

/** As the displays of Japanese telephones put it. */
const NUMBERLESS: Readonly<Record<NumberlessReason, Readonly<Record<Language, string>>>> = {
  withheld: { ja: '非通知', en: 'Number withheld' },
  payphone: { ja: '公衆電話', en: 'Payphone' },
  unavailable: { ja: '表示圏外', en: 'Number unavailable' },
  otherService: { ja: '表示圏外', en: 'Number unavailable' },
};

/** @returns what a display shows: `090-0000-1234`, `非通知` */
export function formatCallerForDisplay(caller: Caller, language: Language): string {
  return caller.kind === 'number' ? groupNumber(caller.number) : NUMBERLESS[caller.kind][language];
}

/** @returns the number with hyphens; unchanged when its grouping is not known */
export function groupNumber(number: string): string {
  return groupsOf(number)?.join('-') ?? number;
}

function groupsOf(number: string): readonly [string, string, string] | null {
  const grouping = groupingOf(number);
  if (grouping === null) return null;
  const [first, second] = grouping;
  return [
    number.slice(0, first),
    number.slice(first, first + second),
    number.slice(first + second),
  ];
}

/** Numbers up to this length name a service or an extension, not a person. */
const PUBLIC_LENGTH_MAX = 4;

/**
 * @returns the number as it may leave the box (logs, MQTT): `090-****-5678`; the middle is hidden, and of a number whose groups
 *   are not known all but the first three and the last four characters, at least half of it
 */
export function maskNumber(number: string): string {
  if (number.length <= PUBLIC_LENGTH_MAX) return number;
  const groups = groupsOf(number);
  // A middle group of one or two digits would hide nothing.
  if (groups !== null && groups[1].length >= 3) {
    return `${groups[0]}-${'*'.repeat(groups[1].length)}-${groups[2]}`;
  }
  const head = Math.min(3, Math.floor(number.length / 4));
  const tail = Math.min(4, Math.floor(number.length / 4));
  return number.slice(0, head) + '*'.repeat(number.length - head - tail) + number.slice(-tail);
}
