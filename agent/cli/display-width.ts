/** Wide and full-width characters (UAX #11), as far as terminals agree on them: two columns each. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** Combining marks and invisible characters: none. */
const NARROWEST = /[\p{Mn}\p{Me}\p{Cf}]/u;
/** Control characters, and those that turn the direction of the text around. */

const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** @returns columns that `text` takes on a terminal */
export function displayWidth(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (NARROWEST.test(character)) continue;
    columns += WIDE.test(character) ? 2 : 1;
  }
  return columns;
}

/** @returns `text` without what could steer the terminal: names come from callers and from files */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd');
}

/** @returns `text` filled with blanks to `columns`; unchanged when it is longer */
export function padColumns(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, columns - displayWidth(text)));
  return side === 'left' ? text + blanks : blanks + text;
}
