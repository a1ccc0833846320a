import test from 'ava';

import { SeededRandom } from '../../base/testing/seeded-random.js';
import {
  BLOCK_MARKER,
  encodeBlock,
  encodeSegmentHeader,
  type SegmentHeader,
} from './segment-format.js';
import { readSegment, type SegmentContents } from './segment-reader.js';
import { packetOf } from './testing/packets.js';

const HEADER: SegmentHeader = {
  callId: 'call-1',
  legId: 'call-1:a',
  speaker: 'staff',
  codec: 'PCMA',
  clockRateHz: 8_000,
  segmentNumber: 7,
  createdAtWallMs: 1_790_812_800_000.5,
};
const BLOCKS = Array.from({ length: 5 }, (_, n) =>
  encodeBlock({ kind: 'packets', packets: [packetOf(n, 0), packetOf(n + 100, 0)] }, n, n * 1_000),
);
const HEAD = encodeSegmentHeader(HEADER);
const SEGMENT = Buffer.concat([HEAD, ...BLOCKS]);

function read(bytes: Buffer): SegmentContents {
  const contents = readSegment(bytes);
  if (typeof contents === 'string') throw new Error(contents);
  return contents;
}

test('a segment says again what was written into it', (t) => {
  const { header, blocks, cutBytes, wholeBytes } = read(SEGMENT);
  t.deepEqual(header, HEADER);
  t.is(blocks.length, 5);
  t.is(cutBytes, 0);
  t.is(wholeBytes, SEGMENT.length);
});

test('cut at any byte, every block before the cut is readable, and the rest is counted', (t) => {
  for (let length = HEAD.length; length <= SEGMENT.length; length += 1) {
    const { blocks, cutBytes, wholeBytes } = read(SEGMENT.subarray(0, length));
    t.is(blocks.length, Math.floor((length - HEAD.length) / (BLOCKS[0]?.length ?? 0)));
    t.is(wholeBytes + cutBytes, length);
  }
  for (let length = 0; length < HEAD.length; length += 1) {
    t.is(typeof readSegment(SEGMENT.subarray(0, length)), 'string');
  }
});

test('a bit that rots costs its own block alone, wherever it is', (t) => {
  const random = new SeededRandom(11);
  for (let n = 0; n < 400; n += 1) {
    const bytes = Buffer.from(SEGMENT);
    const at = HEAD.length + random.below(SEGMENT.length - HEAD.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    const { blocks, brokenBytes, cutBytes } = read(bytes);
    t.is(blocks.length, 4, `byte ${at}`);
    t.is(brokenBytes + cutBytes, BLOCKS[0]?.length ?? 0);
  }
});

test('a rotten header is refused and says why', (t) => {
  const random = new SeededRandom(12);
  for (let n = 0; n < 200; n += 1) {
    const bytes = Buffer.from(SEGMENT);
    const at = random.below(HEAD.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    t.is(typeof readSegment(bytes), 'string');
  }
});

test('a file full of block marks costs no more than its length', (t) => {
  const marks = Buffer.alloc(1 << 20);
  for (let at = 0; at < marks.length; at += 4) marks.writeUInt32BE(BLOCK_MARKER, at);
  const before = performance.now();
  t.is(read(Buffer.concat([HEAD, marks])).blocks.length, 0);
  t.true(performance.now() - before < 2_000);
});
