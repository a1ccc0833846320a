import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';

import { parseNameAddr } from '../message/name-addr.js';
import { parseSipMessage } from '../message/parse-sip-message.js';
import type { NameAddr, SipMessage, SipRequest, SipUri } from '../message/sip-message.js';
import { parseSipUri } from '../message/sip-uri.js';

/** @returns the URI; a text that is none is a bug of the test */
export function uriOf(text: string): SipUri {
  const uri = parseSipUri(text);
  assert(uri !== null, `no URI: ${text}`);
  return uri;
}

/** @returns the name-addr; a text that is none is a bug of the test */
export function addressOf(text: string): NameAddr {
  const address = parseNameAddr(text);
  assert(address !== null, `no name-addr: ${text}`);
  return address;
}

/** @returns the message that these lines are, body behind an empty one; a text that is none is a bug of the test */
export function messageOfLines(...lines: readonly string[]): SipMessage {
  const text = lines.includes('') ? lines.join('\r\n') : `${lines.join('\r\n')}\r\n\r\n`;
  const result = parseSipMessage(Buffer.from(text));
  assert(result.ok, result.ok ? '' : result.reason);
  return result.message;
}

/** @returns a request of ours without a Via, ready for the transaction layer; outside a dialog unless changed */
export function requestOf(method: string, changes: Partial<SipRequest> = {}): SipRequest {
  return {
    kind: 'request',
    method,
    uri: uriOf('sip:201@192.0.2.20'),
    maxForwards: 70,
    via: [],
    from: addressOf('<sip:09000001111@192.0.2.10>;tag=from-1'),
    to: addressOf('<sip:201@192.0.2.20>'),
    callId: 'call-1',
    cSeq: { number: 1, method },
    contacts: [addressOf('<sip:09000001111@192.0.2.10>')],
    route: [],
    recordRoute: [],
    headers: [],
    body: new Uint8Array(0),
    ...changes,
  };
}
