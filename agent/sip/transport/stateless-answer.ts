import { createHash } from 'node:crypto';
import { Buffer } from 'node:buffer';

import type { Clock } from '../../../base/index.js';
import type { AnswerablePart } from '../message/parse-sip-message.js';
import { oneLine } from '../message/text-scan.js';
import { formatVia } from '../message/via.js';
import type { Via } from '../message/sip-message.js';

/** Stateless answers to one source in one second; a broken phone repeats itself at most every half second. */
const PER_SOURCE_MAX = 10;
/** Stateless answers in one second to all together. */
const IN_ALL_MAX = 100;
const WINDOW_MS = 1_000;

/** An answer to a broken request: what came is copied as it came (RFC 3261 §8.2.6, §8.2.7). */
export function formatStatelessAnswer(
  request: AnswerablePart,
  answer: { readonly status: number; readonly reason: string; readonly via: Via },
): Buffer {
  const lines = [
    `SIP/2.0 ${answer.status} ${oneLine(answer.reason)}`,
    `Via: ${formatVia(answer.via)}`,
    ...request.copied.map(({ name, value }) => {
      const isUntagged = name === 'To' && !value.toLowerCase().includes('tag=');
      return `${name}: ${oneLine(value)}${isUntagged ? `;tag=${statelessTag(request)}` : ''}`;
    }),
    'Content-Length: 0',
    '',
    '',
  ];
  return Buffer.from(lines.join('\r\n'), 'utf8');
}

/** The same request gets the same tag again, though nothing is remembered (RFC 3261 §8.2.7). */
function statelessTag(request: AnswerablePart): string {
  const hash = createHash('sha256');
  for (const { value } of request.copied) hash.update(value).update('\n');
  return hash.digest('hex').slice(0, 16);
}

/** Bounds what a flood of broken requests can make us send. */
export class AnswerBound {
  readonly #clock: Clock;
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #inAll = 0;
  /** Holds at most `IN_ALL_MAX` sources: it is emptied with each window. */
  readonly #bySource = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns whether one more answer may go to `address`, and counts it */
  take(address: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#windowStartMs >= WINDOW_MS) {
      this.#windowStartMs = nowMs;
      this.#inAll = 0;
      this.#bySource.clear();
    }
    const sent = this.#bySource.get(address) ?? 0;
    if (sent >= PER_SOURCE_MAX || this.#inAll >= IN_ALL_MAX) return false;
    this.#bySource.set(address, sent + 1);
    this.#inAll += 1;
    return true;
  }
}
