import type { NameAddr } from './sip-message.js';
import { formatSipUri, parseSipUri } from './sip-uri.js';
import {
  formatParams,
  quote,
  readList,
  readParams,
  readQuoted,
  skipBlanks,
  trimBlanks,
  type Cursor,
} from './text-scan.js';

/** Reads the display name, if any, and moves to what follows it. */
function readDisplayName(cursor: Cursor): string | null {
  skipBlanks(cursor);
  if (cursor.text[cursor.at] === '"') {
    const quoted = readQuoted(cursor);
    skipBlanks(cursor);
    return cursor.text[cursor.at] === '<' ? quoted : null;
  }
  const from = cursor.at;
  let at = from;
  while (at < cursor.text.length && !'<,;"'.includes(cursor.text.charAt(at))) at += 1;
  if (cursor.text[at] !== '<') return '';
  cursor.at = at;
  return trimBlanks(cursor.text.slice(from, at));
}

function readUriText(cursor: Cursor): string | null {
  const { text } = cursor;
  if (text[cursor.at] !== '<') {
    const from = cursor.at;
    while (cursor.at < text.length && !',; \t'.includes(text.charAt(cursor.at))) cursor.at += 1;
    // §20.10: a URI with a question mark needs its brackets; without them nobody knows whose it is.
    const bare = text.slice(from, cursor.at);
    return bare.includes('?') ? null : bare;
  }
  const end = text.indexOf('>', cursor.at);
  if (end < 0) return null;
  const inside = trimBlanks(text.slice(cursor.at + 1, end));
  cursor.at = end + 1;
  return inside;
}

function readNameAddr(cursor: Cursor): NameAddr | null {
  const displayName = readDisplayName(cursor);
  if (displayName === null) return null;
  const uriText = readUriText(cursor);
  const uri = uriText === null ? null : parseSipUri(uriText);
  if (uri === null) return null;
  const params = readParams(cursor);
  return params === null ? null : { displayName, uri, params };
}

/** Reads one name-addr or addr-spec (RFC 3261 §20.10, §20.20). @returns null when it is none, or more than one */
export function parseNameAddr(text: string): NameAddr | null {
  const cursor: Cursor = { text, at: 0 };
  const address = readNameAddr(cursor);
  skipBlanks(cursor);
  return cursor.at === text.length ? address : null;
}

/** Reads a comma-separated list; an empty text is an empty list. @returns null when one item is broken */
export function parseNameAddrList(text: string): readonly NameAddr[] | null {
  const cursor: Cursor = { text, at: 0 };
  skipBlanks(cursor);
  return cursor.at === text.length ? [] : readList(text, readNameAddr);
}

/** @returns `"name" <uri>;params`: always in brackets, so that no parameter changes its owner (§20.10) */
export function formatNameAddr(address: NameAddr): string {
  const name = address.displayName === '' ? '' : `${quote(address.displayName)} `;
  return `${name}<${formatSipUri(address.uri)}>${formatParams(address.params)}`;
}
