import { isDeepStrictEqual } from 'node:util';

import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { formatSipMessage } from '../message/format-sip-message.js';
import { parseSipMessage } from '../message/parse-sip-message.js';
import { SipGrammar } from './grammar.js';
import { mutate } from './mutator.js';

/** What one input broke; null in `fuzzOne` when nothing. */
export interface FuzzFailure {
  readonly what: string;
  readonly input: Uint8Array;
}

/**
 * Reads one message from the grammar and a few mutations of it. What can be read must come back the same after it was
 * written; the valid one must be readable; nothing may throw.
 */
export function fuzzOne(seed: number, mutations: number): FuzzFailure | null {
  const random = new SeededRandom(seed);
  const valid = new SipGrammar(random).message();
  const failure = check(valid, true);
  if (failure !== null) return failure;
  for (let left = mutations; left > 0; left -= 1) {
    const broken = check(mutate(valid, random), false);
    if (broken !== null) return broken;
  }
  return null;
}

function check(input: Uint8Array, mustParse: boolean): FuzzFailure | null {
  try {
    const first = parseSipMessage(input);
    if (!first.ok) return mustParse ? { what: `refused: ${first.reason}`, input } : null;
    const written = formatSipMessage(first.message);
    const second = parseSipMessage(written);
    if (!second.ok) return { what: `our own writing refused: ${second.reason}`, input };
    const isSame = isDeepStrictEqual(second.message, first.message);
    return isSame ? null : { what: 'changed by writing and reading', input };
  } catch (cause) {
    return { what: cause instanceof Error ? (cause.stack ?? cause.message) : 'threw', input };
  }
}
