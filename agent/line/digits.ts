/** Longest text that is looked at as a number, characters. */
const TEXT_LENGTH_MAX = 128;
/** E.164 allows 15; a prefix and an extension may stand around it. */
const DIGITS_MAX = 24;

/** Blanks, brackets, dots and every hyphen and dash that Japanese input methods write. */
const SEPARATORS = /[\s().\-‐‑‒–—―−ーｰ]/g;

/**
 * @returns `text` with full-width characters as ASCII (NFKC) and without visual separators (RFC 3966 §5.1.1); empty when it is
 *   longer than any number
 */
export function plainDigits(text: string): string {
  return text.length > TEXT_LENGTH_MAX ? '' : text.normalize('NFKC').replace(SEPARATORS, '');
}

/**
 * Brings a number as gateways write it to the one form under which it is looked up: national digits (`09000001234`), or
 * `+…` when it is not Japanese.
 * @param text the user part of a SIP URI, a `tel:` number, a display name
 * @returns null when it is no number
 */
export function normaliseNumber(text: string): string | null {
  const [bare = ''] = plainDigits(text)
    .replace(/^(?:tel|sips?):/i, '')
    .split(/[;@]/, 1);
  const match = /^(\+?)(\d+)$/.exec(bare);
  const digits = match?.[2] ?? '';
  if (match === null || digits.length > DIGITS_MAX) return null;
  if (match[1] === '') return digits;
  if (!digits.startsWith('81')) return `+${digits}`;
  // +81 (0)90 … is wrong, and common.
  const national = digits.slice(2).replace(/^0/, '');
  return national === '' ? null : `0${national}`;
}
