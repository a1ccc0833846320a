import {
  headersOf,
  type HeaderField,
  type SipRequest,
  type SipResponse,
} from '../message/sip-message.js';
import type { Credentials } from './session.js';

/** Answers digest challenges (RFC 3261 §22, RFC 8760); made by the digest module, handed in. */
export interface DigestClient {
  /**
   * @param response the 401 or 407
   * @param request what it refuses, as it will go out again but for the answer
   * @returns `Authorization` or `Proxy-Authorization`, or null when no challenge in it can be answered
   */
  authorise(
    response: SipResponse,
    request: SipRequest,
    credentials: Credentials,
  ): HeaderField | null;
}

/** Answers to challenges in one exchange; a third is for `stale=true` after a proxy asked too. */
export const CHALLENGES_MAX = 3;

/** Remembers which nonces one exchange answered: a server that asks again with the same one means no (RFC 3261 §22.2). */
export class ChallengeMemory {
  readonly #seen = new Set<string>();

  /** @returns whether the challenges of `response` are worth an answer; then they count as answered */
  take(response: SipResponse): boolean {
    const name = response.status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate';
    const challenges = headersOf(response, name);
    if (challenges.length === 0 || this.#seen.size >= CHALLENGES_MAX) return false;
    const nonces = challenges.map(
      (challenge) => `${response.status} ${parameter(challenge, 'nonce')}`,
    );
    if (nonces.some((nonce) => this.#seen.has(nonce))) return false;
    const asksAgain = [...this.#seen].some((nonce) => nonce.startsWith(`${response.status} `));
    const isStale = challenges.some((one) => parameter(one, 'stale').toLowerCase() === 'true');
    // A fresh nonce that is not stale after one answer: the password is wrong.
    if (asksAgain && !isStale) return false;
    this.#seen.add(nonces[0] ?? '');
    return true;
  }
}

/** @returns the value of `name=` in a challenge, unquoted; empty when absent. Linear in its length */
function parameter(challenge: string, name: string): string {
  const at = challenge.toLowerCase().search(new RegExp(`[ ,]${name}=`));
  if (at < 0) return '';
  const rest = challenge.slice(at + name.length + 2);
  if (!rest.startsWith('"')) return rest.split(',', 1)[0]?.trim() ?? '';
  return rest.slice(1).split('"', 1)[0] ?? '';
}
