import { existsSync, readFileSync, statSync } from 'node:fs';
import { messageOf } from './errors.js';

const SECRET_BYTES_MAX = 1_024;
const expected = 'a readable file of mode 0600 with one line';

/** A secret, or what is wrong with its file. */
export type SecretFile =
  { readonly secret: string } | { readonly expected: string; readonly found: string };

/** Reads a secret from a file that nobody but its owner may read; blanks around it are cut. */
export function readSecretFile(path: string): SecretFile {
  if (!existsSync(path)) return { expected, found: 'no such file' };
  try {
    const { mode, size } = statSync(path);
    if ((mode & 0o077) !== 0) {
      return {
        expected,
        found: `mode ${(mode & 0o777).toString(8).padStart(4, '0')}; chmod 0600 it`,
      };
    }
    if (size > SECRET_BYTES_MAX) return { expected, found: `${size} bytes` };
    const secret = readFileSync(path, 'utf8').trim();
    return secret === '' ? { expected, found: 'an empty file' } : { secret };
  } catch (cause) {
    return { expected, found: messageOf(cause) };
  }
}
