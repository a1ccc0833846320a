import { createHash } from 'node:crypto';

/** The algorithms that we know (RFC 7616 §3.3, RFC 8760 §2.2). */
export type DigestAlgorithm = 'MD5' | 'MD5-sess' | 'SHA-256' | 'SHA-256-sess';

const ALGORITHMS: readonly DigestAlgorithm[] = ['MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess'];

/** @returns the algorithm of that name (any case); MD5 when none is named (RFC 2617 §3.2.1); null when unknown */
export function algorithmOf(name: string | undefined): DigestAlgorithm | null {
  if (name === undefined) return 'MD5';
  const wanted = name.toLowerCase();
  return ALGORITHMS.find((algorithm) => algorithm.toLowerCase() === wanted) ?? null;
}

/** @returns whether `a` rests on a stronger hash than `b` */
export function isStronger(a: DigestAlgorithm, b: DigestAlgorithm): boolean {
  return a.startsWith('SHA-256') && b.startsWith('MD5');
}

/** RFC 7616 §3.3: which protection, and the client's part of it. */
export interface DigestQop {
  readonly name: 'auth' | 'auth-int';
  /** Eight hexadecimal digits. */
  readonly nonceCount: string;
  readonly cnonce: string;
}

export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  readonly user: string;
  readonly realm: string;
  readonly password: string;
  readonly method: string;
  /** The digest-uri, as written in the header. */
  readonly uri: string;
  readonly nonce: string;
  /** null: the old form without qop (RFC 2069). */
  readonly qop: DigestQop | null;
  /** Part of the `-sess` hashes; that of `qop` where there is one. */
  readonly cnonce: string;
  /** Counts only for `auth-int`. */
  readonly body: Uint8Array;
}

/** @returns the `response` of RFC 7616 §3.4.1, lower-case hexadecimal */
export function digestResponse(input: DigestInput): string {
  const hash = (content: string | Uint8Array): string =>
    createHash(input.algorithm.startsWith('MD5') ? 'md5' : 'sha256')
      .update(content)
      .digest('hex');
  const identity = hash(`${input.user}:${input.realm}:${input.password}`);
  const a1 = input.algorithm.endsWith('-sess')
    ? hash(`${identity}:${input.nonce}:${input.cnonce}`)
    : identity;
  const whole = input.qop?.name === 'auth-int' ? `:${hash(input.body)}` : '';
  const a2 = hash(`${input.method}:${input.uri}${whole}`);
  if (input.qop === null) return hash(`${a1}:${input.nonce}:${a2}`);
  const { nonceCount, cnonce, name } = input.qop;
  return hash(`${a1}:${input.nonce}:${nonceCount}:${cnonce}:${name}:${a2}`);
}
