import { createHash } from 'node:crypto';
import { z } from 'zod';
import { UnavailableError, type Clock, type Random } from '../../base/index.js';
import type { NewToken, TokenRole } from './box-reads.js';

/** Bytes of randomness in a token. */
const TOKEN_BYTES = 32;
/** The most tokens that are valid at once. */
export const TOKENS_MAX = 100;
export const TOKEN_DAYS_MAX = 3_650;
const DAY_MS = 86_400_000;

/** A token as it is stored, under the hex SHA-256 of its text: whoever reads the disk cannot use it. */
export const tokenRecord = z.object({
  role: z.enum(['supervisor', 'installer', 'auditor']),
  createdAtMs: z.number(),
  expiresAtMs: z.number(),
});
export type TokenRecord = z.infer<typeof tokenRecord>;

/** A table of the store, or one in memory. */
export interface TokenTable {
  get(key: string): Promise<TokenRecord | undefined>;
  put(key: string, value: TokenRecord, options?: { readonly sync?: boolean }): Promise<void>;
  del(key: string): Promise<void>;
  entries(): AsyncIterable<readonly [key: string, value: TokenRecord]>;
}

export interface TokensOptions {
  readonly table: TokenTable;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Tokens {
  /**
   * @param days 1…3,650
   * @throws {UnavailableError} `tokens-full`
   */
  create(role: TokenRole, days: number): Promise<NewToken>;
  /** @returns the role, or null when it is unknown or has expired */
  verify(token: string): Promise<TokenRole | null>;
}

/**
 * The random part is as long as its hash, so a plain hash serves: there is nothing to guess, and the look-up by
 * hash tells nothing through its timing.
 */
const keyOf = (token: string): string => createHash('sha256').update(token).digest('hex');

export function openTokens({ table, clock, random }: TokensOptions): Tokens {
  return {
    create: async (role, days) => {
      const nowMs = clock.wallMs();
      await makeRoom(table, nowMs);
      const token = Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url');
      const expiresAtMs = nowMs + days * DAY_MS;
      await table.put(keyOf(token), { role, createdAtMs: nowMs, expiresAtMs }, { sync: true });
      return { token, expiresAtMs };
    },
    verify: async (token) => {
      if (!/^[\w-]{43}$/.test(token)) return null;
      const record = await table.get(keyOf(token));
      return record !== undefined && clock.wallMs() < record.expiresAtMs ? record.role : null;
    },
  };
}

async function makeRoom(table: TokenTable, nowMs: number): Promise<void> {
  let valid = 0;
  for await (const [key, { expiresAtMs }] of table.entries()) {
    if (expiresAtMs <= nowMs) await table.del(key);
    else valid += 1;
  }
  if (valid < TOKENS_MAX) return;
  throw new UnavailableError(
    'tokens-full',
    `there are ${TOKENS_MAX} valid tokens, the most allowed`,
  );
}
