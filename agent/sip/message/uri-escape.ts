import { Buffer, isUtf8 } from 'node:buffer';

/**
 * Percent escapes in URIs (RFC 3261 §19.1.2). A peer must get back the very bytes that it sent, so bytes that are not
 * UTF-8 survive as lone surrogates U+DC80…U+DCFF, which escape to the same bytes again.
 */
const RAW_BYTE = 0xdc00;

const hexDigit = (code: number): number => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
};

/** @returns the byte that `%hh` at `at` stands for; −1 when it is no escape */
export function escapedByteAt(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at + 1));
  const low = hexDigit(text.charCodeAt(at + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** @returns the text with its escapes undone; null when a `%` is not followed by two hexadecimal digits */
export function unescapeUri(text: string): string | null {
  if (!text.includes('%')) return text;
  const bytes = Buffer.from(text, 'utf8');
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1, length += 1) {
    let byte = bytes[at]!;
    if (byte === 0x25) {
      const high = hexDigit(bytes[at + 1] ?? 0);
      const low = hexDigit(bytes[at + 2] ?? 0);
      if (high < 0 || low < 0) return null;
      byte = high * 16 + low;
      at += 2;
    }
    bytes[length] = byte;
  }
  const plain = bytes.subarray(0, length);
  if (isUtf8(plain)) return plain.toString('utf8');
  return Array.from(plain, (byte) =>
    String.fromCharCode(byte < 0x80 ? byte : RAW_BYTE + byte),
  ).join('');
}

const escapeBytes = (bytes: Buffer): string =>
  bytes.toString('hex').toUpperCase().replace(/../g, '%$&');

/** @returns the byte that a lone surrogate stands for; −1 for any other character */
function rawByteAt(text: string, at: number): number {
  const isLone = text.codePointAt(at) === text.charCodeAt(at);
  const byte = text.charCodeAt(at) - RAW_BYTE;
  return isLone && byte >= 0x80 && byte <= 0xff ? byte : -1;
}

function escapeRun(run: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < run.length; at += 1) {
    const byte = rawByteAt(run, at);
    if (run.codePointAt(at) !== run.charCodeAt(at)) at += 1;
    if (byte < 0) continue;
    parts.push(escapeBytes(Buffer.from(run.slice(from, at))), escapeBytes(Buffer.of(byte)));
    from = at + 1;
  }
  parts.push(escapeBytes(Buffer.from(run.slice(from))));
  return parts.join('');
}

const isUnreserved = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x41 && code <= 0x5a) ||
  (code >= 0x61 && code <= 0x7a) ||
  (code < 0x80 && "-_.!~*'()".includes(String.fromCharCode(code)));

/**
 * @param allowed reserved characters that may stand as they are here
 * @param keepEscapes whether `%hh` in the text is already an escape
 */
export function escapeUri(text: string, allowed: string, keepEscapes = false): string {
  const parts: string[] = [];
  let runStart = 0;
  let wasKept = true;
  const endRun = (at: number): void => {
    const run = text.slice(runStart, at);
    parts.push(wasKept ? run : escapeRun(run));
    runStart = at;
  };
  for (let at = 0; at < text.length; at += 1) {
    const isKept =
      isUnreserved(text.charCodeAt(at)) ||
      allowed.includes(text.charAt(at)) ||
      (keepEscapes && text[at] === '%' && escapedByteAt(text, at) >= 0);
    if (isKept !== wasKept) endRun(at);
    wasKept = isKept;
  }
  endRun(text.length);
  return parts.join('');
}
