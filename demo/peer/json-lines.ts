import { StringDecoder } from 'node:string_decoder';
import type { z } from 'zod';

/** A longer line is no message of ours: it is dropped. */
export const LINE_CHARACTERS_MAX = 256 * 1_024;

/** Cuts a stream of bytes into lines. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #isOverlong = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.write(Buffer.from(bytes))).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#finish(line);
    if (this.#rest.length > LINE_CHARACTERS_MAX) {
      this.#rest = '';
      this.#isOverlong = true;
    }
  }

  #finish(line: string): void {
    if (!this.#isOverlong && line !== '') this.#onLine(line);
    this.#isOverlong = false;
  }
}

/** @returns the message in a line of JSON, or null when it is none of this schema */
export function parseJsonLine<Schema extends z.ZodType>(
  line: string,
  schema: Schema,
): z.output<Schema> | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Not JSON: a stray print of a library. Whoever reads goes on with the next line.
    return null;
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
