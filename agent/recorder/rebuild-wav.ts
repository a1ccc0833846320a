import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf, StorageError, TELEPHONE_RATE_HZ, type Log } from '../../base/index.js';
import { decodePayload } from './decode-payload.js';
import { LegRenderer } from './leg-renderer.js';
import { LegTimeline, type PlacedAudio } from './leg-timeline.js';
import { SEGMENT_NAME } from './recorder-files.js';
import type { RecordedPacket, RecordedSpeaker } from './segment-format.js';
import { readSegmentFile, type SegmentContents } from './segment-reader.js';
import { wavHeader, WAV_FRAMES_MAX } from './wav-header.js';

/** One window of output: a second. */
const WINDOW_FRAMES = TELEPHONE_RATE_HZ;

/** Where a recording lies. */
export interface RecordingFiles {
  /** The folder of recordings. */
  readonly directory: string;
  /** `RecordingSummary.files`. */
  readonly files: readonly string[];
}

/** What was rebuilt. */
export interface RebuiltAudio {
  readonly durationMs: number;
  /** Unix ms of the first frame. */
  readonly startedWallMs: number;
}

export interface RebuildOptions {
  /** Told of segments that cannot be read; they become silence. */
  readonly log: Log;
}

interface TrackFiles {
  readonly speaker: RecordedSpeaker;
  readonly paths: readonly string[];
}

/**
 * Rebuilds both sides from their timestamps: 8 kHz, 16 bit; left the caller, right the staff; aligned to within 20 ms
 * however long the call. What is missing is silence. Holds a few seconds in memory.
 * @returns windows of interleaved frames of at most a second, first to last
 * @throws {StorageError} `recording-empty` when no packet can be read
 */
export async function* rebuildStereo(
  recording: RecordingFiles,
  options: RebuildOptions,
): AsyncGenerator<Int16Array, RebuiltAudio> {
  const tracks = tracksOf(recording);
  const startedWallMs = await startOf(tracks, options.log);
  const legs = tracks.map(({ speaker, paths }) => ({
    speaker,
    packets: packetsOf(paths, options.log),
  }));
  return yield* layTogether(legs, startedWallMs);
}

/** One leg's packets in order of arrival, a block at a time. */
export interface LegPackets {
  readonly speaker: RecordedSpeaker;
  readonly packets: AsyncIterable<readonly RecordedPacket[]>;
}

/** The same for packets from anywhere. Legs of the same speaker are summed. */
export async function* layTogether(
  packets: readonly LegPackets[],
  startedWallMs: number,
): AsyncGenerator<Int16Array, RebuiltAudio> {
  const legs = packets.map((leg) => ({
    speaker: leg.speaker,
    renderer: new LegRenderer(placedAudio(leg.packets, startedWallMs)),
  }));
  let from = 0;
  for (; from < WAV_FRAMES_MAX; from += WINDOW_FRAMES) {
    const sums = { caller: new Int32Array(WINDOW_FRAMES), staff: new Int32Array(WINDOW_FRAMES) };
    for (const { speaker, renderer } of legs) await renderer.addTo(sums[speaker], from);
    const end = Math.max(...legs.map(({ renderer }) => renderer.end));
    const over = legs.every(({ renderer }) => renderer.exhausted) && end <= from + WINDOW_FRAMES;
    const frames = over ? Math.max(0, end - from) : WINDOW_FRAMES;
    if (frames > 0) yield interleave(sums.caller, sums.staff, frames);
    if (!over) continue;
    return { durationMs: ((from + frames) * 1_000) / TELEPHONE_RATE_HZ, startedWallMs };
  }
  return { durationMs: (from * 1_000) / TELEPHONE_RATE_HZ, startedWallMs };
}

/**
 * Rebuilds a recording into a WAV file, which appears under its name when it is whole.
 * @throws {StorageError} `recording-empty`, `wav-unwritable`
 */
export async function rebuildWav(
  recording: RecordingFiles,
  path: string,
  options: RebuildOptions,
): Promise<RebuiltAudio> {
  const part = `${path}.part`;
  try {
    const file = await open(part, 'w', 0o600);
    try {
      const rebuilt = await writeAll(file, rebuildStereo(recording, options));
      await file.datasync();
      await rename(part, path);
      return rebuilt;
    } finally {
      await file.close();
    }
  } catch (cause) {
    await rm(part, { force: true });
    if (cause instanceof StorageError) throw cause;
    throw new StorageError('wav-unwritable', `${path}: ${messageOf(cause)}`, { cause });
  }
}

async function writeAll(
  file: FileHandle,
  windows: AsyncGenerator<Int16Array, RebuiltAudio>,
): Promise<RebuiltAudio> {
  let frames = 0;
  await file.writeFile(wavHeader(0));
  for (;;) {
    const window = await windows.next();
    if (window.done === true) {
      await file.write(wavHeader(frames), 0, undefined, 0);
      return window.value;
    }
    frames += window.value.length / 2;
    await file.writeFile(littleEndian(window.value));
  }
}

function littleEndian(samples: Int16Array): Buffer {
  const bytes = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, n) => bytes.writeInt16LE(sample, n * 2));
  return bytes;
}

function interleave(left: Int32Array, right: Int32Array, frames: number): Int16Array {
  const clip = (sum: number): number => Math.max(-32_768, Math.min(32_767, sum));
  const out = new Int16Array(frames * 2);
  for (let n = 0; n < frames; n += 1) {
    out[2 * n] = clip(left[n]!);
    out[2 * n + 1] = clip(right[n]!);
  }
  return out;
}

function tracksOf(recording: RecordingFiles): TrackFiles[] {
  const tracks = new Map<string, string[]>();
  const number = (path: string): number => Number(SEGMENT_NAME.exec(nameOf(path))?.[2]);
  for (const file of recording.files) {
    const track = SEGMENT_NAME.exec(nameOf(file))?.[1];
    if (track === undefined) continue;
    const paths = tracks.get(track) ?? [];
    paths.push(join(recording.directory, file));
    tracks.set(track, paths);
  }
  return [...tracks].map(([track, paths]) => ({
    speaker: track.startsWith('caller') ? 'caller' : 'staff',
    paths: paths.sort((a, b) => number(a) - number(b)),
  }));
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

async function startOf(tracks: readonly TrackFiles[], log: Log): Promise<number> {
  let start = Number.POSITIVE_INFINITY;
  for (const { paths } of tracks) {
    for await (const [first] of packetsOf(paths, log)) {
      start = Math.min(start, first?.arrivalMs ?? start);
      break;
    }
  }
  if (Number.isFinite(start)) return start;
  throw new StorageError('recording-empty', 'no packet can be read', {
    fields: { files: tracks.flatMap((track) => track.paths) },
  });
}

async function* packetsOf(
  paths: readonly string[],
  log: Log,
): AsyncGenerator<readonly RecordedPacket[]> {
  for (const path of paths) {
    const contents = await readOrSkip(path, log);
    if (contents === null) continue;
    for (const { content } of contents.blocks) {
      if (content.kind !== 'packets') continue;
      if (content.packets.length > 0) yield content.packets;
    }
  }
}

async function readOrSkip(path: string, log: Log): Promise<SegmentContents | null> {
  try {
    return await readSegmentFile(path);
  } catch (cause) {
    log.error('segmentUnreadable', { path, cause: messageOf(cause) });
    return null;
  }
}

async function* placedAudio(
  blocks: AsyncIterable<readonly RecordedPacket[]>,
  startedWallMs: number,
): AsyncGenerator<readonly PlacedAudio[]> {
  const timeline = new LegTimeline(startedWallMs, decodePayload);
  for await (const packets of blocks) yield packets.flatMap((packet) => timeline.push(packet));
  yield timeline.end();
}
