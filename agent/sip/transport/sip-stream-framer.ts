import { Buffer } from 'node:buffer';

import { findBody, splitHead } from '../message/header-lines.js';
import { MESSAGE_BYTES_MAX } from '../message/parse-sip-message.js';
import { parseDigits } from '../message/text-scan.js';

export type StreamFrame =
  /** One whole message. */
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** A double CRLF between messages: answer with one CRLF (RFC 5626 §4.4.1). */
  | { readonly kind: 'keepAlive' }
  /** Where the next message begins can no longer be told: answer `status`, close. Nothing follows. */
  | { readonly kind: 'broken'; readonly status: 400 | 413 | 513; readonly bytes: Uint8Array };

const CR = 0x0d;
const LF = 0x0a;
const INITIAL_BYTES = 4_096;

/**
 * Cuts a TCP stream into messages by Content-Length (RFC 3261 §18.3). Keeps at most `MESSAGE_BYTES_MAX` bytes; looks at
 * each byte once, however small the pieces are in which they come.
 */
export class SipStreamFramer {
  #buffer = Buffer.alloc(INITIAL_BYTES);
  #length = 0;
  /** Line ends before this offset are known not to end the head. */
  #scanned = 0;
  /** Bytes of the message being awaited; 0 while its head is not complete. */
  #awaited = 0;
  #isBroken = false;

  /** @returns what these bytes complete, in order */
  push(chunk: Uint8Array): readonly StreamFrame[] {
    const frames: StreamFrame[] = [];
    let offset = 0;
    while (offset < chunk.length && !this.#isBroken) {
      const take = Math.min(chunk.length - offset, MESSAGE_BYTES_MAX - this.#length);
      this.#append(chunk.subarray(offset, offset + take));
      offset += take;
      this.#cut(frames);
    }
    return frames;
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#buffer.length) {
      const wider = Buffer.alloc(
        Math.min(MESSAGE_BYTES_MAX, Math.max(needed, this.#buffer.length * 2)),
      );
      wider.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = wider;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = needed;
  }

  #cut(frames: StreamFrame[]): void {
    let start = 0;
    while (start < this.#length) {
      const used = this.#cutOne(this.#buffer.subarray(start, this.#length), frames);
      if (used === 0 || this.#isBroken) break;
      start += used;
      this.#scanned = 0;
      this.#awaited = 0;
    }
    if (start === 0) return;
    this.#buffer.copyWithin(0, start, this.#length);
    this.#length -= start;
  }

  /** @returns how many bytes were used up; 0 when more must come */
  #cutOne(bytes: Uint8Array, frames: StreamFrame[]): number {
    if (bytes[0] === CR || bytes[0] === LF) return cutLineEnds(bytes, frames);
    if (this.#awaited === 0) this.#readHead(bytes, frames);
    if (this.#isBroken || this.#awaited === 0 || bytes.length < this.#awaited) return 0;
    frames.push({ kind: 'message', bytes: new Uint8Array(bytes.subarray(0, this.#awaited)) });
    return this.#awaited;
  }

  #readHead(bytes: Uint8Array, frames: StreamFrame[]): void {
    const found = findBody(bytes.subarray(this.#scanned));
    if (found === null) {
      // An empty line may straddle two pieces: look again at the last three bytes.
      this.#scanned = Math.max(0, bytes.length - 3);
      if (bytes.length >= MESSAGE_BYTES_MAX) this.#break(513, bytes, frames);
      return;
    }
    const bodyStart = this.#scanned + found.bodyStart;
    const bodyLength = contentLengthOf(bytes.subarray(0, this.#scanned + found.headEnd));
    if (bodyLength === null) this.#break(400, bytes, frames);
    else if (bodyStart + bodyLength > MESSAGE_BYTES_MAX) this.#break(413, bytes, frames);
    else this.#awaited = bodyStart + bodyLength;
  }

  #break(status: 400 | 413 | 513, bytes: Uint8Array, frames: StreamFrame[]): void {
    this.#isBroken = true;
    frames.push({ kind: 'broken', status, bytes: new Uint8Array(bytes) });
  }
}

function cutLineEnds(bytes: Uint8Array, frames: StreamFrame[]): number {
  let end = 0;
  while (bytes[end] === CR || bytes[end] === LF) end += 1;
  if (end < 4 && end === bytes.length) return 0;
  if (end >= 4) frames.push({ kind: 'keepAlive' });
  return end;
}

/** @returns 0 when there is none, as some phones send; null when it is no number or there are two different ones */
function contentLengthOf(head: Uint8Array): number | null {
  let length: number | null = null;
  for (const { name, value } of splitHead(Buffer.from(head).toString('utf8')).fields) {
    if (name !== 'Content-Length') continue;
    const read = parseDigits(value, 2 ** 32 - 1);
    if (read === null || (length !== null && read !== length)) return null;
    length = read;
  }
  return length ?? 0;
}
