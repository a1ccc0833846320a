import { parseSipMessage } from '../../sip/message/parse-sip-message.js';
import type { SipRequest } from '../../sip/message/sip-message.js';

interface InviteFacts {
  readonly from: string;
  readonly to?: string;
  readonly uri?: string;
  readonly headers?: readonly string[];
}

function inviteFrom(lines: readonly string[]): SipRequest {
  const parsed = parseSipMessage(Buffer.from([...lines, '', ''].join('\r\n')));
  if (!parsed.ok || parsed.message.kind !== 'request') throw new TypeError(lines.join('\n'));
  return parsed.message;
}

/** A call as the home gateway hands it to extension 3: compact names, the called number in To. */
export function hgwInvite({ from, to, uri, headers = [] }: InviteFacts): SipRequest {
  return inviteFrom([
    `INVITE ${uri ?? 'sip:3@192.168.1.20:5060'} SIP/2.0`,
    'v: SIP/2.0/UDP 192.168.1.1:5060;branch=z9hG4bKhgw1',
    'Max-Forwards: 70',
    `f: ${from};tag=g1`,
    `t: ${to ?? '<sip:0300000001@192.168.1.20>'}`,
    'i: call-1@192.168.1.1',
    'CSeq: 1 INVITE',
    'm: <sip:0a1b2c3d4e5f@192.168.1.1>',
    'k: timer,100rel',
    'x: 300;refresher=uac',
    ...headers,
    'l: 0',
  ]);
}

/** A call as the HT813 hands it over from its FXO port. */
export function ht813Invite({ from, headers = [] }: InviteFacts): SipRequest {
  return inviteFrom([
    'INVITE sip:line@192.168.1.20 SIP/2.0',
    'Via: SIP/2.0/UDP 192.168.1.30:5062;branch=z9hG4bKata1;rport',
    `From: ${from};tag=a1`,
    'To: <sip:line@192.168.1.20>',
    'Contact: <sip:ht813fxo@192.168.1.30:5062;transport=udp>',
    'Supported: replaces, path, timer',
    ...headers,
    'Call-ID: 2@192.168.1.30',
    'CSeq: 20 INVITE',
    'Max-Forwards: 70',
    'Content-Length: 0',
  ]);
}
