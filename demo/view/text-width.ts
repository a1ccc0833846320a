/** Columns of the terminal: an East Asian wide character takes two (UAX #11), a combining mark none. */

/** First and last code points that take two columns: W and F of UAX #11, as far as Japanese text and emoji need them. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** What colours text: SGR alone. */
const SGR = /\u001b\[[\d;]*m/g;
/** Anything that would move the cursor of whoever reads: what a caller sends must not. */
const CONTROL = /\p{Cc}/gu;

function widthOf(character: string): number {
  const codePoint = character.codePointAt(0) ?? 0;
  if (ZERO.test(character)) return 0;
  return WIDE.some(([first, last]) => codePoint >= first && codePoint <= last) ? 2 : 1;
}

/** @returns how many columns the text takes; colours take none */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text.replace(SGR, '')) width += widthOf(character);
  return width;
}

/** @returns the text, with blanks to `columns`; longer text stays as it is */
export function padTo(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}

/** @returns plain text in at most `columns`, `…` at its end where it was cut */
export function cutTo(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let [kept, width] = ['', 0];
  for (const character of text) {
    width += widthOf(character);
    if (width > columns - 1) break;
    kept += character;
  }
  return columns < 1 ? '' : `${kept}…`;
}

/** @returns text from outside, fit to be shown: no control characters */
export function printable(text: string): string {
  return text.replace(CONTROL, ' ');
}
