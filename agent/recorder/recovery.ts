import { open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf, type Clock, type Log } from '../../base/index.js';
import { PART_SUFFIX, SEGMENT_NAME } from './recorder-files.js';
import {
  BLOCK_HEADER_BYTES,
  decodeBlock,
  encodeBlock,
  type SegmentBlock,
} from './segment-format.js';
import { readSegmentFile, type SegmentContents } from './segment-reader.js';

/** The size of an end block: what a track that was ended well has at its very end. */
const END_BLOCK_BYTES = BLOCK_HEADER_BYTES + 9;

/** A recording that the agent did not live to end. */
export interface CutRecording {
  readonly callId: string;
  /** Its segment files, relative to the folder of recordings. */
  readonly files: readonly string[];
  /** Unix ms of the last packet on the disk, of either side; null when none is. */
  readonly lastWallMs: number | null;
  readonly cut: true;
  /** Torn writes taken off the ends of its files. */
  readonly bytesCut: number;
}

export interface RecoveryOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Puts the finding on the call's record. Until it is done nothing is sealed, so a crash in between finds it again. */
  readonly onFound: (recording: CutRecording) => Promise<void>;
}

interface Tail {
  readonly path: string;
  readonly contents: SegmentContents;
}

/**
 * Looks at start-up for recordings without an end: takes torn tails off, reports them, and gives each track its end block.
 * Nothing that is whole is discarded. To be run before recording begins. A file that cannot be read is logged and left.
 * @param directory the folder of recordings; it need not exist
 */
export async function recoverRecordings(
  directory: string,
  options: RecoveryOptions,
): Promise<readonly CutRecording[]> {
  const found: CutRecording[] = [];
  for (const folder of await callFolders(directory)) {
    try {
      const recording = await recoverCall(directory, folder, options);
      if (recording !== null) found.push(recording);
    } catch (cause) {
      options.log.error('recordingUnrecoverable', { folder, cause: messageOf(cause) });
    }
  }
  return found;
}

async function recoverCall(
  directory: string,
  folder: string,
  options: RecoveryOptions,
): Promise<CutRecording | null> {
  const names = (await readdir(join(directory, folder))).sort();
  for (const name of names.filter((name) => name.endsWith(PART_SUFFIX))) {
    // Only a header: a segment gets its name before its first packet.
    await rm(join(directory, folder, name));
  }
  const last = lastOfEachTrack(names);
  const open: string[] = [];
  for (const name of last) {
    if (!(await isEnded(join(directory, folder, name)))) open.push(name);
  }
  if (open.length === 0) return null;
  const tails: Tail[] = [];
  for (const name of open) {
    const path = join(directory, folder, name);
    tails.push({ path, contents: await readSegmentFile(path) });
  }
  const files = names.filter((name) => SEGMENT_NAME.test(name)).map((name) => join(folder, name));
  const recording: CutRecording = {
    callId: tails[0]?.contents.header.callId ?? folder,
    files,
    lastWallMs: lastArrivalOf(tails),
    cut: true,
    bytesCut: tails.reduce((sum, { contents }) => sum + contents.cutBytes, 0),
  };
  options.log.warn('recordingCut', { ...recording, files: files.length });
  await options.onFound(recording);
  for (const tail of tails) await seal(tail, options.clock.wallMs());
  return recording;
}

function lastOfEachTrack(names: readonly string[]): readonly string[] {
  const last = new Map<string, { readonly name: string; readonly number: number }>();
  for (const name of names) {
    const [, track, digits] = SEGMENT_NAME.exec(name) ?? [];
    if (track === undefined) continue;
    const number = Number(digits);
    if ((last.get(track)?.number ?? 0) < number) last.set(track, { name, number });
  }
  return [...last.values()].map(({ name }) => name);
}

/** Reads the last bytes alone: there are thousands of recordings at each start, and hardly one of them is cut. */
async function isEnded(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(END_BLOCK_BYTES);
    const { bytesRead } = await file.read(
      tail,
      0,
      END_BLOCK_BYTES,
      Math.max(0, size - END_BLOCK_BYTES),
    );
    const found = bytesRead === END_BLOCK_BYTES ? decodeBlock(tail, 0) : null;
    return found?.block.content.kind === 'end';
  } finally {
    await file.close();
  }
}

function lastArrivalOf(tails: readonly Tail[]): number | null {
  const arrivals = tails.flatMap(({ contents: { header, blocks } }) => [
    ...blocks.flatMap(arrivalsOf),
    // A segment that follows another began right behind the packets of that one.
    ...(header.segmentNumber > 1 ? [header.createdAtWallMs] : []),
  ]);
  return arrivals.length === 0 ? null : arrivals.reduce((last, ms) => Math.max(last, ms));
}

const arrivalsOf = ({ content }: SegmentBlock): number[] =>
  content.kind === 'packets' ? content.packets.map((packet) => packet.arrivalMs) : [];

async function seal({ path, contents }: Tail, wallMs: number): Promise<void> {
  const lastWallMs = lastArrivalOf([{ path, contents }]) ?? contents.header.createdAtWallMs;
  const blockNumber = (contents.blocks.at(-1)?.blockNumber ?? -1) + 1;
  const end = encodeBlock({ kind: 'end', cut: true, lastWallMs }, blockNumber, wallMs);
  const file: FileHandle = await open(path, 'r+');
  try {
    await file.truncate(contents.wholeBytes);
    await file.write(end, 0, end.length, contents.wholeBytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** @returns `2026/10/01/<callId>` for each recording, oldest day first */
async function callFolders(directory: string): Promise<readonly string[]> {
  let folders = [''];
  for (const name of [/^\d{4}$/u, /^\d\d$/u, /^\d\d$/u, /^[^.]/u]) {
    const inside: string[] = [];
    for (const folder of folders) inside.push(...(await subfolders(directory, folder, name)));
    folders = inside;
  }
  return folders;
}

async function subfolders(directory: string, folder: string, name: RegExp): Promise<string[]> {
  try {
    const entries = await readdir(join(directory, folder), { withFileTypes: true });
    const matching = entries.filter((entry) => entry.isDirectory() && name.test(entry.name));
    return matching.map((entry) => join(folder, entry.name)).sort();
  } catch {
    // No such folder yet: nothing was ever recorded.
    return [];
  }
}
