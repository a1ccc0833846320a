import { open } from 'node:fs/promises';

import { StorageError } from '../../base/index.js';
import {
  BLOCK_MARKER,
  decodeBlock,
  decodeSegmentHeader,
  type SegmentBlock,
  type SegmentHeader,
} from './segment-format.js';

/** No segment that we write is longer: one is closed at 1 MiB, and a flush adds a few blocks at most. */
export const SEGMENT_READ_BYTES_MAX = 32 * 1_048_576;

/** All that is whole in one segment file. */
export interface SegmentContents {
  readonly header: SegmentHeader;
  readonly blocks: readonly SegmentBlock[];
  /** The file up to the end of its last whole block. */
  readonly wholeBytes: number;
  /** Behind the last whole block: a write that power or process did not live to finish. */
  readonly cutBytes: number;
  /** Between whole blocks: bits that rotted on the disk. */
  readonly brokenBytes: number;
}

const MARKER = Buffer.alloc(4);
MARKER.writeUInt32BE(BLOCK_MARKER);

/**
 * Reads whatever is whole in a segment.
 * @returns the contents; a text says why not even the header can be read
 */
export function readSegment(bytes: Buffer): SegmentContents | string {
  const head = decodeSegmentHeader(bytes);
  if (typeof head === 'string') return head;
  const blocks: SegmentBlock[] = [];
  let wholeBytes = head.length;
  let brokenBytes = 0;
  let at = head.length;
  while (at !== -1 && at < bytes.length) {
    const found = decodeBlock(bytes, at);
    if (found === null) {
      at = bytes.indexOf(MARKER, at + 1);
      continue;
    }
    blocks.push(found.block);
    brokenBytes += at - wholeBytes;
    wholeBytes = found.next;
    at = found.next;
  }
  const cutBytes = bytes.length - wholeBytes;
  return { header: head.header, blocks, wholeBytes, cutBytes, brokenBytes };
}

/** @throws {StorageError} `segment-unreadable` */
export async function readSegmentFile(path: string): Promise<SegmentContents> {
  const bytes = await readWhole(path);
  const contents = readSegment(bytes);
  if (typeof contents !== 'string') return contents;
  throw new StorageError('segment-unreadable', `${path}: ${contents}`, { fields: { path } });
}

async function readWhole(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size <= SEGMENT_READ_BYTES_MAX) return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new StorageError('segment-unreadable', path, { cause, fields: { path } });
  }
  throw new StorageError('segment-unreadable', `${path}: too long`, { fields: { path } });
}
