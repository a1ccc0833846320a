import type { Via } from './sip-message.js';
import { parseHostPort } from './sip-uri.js';
import {
  formatParams,
  isToken,
  oneLine,
  passMark,
  readList,
  readParams,
  readUntil,
  skipBlanks,
  type Cursor,
} from './text-scan.js';

function readProtocol(cursor: Cursor): string | null {
  skipBlanks(cursor);
  const name = readUntil(cursor, '/');
  if (name.toUpperCase() !== 'SIP' || !passMark(cursor, '/')) return null;
  if (readUntil(cursor, '/') !== '2.0' || !passMark(cursor, '/')) return null;
  const transport = readUntil(cursor, ';,/');
  return isToken(transport) ? transport.toUpperCase() : null;
}

function readVia(cursor: Cursor): Via | null {
  const transport = readProtocol(cursor);
  if (transport === null) return null;
  skipBlanks(cursor);
  let sentBy = readUntil(cursor, ';,');
  // Blanks may stand round the colon: `host : 5060` (§25.1, COLON).
  skipBlanks(cursor);
  if (sentBy.endsWith(':') || cursor.text[cursor.at] === ':') {
    if (passMark(cursor, ':')) sentBy += ':';
    sentBy += readUntil(cursor, ';,');
  }
  const hostPort = parseHostPort(sentBy);
  if (hostPort === null) return null;
  const params = readParams(cursor);
  return params === null ? null : { transport, ...hostPort, params };
}

/** Reads one Via value (RFC 3261 §20.42). @returns null when it is none, or more than one */
export function parseVia(text: string): Via | null {
  const list = parseViaList(text);
  return list?.length === 1 ? (list[0] ?? null) : null;
}

/** Reads a comma-separated list of Via values. @returns null when one is broken */
export function parseViaList(text: string): readonly Via[] | null {
  return readList(text, readVia);
}

export function formatVia(via: Via): string {
  const port = via.port === null ? '' : `:${via.port}`;
  return `SIP/2.0/${oneLine(via.transport)} ${oneLine(via.host)}${port}${formatParams(via.params)}`;
}
