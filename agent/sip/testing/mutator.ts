import { Buffer } from 'node:buffer';

import type { SeededRandom } from '../../../base/testing/seeded-random.js';

/** Pieces that parsers stumble over. */
const NASTY = [
  '\0',
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  '\r\n ',
  '"',
  '\\',
  '<',
  '>',
  ';',
  ',',
  '=',
  ':',
  '@',
  '%',
  '%0',
  '[',
  ']',
  '[::',
  '::1',
  '*',
  ' ',
  '\t',
  '4294967296',
  '99999999999999999999999999',
  '-1',
  'Content-Length: 99999\r\n',
  'Content-Length: 0\r\n',
  'Via: ',
  'sip:',
  'tel:',
  'SIP/2.0',
  'SIP/3.0',
  'z9hG4bK',
].map((text) => Buffer.from(text));

/** @returns the message with one to eight random changes: bytes, cuts, repeats, moves and nasty pieces */
export function mutate(message: Uint8Array, random: SeededRandom): Uint8Array {
  let bytes = Buffer.from(message);
  for (let left = 1 + random.below(8); left > 0; left -= 1) {
    const at = random.below(bytes.length + 1);
    const to = Math.min(bytes.length, at + random.below(40));
    const before = bytes.subarray(0, at);
    const piece = bytes.subarray(at, to);
    switch (random.below(6)) {
      case 0:
        bytes = Buffer.concat([before, random.bytes(1 + random.below(4)), bytes.subarray(to)]);
        break;
      case 1:
        bytes = Buffer.concat([before, bytes.subarray(to)]);
        break;
      case 2:
        bytes = Buffer.concat([
          before,
          ...Array.from({ length: 2 + random.below(20) }, () => piece),
          bytes.subarray(to),
        ]);
        break;
      case 3:
        bytes = Buffer.from(before);
        break;
      default:
        bytes = Buffer.concat([before, random.pick(NASTY), bytes.subarray(at)]);
    }
  }
  return bytes;
}
