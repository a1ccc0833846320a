import { randomHex, type Random } from '../../../base/index.js';
import {
  headersOf,
  tagOf,
  tokensOf,
  type SipRequest,
  type SipResponse,
} from '../message/sip-message.js';
import {
  ACCEPT,
  ALLOW,
  parseReplaces,
  respondTo,
  SUPPORTED,
  SUPPORTED_TAGS,
  type Replaces,
} from '../dialog/index.js';

/** Methods that belong inside a dialog: without one 481. */
const IN_DIALOG_ONLY: ReadonlySet<string> = new Set(['BYE', 'PRACK', 'UPDATE', 'INFO', 'NOTIFY']);
/** Methods that we know and do not serve. */
const NOT_SERVED: ReadonlySet<string> = new Set(['MESSAGE', 'PUBLISH', 'REFER']);

/** Unknown option tags that a 420 names; more are not repeated to the sender. */
const UNSUPPORTED_MAX = 16;

/** What any request must pass (RFC 3261 §8.2.2). @returns the refusal, or null when it is fine */
export function refusalOf(request: SipRequest, random: Random): SipResponse | null {
  const localTag = randomHex(random, 8);
  const { scheme } = request.uri;
  if (scheme !== 'sip' && scheme !== 'tel') return respondTo(request, 416, { localTag });
  const unknown = tokensOf(request, 'Require').filter(
    (token) => !SUPPORTED_TAGS.includes(token.toLowerCase()),
  );
  if (unknown.length === 0) return null;
  const headers = [{ name: 'Unsupported', value: unknown.slice(0, UNSUPPORTED_MAX).join(', ') }];
  return respondTo(request, 420, { localTag, headers });
}

/** The answer to a request that neither begins a session nor registers (RFC 3261 §8.2.1, §11.2). */
export function answerOutside(request: SipRequest, random: Random): SipResponse {
  const localTag = randomHex(random, 8);
  const { method } = request;
  if (tagOf(request.to) !== undefined || IN_DIALOG_ONLY.has(method)) {
    return respondTo(request, 481, { localTag });
  }
  if (method === 'OPTIONS') {
    return respondTo(request, 200, { localTag, headers: [ALLOW, SUPPORTED, ACCEPT] });
  }
  // RFC 6665 §4.2.1.2: no event package is ours.
  if (method === 'SUBSCRIBE') return respondTo(request, 489, { localTag, headers: [ALLOW] });
  const status = NOT_SERVED.has(method) ? 405 : 501;
  return respondTo(request, status, { localTag, headers: [ALLOW] });
}

/** The Replaces of an INVITE (RFC 3891 §3): null when there is none, `malformed` for 400. */
export function replacesOf(invite: SipRequest): Replaces | null | 'malformed' {
  const [value, ...more] = headersOf(invite, 'Replaces');
  if (value === undefined) return null;
  return more.length > 0 ? 'malformed' : (parseReplaces(value) ?? 'malformed');
}
