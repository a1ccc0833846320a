import { Buffer } from 'node:buffer';

import { findBody, splitHead, type MessageHead } from './header-lines.js';
import { readFields, type Fields } from './header-fields.js';
import type { HeaderField, SipMessage, SipUri, Via } from './sip-message.js';
import { parseSipUri } from './sip-uri.js';
import { isToken, parseDigits, trimBlanks } from './text-scan.js';

/** The largest message that is read; the largest UDP datagram is 65,507 bytes. */
export const MESSAGE_BYTES_MAX = 65_536;
/** The longest method name that is carried. */
const METHOD_MAX = 64;

/** What a stateless answer to a broken request needs: it copies the rest as it came (RFC 3261 §8.2.6). */
export interface AnswerablePart {
  readonly method: string;
  /** The topmost Via: it says where the answer goes. */
  readonly via: Via;
  /** Lower Vias, From, To, Call-ID and CSeq, as far as there were any; values unparsed, one line each. */
  readonly copied: readonly HeaderField[];
}

export interface ParseFailure {
  readonly ok: false;
  /** 400, 413, 505, 513: what to answer. */
  readonly status: number;
  readonly reason: string;
  /** null: a response, an ACK, or no SIP at all. Drop and count. */
  readonly partial: AnswerablePart | null;
}

export type ParseResult = { readonly ok: true; readonly message: SipMessage } | ParseFailure;

type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly uri: SipUri }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string };

interface Problem {
  readonly status: number;
  readonly reason: string;
}

const CR = 0x0d;
const LF = 0x0a;

/**
 * Reads one datagram, or one message that the stream framer cut out (RFC 3261 §7, §25). Linear in its length; never
 * throws, whatever the bytes. Bytes beyond Content-Length are no part of the message (§18.3).
 */
export function parseSipMessage(datagram: Uint8Array): ParseResult {
  const bytes = datagram.subarray(0, MESSAGE_BYTES_MAX);
  let from = 0;
  while (bytes[from] === CR || bytes[from] === LF) from += 1;
  const found = findBody(bytes.subarray(from));
  const headEnd = found === null ? bytes.length : from + found.headEnd;
  const head = splitHead(Buffer.from(bytes.subarray(from, headEnd)).toString('utf8'));
  const fields = readFields(head.fields);
  const start = readStartLine(head.startLine);
  const problem =
    (datagram.length > MESSAGE_BYTES_MAX ? { status: 513, reason: 'Message Too Large' } : null) ??
    ('problem' in start ? start.problem : null) ??
    headProblem(head, fields);
  if (problem !== null) return failure(problem, head, fields);
  const body = readBody(bytes, found === null ? bytes.length : from + found.bodyStart, fields);
  if (body === null) return failure(bad('Content-Length Beyond The Message'), head, fields);
  const message = 'problem' in start ? null : assemble(start, fields, body);
  return message ?? failure(bad('CSeq Method Mismatch'), head, fields);
}

const bad = (reason: string): Problem => ({ status: 400, reason });

function headProblem(head: MessageHead, fields: Fields): Problem | null {
  if (head.hasTooManyLines) return { status: 513, reason: 'Too Many Headers' };
  if (head.hasBrokenLine) return bad('Malformed Header Line');
  return fields.problem === null ? null : bad(fields.problem);
}

function readBody(bytes: Uint8Array, start: number, fields: Fields): Uint8Array | null {
  const length = fields.contentLength ?? bytes.length - start;
  // A copy: a kept message must not hold on to the receive buffer.
  return start + length > bytes.length
    ? null
    : new Uint8Array(bytes.subarray(start, start + length));
}

function readStartLine(line: string): StartLine | { readonly problem: Problem } {
  if (line.slice(0, 8).toUpperCase() === 'SIP/2.0 ') return readStatusLine(line);
  const text = trimBlanks(line);
  const first = text.indexOf(' ');
  const last = text.lastIndexOf(' ');
  const version = text.slice(last + 1).toUpperCase();
  const method = text.slice(0, Math.max(first, 0));
  if (!isToken(method) || method.length > METHOD_MAX)
    return { problem: bad('Malformed Request Line') };
  if (version !== 'SIP/2.0') return { problem: { status: 505, reason: 'Version Not Supported' } };
  const uri = parseSipUri(text.slice(first + 1, Math.max(last, first + 1)));
  return uri === null
    ? { problem: bad('Malformed Request-URI') }
    : { kind: 'request', method, uri };
}

function readStatusLine(line: string): StartLine | { readonly problem: Problem } {
  const status = parseDigits(line.slice(8, 11), 699);
  const hasEnd = line.length === 11 || line[11] === ' ';
  if (status === null || status < 100 || !hasEnd) return { problem: bad('Malformed Status Line') };
  return { kind: 'response', status, reason: trimBlanks(line.slice(12)) };
}

/** @returns null when the CSeq names another method than the request line (§8.1.1.5) */
function assemble(start: StartLine, fields: Fields, body: Uint8Array): ParseResult | null {
  const { via, from, to, callId, cSeq, contacts, route, recordRoute, headers, maxForwards } =
    fields;
  if (from === null || to === null || callId === null || cSeq === null) return null;
  const core = { via, from, to, callId, cSeq, contacts, route, recordRoute, headers, body };
  if (start.kind === 'response') return { ok: true, message: { ...start, ...core } };
  if (cSeq.method !== start.method) return null;
  return { ok: true, message: { ...start, ...core, maxForwards: maxForwards ?? 70 } };
}

const COPIED: ReadonlySet<string> = new Set(['Via', 'From', 'To', 'Call-ID', 'CSeq']);

function failure(problem: Problem, head: MessageHead, fields: Fields): ParseFailure {
  return { ok: false, ...problem, partial: answerablePart(head, fields) };
}

function answerablePart(head: MessageHead, fields: Fields): AnswerablePart | null {
  const line = trimBlanks(head.startLine);
  const method = line.slice(0, Math.max(line.indexOf(' '), 0));
  const isSip = line
    .slice(line.lastIndexOf(' ') + 1)
    .toUpperCase()
    .startsWith('SIP/');
  const top = fields.via[0];
  if (!isSip || !isToken(method) || method === 'ACK' || top === undefined) return null;
  const copied = head.fields.filter((field) => COPIED.has(field.name));
  const firstVia = copied.findIndex((field) => field.name === 'Via');
  const lower = fields.lowerViasOfFirstLine.map((value) => ({ name: 'Via', value }));
  return { method, via: top, copied: [...lower, ...copied.toSpliced(firstVia, 1)] };
}
