import { strict as assert } from 'node:assert';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * What the recorder asks of a disk. It is synchronous: the recorder has its own thread, and a flush that is done is done.
 * Everything throws what `node:fs` throws.
 */
export interface RecorderFileSystem {
  /** Makes `path` and whatever is missing above it; each new name is on the disk afterwards. */
  makeDirectory(path: string): void;
  /** Creates a file that must not exist yet, for writing. */
  create(path: string): SegmentFile;
  /** Gives a file its final name, and sees that the name is on the disk. */
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Names in the folder; none when there is no such folder. */
  list(path: string): readonly string[];
}

/** A file that only grows. */
export interface SegmentFile {
  /** Appends all of `bytes`, or throws; then a part of them may stand in the file. */
  append(bytes: Uint8Array): void;
  /** fdatasync. */
  sync(): void;
  /** Cuts off what a failed append left behind. */
  truncate(sizeBytes: number): void;
  close(): void;
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function openFile(path: string): SegmentFile {
  const fd = openSync(path, 'ax', 0o600);
  return {
    append: (bytes) => {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    },
    sync: () => fdatasyncSync(fd),
    truncate: (sizeBytes) => ftruncateSync(fd, sizeBytes),
    close: () => closeSync(fd),
  };
}

/** The disk of the machine. */
export const nodeFileSystem: RecorderFileSystem = {
  makeDirectory: (path) => {
    const first = mkdirSync(path, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) {
      syncDirectory(dirname(made));
    }
  },
  create: openFile,
  rename: (from, to) => {
    renameSync(from, to);
    syncDirectory(dirname(to));
  },
  remove: (path) => rmSync(path, { force: true }),
  list: (path) => (existsSync(path) ? readdirSync(path) : []),
};

/** Call ids become folder names. */
const CALL_ID = /^[A-Za-z0-9_][A-Za-z0-9._@-]{0,127}$/u;
const two = (n: number): string => String(n).padStart(2, '0');

/** Ends the name of a segment whose header is not yet on the disk. */
export const PART_SUFFIX = '.part';
/** `caller-0001.seg`, `staff2-0014.seg`: track, then number. */
export const SEGMENT_NAME = /^((?:caller|staff)\d*)-(\d{4,})\.seg$/u;

/** @returns `2026/10/01/<callId>` of the day in UTC, relative to the folder of recordings */
export function recordingPathOf(callId: string, beganAtWallMs: number): string {
  assert.match(callId, CALL_ID);
  const day = new globalThis.Date(beganAtWallMs);
  return join(
    String(day.getUTCFullYear()),
    two(day.getUTCMonth() + 1),
    two(day.getUTCDate()),
    callId,
  );
}

/** @returns the highest segment number of the track among `names`, 0 when there is none */
export function lastSegmentNumber(names: readonly string[], trackName: string): number {
  const numbers = names.flatMap((name) => {
    const match = SEGMENT_NAME.exec(name);
    return match?.[1] === trackName ? Number(match[2]) : [];
  });
  return Math.max(0, ...numbers);
}

/** @param trackName `caller`, `staff`, `staff2` */
export const segmentName = (trackName: string, segmentNumber: number): string =>
  `${trackName}-${String(segmentNumber).padStart(4, '0')}.seg`;
