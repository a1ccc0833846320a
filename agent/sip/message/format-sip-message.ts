import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';

import { isTypedHeader } from './header-fields.js';
import { canonicalHeaderName } from './header-name.js';
import { formatNameAddr } from './name-addr.js';
import type { HeaderField, NameAddr, SipMessage } from './sip-message.js';
import { formatSipUri } from './sip-uri.js';
import { isToken, oneLine, trimBlanks } from './text-scan.js';
import { formatVia } from './via.js';

function startLineOf(message: SipMessage): string {
  if (message.kind === 'response') return `SIP/2.0 ${message.status} ${oneLine(message.reason)}`;
  return `${message.method} ${formatSipUri(message.uri)} SIP/2.0`;
}

function contactLines(contacts: readonly NameAddr[] | '*'): readonly string[] {
  if (contacts === '*') return ['Contact: *'];
  return contacts.map((contact) => `Contact: ${formatNameAddr(contact)}`);
}

function headerLine({ name, value }: HeaderField): string {
  const long = canonicalHeaderName(name);
  assert(isToken(name) && !isTypedHeader(long), `header ${name} has a field of its own`);
  return `${long}: ${trimBlanks(oneLine(value))}`;
}

/**
 * Writes a message (RFC 3261 §7). Long header names only: linphone fails on compact ones. Content-Length is always
 * written and always right. No value can add a line: line breaks and control characters in values become blanks.
 * @throws {AssertionError} when `headers` holds one that has a typed field, or the method is no token (bugs of ours)
 */
export function formatSipMessage(message: SipMessage): Buffer {
  const { cSeq } = message;
  assert(isToken(cSeq.method) && (message.kind === 'response' || isToken(message.method)));
  const lines = [
    startLineOf(message),
    ...message.via.map((via) => `Via: ${formatVia(via)}`),
    ...(message.kind === 'request' ? [`Max-Forwards: ${message.maxForwards}`] : []),
    ...message.recordRoute.map((hop) => `Record-Route: ${formatNameAddr(hop)}`),
    ...message.route.map((hop) => `Route: ${formatNameAddr(hop)}`),
    `From: ${formatNameAddr(message.from)}`,
    `To: ${formatNameAddr(message.to)}`,
    `Call-ID: ${oneLine(message.callId)}`,
    `CSeq: ${cSeq.number} ${cSeq.method}`,
    ...contactLines(message.contacts),
    ...message.headers.map(headerLine),
    `Content-Length: ${message.body.length}`,
    '',
    '',
  ];
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'utf8'), message.body]);
}
