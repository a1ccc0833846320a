import { messageOf, StorageError, TatebakoError, UnavailableError } from '../../base/index.js';

/** Codes of the errors that the store throws. */
export type StoreErrorCode =
  | 'disk-full'
  | 'disk-read-only'
  | 'store-closed'
  | 'store-corrupt'
  | 'store-failed'
  | 'store-newer'
  | 'store-overloaded';

/** LevelDB wraps the cause that matters: the codes and texts of the whole chain, outermost first. */
function chainOf(error: unknown): { readonly codes: string[]; readonly text: string } {
  const codes: string[] = [];
  const texts: string[] = [];
  let link = error;
  for (let depth = 0; depth < 5 && link instanceof Error; depth += 1) {
    if ('code' in link && typeof link.code === 'string') codes.push(link.code);
    texts.push(link.message);
    link = link.cause;
  }
  if (texts.length === 0) texts.push(messageOf(error));
  return { codes, text: texts.join(': ') };
}

/** LevelDB names a missing table or manifest an I/O error; for us the database is as broken. */
export function isCorruption(error: unknown): boolean {
  const { codes, text } = chainOf(error);
  if (codes.includes('LEVEL_CORRUPTION') || /corruption/iu.test(text)) return true;
  return codes.includes('LEVEL_IO_ERROR') && /\.(ldb|log)|MANIFEST/u.test(text)
    ? text.includes('No such file')
    : false;
}

function codeOf(error: unknown): StoreErrorCode {
  const { codes, text } = chainOf(error);
  if (/no space left|disk quota|ENOSPC|EDQUOT/iu.test(text)) return 'disk-full';
  if (/read-only file system|EROFS/iu.test(text)) return 'disk-read-only';
  if (isCorruption(error)) return 'store-corrupt';
  if (codes.includes('LEVEL_DATABASE_NOT_OPEN')) return 'store-closed';
  return 'store-failed';
}

/** @returns what a LevelDB error means to whoever called: locked by another process, disk full, broken, … */
export function storeErrorOf(error: unknown, directory: string): TatebakoError {
  if (error instanceof TatebakoError) return error;
  const { codes, text } = chainOf(error);
  const detail = { cause: error, fields: { directory } };
  if (codes.includes('LEVEL_LOCKED')) {
    const message = `${directory}: another process has this store open`;
    return new UnavailableError('store-locked', message, detail);
  }
  return new StorageError(codeOf(error), `${directory}: ${text}`, detail);
}
