import type { Param } from './sip-message.js';

/**
 * Reading header text from left to right, each character once: RFC 3261 §25.1 without regular expressions that
 * could go back. A reader moves `at` and returns null when the text is not what it reads.
 */
export interface Cursor {
  readonly text: string;
  at: number;
}

/** Parameters of one address, Via or URI. Real ones have fewer than ten. */
export const PARAMS_MAX = 64;
/** Items of one comma-separated header, and of one typed field in all. A Via beyond 70 cannot exist (Max-Forwards). */
export const LIST_ITEMS_MAX = 80;

const TOKEN_MARKS = "-.!%*_+`'~";
const tokenChars = new Uint8Array(128);
for (let code = 0x30; code <= 0x39; code += 1) tokenChars[code] = 1;
for (let code = 0x41; code <= 0x5a; code += 1) tokenChars[code] = tokenChars[code + 32] = 1;
for (const mark of TOKEN_MARKS) tokenChars[mark.charCodeAt(0)] = 1;

/** @returns whether `text` is a token (RFC 3261 §25.1): one or more of letters, digits and -.!%*_+`'~ */
export function isToken(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    if (tokenChars[text.charCodeAt(at)] !== 1) return false;
  }
  return text !== '';
}

/** @returns a decimal number 0…`max`; null when it is not one or is greater. Leading zeros are allowed (§25.1). */
export function parseDigits(text: string, max: number): number | null {
  if (text === '') return null;
  let value = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
    if (value > max) return null;
  }
  return value;
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

/** @returns `text` without the blanks and tabs at its ends; other white space is content */
export function trimBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

export function skipBlanks(cursor: Cursor): void {
  while (isBlank(cursor.text.charCodeAt(cursor.at))) cursor.at += 1;
}

/** @returns whether `char` stood next, blanks around it allowed (SEMI, COMMA, EQUAL, COLON of §25.1); then it is passed */
export function passMark(cursor: Cursor, char: string): boolean {
  skipBlanks(cursor);
  if (cursor.text[cursor.at] !== char) return false;
  cursor.at += 1;
  skipBlanks(cursor);
  return true;
}

/** @returns the text up to a blank, the end, or one of `stops` */
export function readUntil(cursor: Cursor, stops: string): string {
  const { text } = cursor;
  const from = cursor.at;
  while (cursor.at < text.length) {
    if (isBlank(text.charCodeAt(cursor.at)) || stops.includes(text.charAt(cursor.at))) break;
    cursor.at += 1;
  }
  return text.slice(from, cursor.at);
}

/** Reads a quoted-string whose opening quote stands at the cursor. @returns it unquoted; null when it does not end */
export function readQuoted(cursor: Cursor): string | null {
  const { text } = cursor;
  const parts: string[] = [];
  let from = cursor.at + 1;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      parts.push(text.slice(from, at));
      cursor.at = at + 1;
      return parts.join('');
    }
    if (char !== '\\') continue;
    parts.push(text.slice(from, at));
    from = at + 1;
    at += 1;
  }
  return null;
}

/** Reads `;name=value;name` up to a comma or the end. Empty ones (`;;`) are passed over. */
export function readParams(cursor: Cursor): readonly Param[] | null {
  const params: Param[] = [];
  while (passMark(cursor, ';')) {
    const name = readUntil(cursor, ';,="<>');
    if (name === '' && ';,'.includes(cursor.text.charAt(cursor.at))) continue;
    if (!isToken(name) || params.length >= PARAMS_MAX) return null;
    const value = passMark(cursor, '=') ? readParamValue(cursor) : null;
    if (value === undefined) return null;
    params.push({ name: name.toLowerCase(), value });
  }
  return params;
}

function readParamValue(cursor: Cursor): string | undefined {
  if (cursor.text[cursor.at] === '"') return readQuoted(cursor) ?? undefined;
  const value = readUntil(cursor, ';,"<>');
  return '"<>'.includes(cursor.text.charAt(cursor.at)) && cursor.at < cursor.text.length
    ? undefined
    : value;
}

/** Reads a comma-separated list to the end of the text; null when one item is broken or there are too many. */
export function readList<T>(text: string, readItem: (cursor: Cursor) => T | null): T[] | null {
  const cursor: Cursor = { text, at: 0 };
  const items: T[] = [];
  do {
    const item = readItem(cursor);
    if (item === null || items.length >= LIST_ITEMS_MAX) return null;
    items.push(item);
  } while (passMark(cursor, ','));
  return cursor.at === text.length ? items : null;
}

const CONTROLS = /[\0-\x08\x0a-\x1f\x7f]/g;

/** @returns `text` on one line: CR, LF, NUL and the like become blanks, so that no value can begin a header of its own */
export function oneLine(text: string): string {
  return text.replace(CONTROLS, ' ');
}

/** @returns `text` as a quoted-string (RFC 3261 §25.1) */
export function quote(text: string): string {
  return `"${oneLine(text).replace(/["\\]/g, '\\$&')}"`;
}

/** Characters of a bare value: peers compare tags and branches byte by byte, so what came bare goes bare. */
function isBare(value: string): boolean {
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code <= 0x20 || code >= 0x7f || '";,<>\\'.includes(value.charAt(at))) return false;
  }
  return value !== '';
}

/** @returns `;name=value…`, values quoted where they need it */
export function formatParams(params: readonly Param[]): string {
  let text = '';
  for (const { name, value } of params) {
    text += `;${oneLine(name)}`;
    if (value !== null) text += `=${isBare(value) ? value : quote(value)}`;
  }
  return text;
}
