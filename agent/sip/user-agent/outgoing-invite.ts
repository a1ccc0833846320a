import { randomHex, type Random } from '../../../base/index.js';
import { withParam, type SipRequest } from '../message/sip-message.js';
import { ALLOW, SUPPORTED, type DialogSnapshot, type OutgoingInvite } from '../dialog/index.js';

/** A CSeq to begin with; small, so that it never nears 2^31 (RFC 3261 §8.1.1.5). */
const FIRST_CSEQ = 1;

/** The INVITE as a request: new Call-ID and From-tag, our offer in its body (RFC 3261 §8.1.1, §13.2.1). */
export function buildInvite(
  outgoing: OutgoingInvite,
  own: { readonly random: Random; readonly host: string; readonly userAgentName: string },
): SipRequest {
  const tag = randomHex(own.random, 8);
  return {
    kind: 'request',
    method: 'INVITE',
    uri: outgoing.requestUri,
    maxForwards: 70,
    via: [],
    from: { ...outgoing.from, params: withParam(outgoing.from.params, 'tag', tag) },
    to: outgoing.to,
    callId: `${randomHex(own.random, 16)}@${own.host}`,
    cSeq: { number: FIRST_CSEQ, method: 'INVITE' },
    contacts: [{ displayName: '', uri: outgoing.contact, params: [] }],
    route: outgoing.route,
    recordRoute: [],
    headers: [
      ALLOW,
      SUPPORTED,
      { name: 'User-Agent', value: own.userAgentName },
      ...outgoing.headers,
      { name: 'Content-Type', value: 'application/sdp' },
    ],
    body: Buffer.from(outgoing.sdp),
  };
}

/** A restored session has no INVITE at hand: one that names the same dialog, as it would have been sent. */
export function inviteOf(snapshot: DialogSnapshot): SipRequest {
  const isOurs = snapshot.role === 'uac';
  const number = isOurs ? snapshot.localCSeq : (snapshot.remoteCSeq ?? 0);
  return {
    kind: 'request',
    method: 'INVITE',
    uri: isOurs ? snapshot.remoteTarget : snapshot.localUri.uri,
    maxForwards: 70,
    via: [],
    from: isOurs ? snapshot.localUri : snapshot.remoteUri,
    to: isOurs ? snapshot.remoteUri : snapshot.localUri,
    callId: snapshot.callId,
    cSeq: { number, method: 'INVITE' },
    contacts: [],
    route: [],
    recordRoute: [],
    headers: [],
    body: new Uint8Array(0),
  };
}
