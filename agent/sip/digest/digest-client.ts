import { randomHex, type Random } from '../../../base/index.js';
import type { Credentials } from '../dialog/session.js';
import {
  headersOf,
  type HeaderField,
  type SipRequest,
  type SipResponse,
} from '../message/sip-message.js';
import { formatSipUri } from '../message/sip-uri.js';
import { parseAuthFields, quote, type AuthFields } from './auth-fields.js';
import {
  algorithmOf,
  digestResponse,
  isStronger,
  type DigestAlgorithm,
  type DigestQop,
} from './digest-hash.js';

/** The request that was challenged. */
export interface ChallengedRequest {
  readonly method: string;
  /** The Request-URI as text. */
  readonly uri: string;
  readonly body: Uint8Array;
}

export interface DigestAnswer {
  /** `Authorization` to a 401, `Proxy-Authorization` to a 407. */
  readonly header: HeaderField;
  /** The peer says that only the nonce was too old: the password is not in doubt (RFC 7616 §3.3). */
  readonly stale: boolean;
}

/** The client's side of digest (RFC 3261 §22, RFC 8760). */
export interface DigestClient {
  /**
   * Answers the strongest challenge of a 401 or 407 that we know.
   * @returns null when there is none: no Digest, an unknown algorithm or qop, malformed
   */
  answer(response: SipResponse, request: ChallengedRequest): DigestAnswer | null;
}

/** Nonces whose count is remembered; the one unused longest is forgotten. */
const NONCES_MAX = 64;

interface Challenge {
  readonly algorithm: DigestAlgorithm;
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | null;
  readonly qop: DigestQop['name'] | null;
  /** Named in the challenge; an old server that named none may choke on one. */
  readonly namesAlgorithm: boolean;
  readonly stale: boolean;
}

/** Answers challenges for any user; what the sessions of `dialog/` are given. */
export interface DigestAuthoriser {
  /** @returns the header to send `request` again with; null when no challenge in `response` can be answered */
  authorise(
    response: SipResponse,
    request: SipRequest,
    credentials: Credentials,
  ): HeaderField | null;
}

export function createDigestClient(credentials: Credentials, random: Random): DigestClient {
  const nonces = new NonceCounts();
  return {
    answer: (response, request) =>
      answerChallenge(response, request, { credentials, random, nonces }),
  };
}

export function createDigestAuthoriser(random: Random): DigestAuthoriser {
  const nonces = new NonceCounts();
  return {
    authorise: (response, { method, uri, body }, credentials) => {
      const request = { method, uri: formatSipUri(uri), body };
      const answer = answerChallenge(response, request, { credentials, random, nonces });
      return answer?.header ?? null;
    },
  };
}

/**
 * Counts each nonce's uses (`nc`), also across requests: a server that gives the same nonce again wants nc=00000002.
 */
class NonceCounts {
  readonly #uses = new Map<string, number>();

  /** @returns eight hexadecimal digits */
  count(nonce: string): string {
    const count = (this.#uses.get(nonce) ?? 0) + 1;
    this.#uses.delete(nonce);
    this.#uses.set(nonce, count);
    const oldest = this.#uses.keys().next();
    if (this.#uses.size > NONCES_MAX && oldest.done !== true) this.#uses.delete(oldest.value);
    return count.toString(16).padStart(8, '0');
  }
}

interface Answering {
  readonly credentials: Credentials;
  readonly random: Random;
  readonly nonces: NonceCounts;
}

function answerChallenge(
  response: SipResponse,
  request: ChallengedRequest,
  { credentials, random, nonces }: Answering,
): DigestAnswer | null {
  const isProxy = response.status === 407;
  const challenge = strongestOf(
    headersOf(response, isProxy ? 'Proxy-Authenticate' : 'WWW-Authenticate'),
  );
  if (challenge === null) return null;
  const { user, password } = credentials;
  const { method, uri, body } = request;
  const cnonce = randomHex(random, 8);
  const nonceCount = nonces.count(challenge.nonce);
  const qop = challenge.qop === null ? null : { name: challenge.qop, nonceCount, cnonce };
  const digest = digestResponse({ ...challenge, method, uri, body, user, password, qop, cnonce });
  return {
    header: {
      name: isProxy ? 'Proxy-Authorization' : 'Authorization',
      value: formatCredentials({ challenge, user, uri, qop, cnonce }, digest),
    },
    stale: challenge.stale,
  };
}

function strongestOf(values: readonly string[]): Challenge | null {
  let best: Challenge | null = null;
  for (const fields of values.flatMap(parseAuthFields)) {
    const challenge = challengeOf(fields);
    if (challenge === null) continue;
    if (best === null || isStronger(challenge.algorithm, best.algorithm)) best = challenge;
  }
  return best;
}

function challengeOf({ scheme, params }: AuthFields): Challenge | null {
  const algorithm = algorithmOf(params.get('algorithm'));
  const realm = params.get('realm');
  const nonce = params.get('nonce');
  const qop = qopOf(params.get('qop'));
  if (scheme !== 'digest' || algorithm === null || qop === 'unknown') return null;
  if (realm === undefined || nonce === undefined) return null;
  return {
    algorithm,
    realm,
    nonce,
    qop,
    opaque: params.get('opaque') ?? null,
    namesAlgorithm: params.has('algorithm'),
    stale: params.get('stale')?.toLowerCase() === 'true',
  };
}

/** `auth` where offered: a gateway that rewrites our SDP would break an `auth-int`. */
function qopOf(offered: string | undefined): DigestQop['name'] | null | 'unknown' {
  if (offered === undefined) return null;
  const names = offered.split(',').map((name) => name.trim().toLowerCase());
  if (names.includes('auth')) return 'auth';
  return names.includes('auth-int') ? 'auth-int' : 'unknown';
}

interface Answered {
  readonly challenge: Challenge;
  readonly user: string;
  readonly uri: string;
  readonly qop: DigestQop | null;
  readonly cnonce: string;
}

function formatCredentials(answered: Answered, response: string): string {
  const { challenge, qop } = answered;
  const fields = [
    `username=${quote(answered.user)}`,
    `realm=${quote(challenge.realm)}`,
    `nonce=${quote(challenge.nonce)}`,
    `uri=${quote(answered.uri)}`,
    `response=${quote(response)}`,
  ];
  if (challenge.namesAlgorithm) fields.push(`algorithm=${challenge.algorithm}`);
  if (qop !== null) fields.push(`qop=${qop.name}`, `nc=${qop.nonceCount}`);
  if (qop !== null || challenge.algorithm.endsWith('-sess')) {
    fields.push(`cnonce=${quote(answered.cnonce)}`);
  }
  if (challenge.opaque !== null) fields.push(`opaque=${quote(challenge.opaque)}`);
  return `Digest ${fields.join(', ')}`;
}
