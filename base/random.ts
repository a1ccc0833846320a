import { randomBytes } from 'node:crypto';

/** Randomness as every module receives it. */
export interface Random {
  /** `length` bytes. */
  bytes(length: number): Uint8Array;
  /** A whole number, 0…2^32−1. */
  uint32(): number;
  /** 0 ≤ x < 1. */
  fraction(): number;
}

/** @returns `length` random bytes as lower-case hexadecimal (2 × `length` characters) */
export function randomHex(random: Random, length: number): string {
  return Buffer.from(random.bytes(length)).toString('hex');
}

/** Cryptographic randomness of the machine. */
export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  uint32: () => randomBytes(4).readUInt32LE(0),
  fraction: () => randomBytes(4).readUInt32LE(0) / 2 ** 32,
};
