import { canonicalHeaderName } from './header-name.js';
import type { HeaderField } from './sip-message.js';
import { isToken, trimBlanks } from './text-scan.js';

/** Header lines of one message; real ones have fewer than fifty. Beyond it: 513. */
export const HEADER_LINES_MAX = 256;

/** The head of a message, cut into lines (RFC 3261 §7). */
export interface MessageHead {
  readonly startLine: string;
  /** Names canonical, values unfolded and trimmed; at most `HEADER_LINES_MAX`. */
  readonly fields: readonly HeaderField[];
  readonly hasBrokenLine: boolean;
  readonly hasTooManyLines: boolean;
}

const LF = 0x0a;
const CR = 0x0d;

/** @returns where the body begins: behind the first empty line, or at the end when there is none */
export function findBody(bytes: Uint8Array): { headEnd: number; bodyStart: number } | null {
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return { headEnd: at, bodyStart: at + 2 };
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return { headEnd: at, bodyStart: at + 3 };
  }
  return null;
}

const STRANGE = /[\0-\x08\x0b-\x1f\x7f]/g;

/** Cuts a head into its lines. A line may end in CRLF or, from careless peers, in LF. */
export function splitHead(head: string): MessageHead {
  const lines = head
    .replace(/\r\n/g, '\n')
    .replace(/\r/g, ' ')
    .replace(STRANGE, '\ufffd')
    .split('\n');
  const fields: HeaderField[] = [];
  let folded: string[] = [];
  let hasBrokenLine = false;
  const endLine = (): void => {
    if (folded.length === 0) return;
    const field = parseHeaderLine(folded.length === 1 ? (folded[0] ?? '') : folded.join(' '));
    if (field === null) hasBrokenLine = true;
    else fields.push(field);
    folded = [];
  };
  const startLine = lines[0] ?? '';
  for (let at = 1; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line.startsWith(' ') || line.startsWith('\t')) {
      folded.push(trimBlanks(line));
      continue;
    }
    endLine();
    if (fields.length >= HEADER_LINES_MAX) {
      return { startLine, fields, hasBrokenLine, hasTooManyLines: true };
    }
    folded.push(line);
  }
  endLine();
  return { startLine, fields, hasBrokenLine, hasTooManyLines: false };
}

function parseHeaderLine(line: string): HeaderField | null {
  const colon = line.indexOf(':');
  if (colon < 0) return null;
  const name = trimBlanks(line.slice(0, colon));
  if (!isToken(name)) return null;
  return { name: canonicalHeaderName(name), value: trimBlanks(line.slice(colon + 1)) };
}
