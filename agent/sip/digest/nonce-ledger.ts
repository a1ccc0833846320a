/** Nonces in use that are remembered. */
const NONCES_MAX = 512;

/**
 * The highest `nc` seen of each nonce: a request that is played again is known by its count (RFC 7616 §3.4).
 * Only counts of right digests get in, so a stranger cannot wash it out.
 */
export class NonceLedger {
  readonly #highest = new Map<string, { readonly count: number; readonly expiresAtMs: number }>();
  /** Nonces that expire up to here may have been forgotten: none of them is taken any more. */
  #forgottenUntilMs = -Infinity;

  /** @returns whether this count is new for the nonce; if so it is noted */
  use(nonce: string, count: number, expiresAtMs: number): boolean {
    const known = this.#highest.get(nonce);
    if (known === undefined && expiresAtMs <= this.#forgottenUntilMs) return false;
    if (known !== undefined && count <= known.count) return false;
    this.#highest.set(nonce, { count, expiresAtMs });
    if (this.#highest.size > NONCES_MAX) this.#forgetOldest();
    return true;
  }

  #forgetOldest(): void {
    for (const [nonce, { expiresAtMs }] of this.#highest) {
      this.#highest.delete(nonce);
      this.#forgottenUntilMs = Math.max(this.#forgottenUntilMs, expiresAtMs);
      return;
    }
  }
}
