import { plainDigits } from './digits.js';

/** What a phone dialled, made out. */
export interface Dialled {
  /** What goes to the line: without the outside-line prefix, with 184 or 186 as dialled. */
  readonly digits: string;
  /** Whom it reaches: `digits` without 184 and 186. */
  readonly called: string;
  /** 110, 118, 119: passes at once, ahead of every limit. */
  readonly emergency: boolean;
}

const EMERGENCY_NUMBERS: readonly string[] = ['110', '118', '119'];
/** 184 withholds, 186 shows the caller's number for one call. */
const CALLER_ID_PREFIX = /^18[46]/;
/** Dialled out of habit in shops that had a PBX, also where none is configured; no other number looks like `0110`. */
const USUAL_OUTSIDE_PREFIXES: readonly string[] = ['0', '9'];

/**
 * Makes out what a phone dialled.
 * @param text digits as typed: full-width, with separators, `0,` pauses, or a closing `#`
 * @param outsidePrefix what the shop dials for an outside line; null when nothing
 * @returns null when it is no number of the line
 */
export function normaliseDialled(text: string, outsidePrefix: string | null): Dialled | null {
  const typed = plainDigits(text).replaceAll(',', '').replace(/#$/, '');
  // `#9110`, `#7119`: short numbers for advice, with their sharp in front.
  const match = /^[+#]?\d{1,24}$/.exec(typed);
  if (match === null) return null;
  const emergency = emergencyIn(typed, outsidePrefix);
  if (emergency !== null)
    return { digits: emergency, called: emergency.slice(-3), emergency: true };
  const digits = withoutOutsidePrefix(typed, outsidePrefix);
  if (digits === '') return null;
  return { digits, called: digits.replace(CALLER_ID_PREFIX, '') || digits, emergency: false };
}

/** @returns the emergency number as the line wants it (`119`, `184119`), whatever prefixes stand before it, in any order */
function emergencyIn(typed: string, outsidePrefix: string | null): string | null {
  const outside = outsidePrefix === null ? [] : [outsidePrefix];
  const prefixes = ['', ...outside, ...USUAL_OUTSIDE_PREFIXES];
  for (const number of EMERGENCY_NUMBERS) {
    if (!typed.endsWith(number)) continue;
    const before = typed.slice(0, -number.length);
    if (prefixes.includes(before)) return number;
    for (const callerId of ['184', '186']) {
      const isCallerId = prefixes.some(
        (prefix) => before === prefix + callerId || before === callerId + prefix,
      );
      if (isCallerId) return callerId + number;
    }
  }
  return null;
}

/**
 * A prefix `0` looks like the first digit of a national number that somebody dialled without it: it is cut off only where what
 * is left begins as numbers do, or the whole is too short for a national one.
 */
function withoutOutsidePrefix(digits: string, prefix: string | null): string {
  if (prefix === null || !digits.startsWith(prefix)) return digits;
  const rest = digits.slice(prefix.length);
  return /^[01]/.test(rest) || digits.length < 10 ? rest : digits;
}
