/**
 * Reads the text of WWW-Authenticate, Proxy-Authenticate, Authorization and Proxy-Authorization
 * (RFC 3261 §25.1, RFC 9110 §11.4) in one pass: a peer's 60 KB header costs no more than its length.
 */

/** One challenge or one set of credentials. */
export interface AuthFields {
  /** Lower case: `digest`. */
  readonly scheme: string;
  /** Names in lower case, values unquoted. Of a repeated name the first counts. */
  readonly params: ReadonlyMap<string, string>;
}

/** Longest header value that is read, characters. */
const TEXT_LENGTH_MAX = 4_096;
/** Most challenges of one header that are read. */
const CHALLENGES_MAX = 8;
/** Most parameters of one challenge. */
const PARAMS_MAX = 32;

const isBlank = (char: string | undefined): boolean => char === ' ' || char === '\t';

/** RFC 3261 §25.1 `token`, and what bare values of digest parameters hold besides (`/`, `=`, `:`, `@`). */
function isTokenChar(char: string): boolean {
  return char > ' ' && char < '\u007f' && !'",=;<>()[]{}\\'.includes(char);
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Skips blanks. */
  blanks(): void {
    while (isBlank(this.#text[this.#at])) this.#at++;
  }

  /** Skips blanks and commas: empty list elements are legal (RFC 9110 §5.6.1). */
  separators(): void {
    while (isBlank(this.#text[this.#at]) || this.#text[this.#at] === ',') this.#at++;
  }

  take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  token(): string {
    const start = this.#at;
    while (!this.atEnd && isTokenChar(this.#text.charAt(this.#at))) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  /** A quoted string, or a bare value up to the next comma or blank. @returns null when malformed */
  value(): string | null {
    if (this.take('"')) return this.#quotedRest();
    const start = this.#at;
    while (!this.atEnd && !isBlank(this.#text[this.#at]) && this.#text[this.#at] !== ',') {
      if (this.#text[this.#at] === '"') return null;
      this.#at++;
    }
    return this.#at === start ? null : this.#text.slice(start, this.#at);
  }

  #quotedRest(): string | null {
    let value = '';
    let start = this.#at;
    for (; !this.atEnd; this.#at++) {
      const char = this.#text[this.#at];
      if (char === '"') {
        value += this.#text.slice(start, this.#at++);
        return value;
      }
      if (char === '\\') {
        value += this.#text.slice(start, this.#at++);
        start = this.#at;
      }
    }
    return null;
  }
}

/**
 * @param text one header value; several challenges may follow each other, parted by commas
 * @returns what it holds, in order; empty when it is malformed anywhere or over the limits
 */
export function parseAuthFields(text: string): readonly AuthFields[] {
  if (text.length > TEXT_LENGTH_MAX || hasControl(text)) return [];
  const scanner = new Scanner(text);
  const found: { scheme: string; params: Map<string, string> }[] = [];
  scanner.separators();
  while (!scanner.atEnd) {
    const name = scanner.token().toLowerCase();
    if (name === '') return [];
    scanner.blanks();
    const current = found.at(-1);
    if (!scanner.take('=')) {
      // A word that no `=` follows begins the next challenge.
      if (found.length === CHALLENGES_MAX) return [];
      found.push({ scheme: name, params: new Map() });
      scanner.separators();
      continue;
    }
    scanner.blanks();
    const value = scanner.value();
    if (value === null || current === undefined || current.params.size === PARAMS_MAX) return [];
    if (!current.params.has(name)) current.params.set(name, value);
    scanner.separators();
  }
  return found;
}

/** Control characters would travel into the header that we write in answer. */
function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true;
  }
  return false;
}

/** @returns `text` as a quoted string (RFC 3261 §25.1) */
export function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
