import { createHmac, timingSafeEqual } from 'node:crypto';
import { randomHex, type Clock, type Random } from '../../../base/index.js';

/** What a nonce in a request is worth. `foreign`: not minted by us, not in this run, or not for that address. */
export type NonceWorth =
  | { readonly worth: 'valid'; readonly expiresAtMs: number }
  | { readonly worth: 'expired' | 'foreign' };

/**
 * Nonces that need no memory (RFC 7616 §5.4): expiry and randomness under an HMAC, bound to the client's address, so
 * that challenging a flood of strangers costs nothing and a nonce overheard elsewhere is worthless.
 */
export interface NonceMint {
  mint(address: string): string;
  weigh(nonce: string, address: string): NonceWorth;
}

const KEY_LENGTH = 32;
const MAC_HEX_LENGTH = 32;

/** The key lives as long as the process: after a restart every old nonce is `foreign`, which costs a phone one round. */
export function createNonceMint(clock: Clock, random: Random, lifetimeMs: number): NonceMint {
  const key = random.bytes(KEY_LENGTH);
  const macOf = (text: string, address: string): string =>
    createHmac('sha256', key).update(`${text}.${address}`).digest('hex').slice(0, MAC_HEX_LENGTH);
  return {
    mint(address) {
      const expiresAtMs = Math.ceil(clock.monotonicMs() + lifetimeMs);
      const text = `${expiresAtMs.toString(16)}.${randomHex(random, 8)}`;
      return `${text}.${macOf(text, address)}`;
    },
    weigh(nonce, address) {
      const [expiry = '', salt = '', mac = '', ...rest] = nonce.split('.', 4);
      if (rest.length > 0 || !isSame(mac, macOf(`${expiry}.${salt}`, address))) {
        return { worth: 'foreign' };
      }
      const expiresAtMs = Number.parseInt(expiry, 16);
      return clock.monotonicMs() < expiresAtMs
        ? { worth: 'valid', expiresAtMs }
        : { worth: 'expired' };
    },
  };
}

function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
