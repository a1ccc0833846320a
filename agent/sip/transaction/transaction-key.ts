import {
  paramOf,
  tagOf,
  type SipMessage,
  type SipRequest,
  type Via,
} from '../message/sip-message.js';
import { formatSipUri } from '../message/sip-uri.js';

/** A branch that begins so is unique (RFC 3261 §8.1.1.7); case does not count (§7.3.1). */
const COOKIE = 'z9hg4bk';

const branchOf = (via: Via | undefined): string =>
  (via === undefined ? '' : (paramOf(via.params, 'branch') ?? '')).toLowerCase();

const sentByOf = (via: Via | undefined): string => `${via?.host ?? ''}:${via?.port ?? 5060}`;

/**
 * What a request shares with its repeats (RFC 3261 §17.2.3). Without the cookie in its branch the peer is of RFC 2543,
 * whose branch may be missing or always the same: then the rest of the request tells.
 * @param method INVITE to find what an ACK or CANCEL belongs to
 */
export function serverKey(request: SipRequest, method: string): string {
  const [top] = request.via;
  const branch = branchOf(top);
  if (branch.startsWith(COOKIE)) return JSON.stringify([branch, sentByOf(top), method]);
  // The To-tag is left out: an INVITE has none yet, its ACK has one.
  return JSON.stringify([
    formatSipUri(request.uri),
    tagOf(request.from) ?? '',
    request.callId,
    request.cSeq.number,
    branch,
    sentByOf(top),
    method,
  ]);
}

/** What a response shares with its request (RFC 3261 §17.1.3); also the key under which we keep a request that we send. */
export function clientKey(message: SipMessage, method = message.cSeq.method): string {
  return JSON.stringify([branchOf(message.via[0]), method]);
}

/** What two copies of one request share that came on different paths (RFC 3261 §8.2.2.2). */
export function mergeKey(request: SipRequest): string {
  const { number, method } = request.cSeq;
  return JSON.stringify([request.callId, tagOf(request.from) ?? '', number, method]);
}
