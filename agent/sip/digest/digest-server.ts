import { createHash, timingSafeEqual } from 'node:crypto';
import { randomHex, type Clock, type Random } from '../../../base/index.js';
import { headersOf, type HeaderField, type SipRequest } from '../message/sip-message.js';
import type { Endpoint } from '../transport/transport.js';
import { parseAuthFields, quote } from './auth-fields.js';
import { AUTH_GUARD_LIMITS, AuthGuard, type AuthGuardLimits } from './auth-guard.js';
import { algorithmOf, digestResponse, type DigestAlgorithm } from './digest-hash.js';
import { NonceLedger } from './nonce-ledger.js';
import { createNonceMint, type NonceMint } from './nonce.js';

/** What a request's credentials are worth. */
export type DigestVerdict =
  | { readonly verdict: 'ok'; readonly user: string }
  /** Answer with `status` and `headers`. `wrong`: a digest was there, and it was not right. */
  | {
      readonly verdict: 'challenge';
      readonly why: 'missing' | 'stale' | 'wrong';
      readonly status: 401 | 407;
      readonly headers: readonly HeaderField[];
    }
  /** Three wrong digests: 403, and again while `waitMs` runs. */
  | { readonly verdict: 'refuse'; readonly status: 403; readonly waitMs: number };

/** Each only rises. */
export interface DigestCounts {
  readonly challenged: number;
  readonly wrong: number;
  /** Answered 403, the digest not even looked at. */
  readonly refused: number;
  readonly replayed: number;
}

export interface DigestServer {
  /** @param as `registrar` reads Authorization and asks with 401; `proxy` Proxy-Authorization and 407 (RFC 3261 §22) */
  verify(request: SipRequest, source: Endpoint, as: 'registrar' | 'proxy'): DigestVerdict;
  readonly counts: DigestCounts;
}

export interface DigestServerOptions {
  readonly realm: string;
  readonly passwordOf: (user: string) => string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * One challenge each, in this order. Only MD5 unless told: baresip 1.0 gives up (`Function not implemented`) on a 401 that
   * carries a SHA-256 challenge in any place, SIPp 3.6 on one that carries it first. With both, put MD5 first.
   */
  readonly algorithms?: readonly ('MD5' | 'SHA-256')[];
  readonly nonceLifetimeMs?: number;
  readonly guard?: AuthGuardLimits;
}

const NONCE_LIFETIME_MS = 5 * 60_000;
/** Most credentials of one request that are looked at. */
const CREDENTIALS_MAX = 4;

/** The credentials of one request that are meant for our realm. */
interface Claim {
  readonly user: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  /** null: the old form without qop; counts as the first and only use of its nonce. */
  readonly qop: {
    readonly name: 'auth';
    readonly nonceCount: string;
    readonly cnonce: string;
  } | null;
}

/** The server's side of digest (RFC 3261 §22, RFC 7616, RFC 8760) for the shop's phones. */
export function createDigestServer(options: DigestServerOptions): DigestServer {
  return new MemoryDigestServer(options);
}

class MemoryDigestServer implements DigestServer {
  readonly #options: DigestServerOptions;
  readonly #algorithms: readonly DigestAlgorithm[];
  readonly #mint: NonceMint;
  readonly #ledger = new NonceLedger();
  readonly #guard: AuthGuard;
  /** Stands for the password of a user whom we do not know: same work, same answers, never right. */
  readonly #nobodysPassword: string;
  #counts = { challenged: 0, wrong: 0, refused: 0, replayed: 0 };

  constructor(options: DigestServerOptions) {
    const { clock, random } = options;
    this.#options = options;
    this.#algorithms = options.algorithms ?? ['MD5'];
    this.#mint = createNonceMint(clock, random, options.nonceLifetimeMs ?? NONCE_LIFETIME_MS);
    this.#guard = new AuthGuard(clock, options.guard ?? AUTH_GUARD_LIMITS);
    this.#nobodysPassword = randomHex(random, 16);
  }

  get counts(): DigestCounts {
    return { ...this.#counts };
  }

  verify(request: SipRequest, source: Endpoint, as: 'registrar' | 'proxy'): DigestVerdict {
    const challenge = (why: 'missing' | 'stale' | 'wrong'): DigestVerdict =>
      this.#challenge(source, as, why);
    const claim = this.#claimOf(request, as);
    if (claim === null) return challenge('missing');
    const password = this.#options.passwordOf(claim.user);
    const guarded = this.#guardKey(source, password === undefined ? null : claim.user);
    const waitMs = this.#guard.waitMs(guarded);
    if (waitMs > 0) return this.#refuse(waitMs);
    // Before any digest is computed: a nonce that we did not give to this address tells nobody whether a password is right,
    // and whoever fakes a sender's address cannot get the true phone slowed.
    const nonce = this.#mint.weigh(claim.nonce, source.address);
    if (nonce.worth !== 'valid') return challenge('stale');
    if (!this.#isRight(claim, request, password ?? this.#nobodysPassword)) {
      this.#counts.wrong++;
      return this.#guard.wrong(guarded)
        ? this.#refuse(this.#guard.waitMs(guarded))
        : challenge('wrong');
    }
    this.#guard.right(guarded);
    const count = claim.qop === null ? 1 : Number.parseInt(claim.qop.nonceCount, 16);
    if (!this.#ledger.use(claim.nonce, count, nonce.expiresAtMs)) {
      this.#counts.replayed++;
      return challenge('stale');
    }
    return { verdict: 'ok', user: claim.user };
  }

  /** All unknown users of an address share one record: inventing names does not wash out the memory. */
  #guardKey(source: Endpoint, user: string | null): string {
    return user === null ? `${source.address} ?` : `${source.address} =${user}`;
  }

  #refuse(waitMs: number): DigestVerdict {
    this.#counts.refused++;
    return { verdict: 'refuse', status: 403, waitMs };
  }

  #challenge(
    source: Endpoint,
    as: 'registrar' | 'proxy',
    why: 'missing' | 'stale' | 'wrong',
  ): DigestVerdict {
    this.#counts.challenged++;
    const nonce = this.#mint.mint(source.address);
    const stale = why === 'stale' ? ', stale=true' : '';
    const headers = this.#algorithms.map((algorithm) => ({
      name: as === 'proxy' ? 'Proxy-Authenticate' : 'WWW-Authenticate',
      value: `Digest realm=${quote(this.#options.realm)}, nonce="${nonce}"${stale}, algorithm=${algorithm}, qop="auth"`,
    }));
    return { verdict: 'challenge', why, status: as === 'proxy' ? 407 : 401, headers };
  }

  #claimOf(request: SipRequest, as: 'registrar' | 'proxy'): Claim | null {
    const name = as === 'proxy' ? 'Proxy-Authorization' : 'Authorization';
    for (const value of headersOf(request, name).slice(0, CREDENTIALS_MAX)) {
      for (const { scheme, params } of parseAuthFields(value)) {
        if (scheme !== 'digest' || params.get('realm') !== this.#options.realm) continue;
        const claim = claimFrom(params);
        if (claim !== null && this.#algorithms.includes(claim.algorithm)) return claim;
      }
    }
    return null;
  }

  /**
   * The digest-uri is not held against the Request-URI: phones behind an outbound proxy setting write one in the digest and
   * the other on the line, and the nonce count already refuses a digest that is played again elsewhere.
   */
  #isRight(claim: Claim, request: SipRequest, password: string): boolean {
    const expected = digestResponse({
      ...claim,
      password,
      realm: this.#options.realm,
      method: request.method,
      cnonce: claim.qop?.cnonce ?? '',
      body: request.body,
    });
    return isSameSecret(expected, claim.response.toLowerCase());
  }
}

function claimFrom(params: ReadonlyMap<string, string>): Claim | null {
  const user = params.get('username');
  const nonce = params.get('nonce');
  const uri = params.get('uri');
  const response = params.get('response');
  const algorithm = algorithmOf(params.get('algorithm'));
  const qop = claimedQop(params);
  if (user === undefined || nonce === undefined || uri === undefined) return null;
  if (response === undefined || algorithm === null || qop === undefined) return null;
  return { user, nonce, uri, response, algorithm, qop };
}

/** @returns undefined when it is not one that we offered, or is malformed */
function claimedQop(params: ReadonlyMap<string, string>): Claim['qop'] | undefined {
  const name = params.get('qop');
  if (name === undefined) return null;
  const nonceCount = params.get('nc') ?? '';
  const cnonce = params.get('cnonce');
  if (name.toLowerCase() !== 'auth' || cnonce === undefined) return undefined;
  if (!/^[0-9a-f]{8}$/i.test(nonceCount)) return undefined;
  return { name: 'auth', nonceCount, cnonce };
}

/** Compares hashes of both: equal lengths, and the time tells nothing about where they part. */
function isSameSecret(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
