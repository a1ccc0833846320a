import { parseSipMessage } from '../../message/parse-sip-message.js';
import type { SipRequest, SipResponse } from '../../message/sip-message.js';

/** @param lines a request or response without its last empty line */
export function requestFrom(lines: readonly string[], body = ''): SipRequest {
  const message = messageFrom(lines, body);
  if (message.kind !== 'request') throw new TypeError('not a request');
  return message;
}

export function responseFrom(lines: readonly string[]): SipResponse {
  const message = messageFrom(lines, '');
  if (message.kind !== 'response') throw new TypeError('not a response');
  return message;
}

function messageFrom(lines: readonly string[], body: string): SipRequest | SipResponse {
  const head = [...lines, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
  const parsed = parseSipMessage(Buffer.from(head));
  if (!parsed.ok) throw new TypeError(`${parsed.status} ${parsed.reason}`);
  return parsed.message;
}

/** A REGISTER of a shop phone, as baresip writes it. */
export function registerFrom(
  facts: {
    readonly extension?: string;
    readonly contacts?: readonly string[];
    readonly expires?: string;
    readonly cSeq?: number;
    readonly callId?: string;
    readonly headers?: readonly string[];
  } = {},
): SipRequest {
  const { extension = '201', cSeq = 1, callId = 'c1', headers = [] } = facts;
  const contacts = facts.contacts ?? [`<sip:${extension}-0x562b@127.0.0.1:5081>`];
  return requestFrom([
    'REGISTER sip:127.0.0.1:5060 SIP/2.0',
    'Via: SIP/2.0/UDP 127.0.0.1:5081;branch=z9hG4bK1;rport',
    'Max-Forwards: 70',
    `From: <sip:${extension}@127.0.0.1>;tag=a`,
    `To: <sip:${extension}@127.0.0.1>`,
    `Call-ID: ${callId}`,
    `CSeq: ${cSeq} REGISTER`,
    ...contacts.map((contact) => `Contact: ${contact}`),
    ...(facts.expires === undefined ? [] : [`Expires: ${facts.expires}`]),
    ...headers,
  ]);
}
