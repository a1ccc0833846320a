import { once } from 'node:events';
import { status, type ServerWritableStream, type ServiceError } from '@grpc/grpc-js';
import type {
  ReadCallAudioRequest,
  ReadCallAudioResponse,
  WatchEventsRequest,
  WatchEventsResponse,
} from '../../proto/index.js';
import type { BoxReads } from './box-reads.js';
import { LEVELS_KIND, WatchQueue } from './watch-queue.js';

/** The most readers of events at once. */
export const WATCHERS_MAX = 8;

/** How many readers there are; one for each server. */
export interface StreamLimits {
  readers: number;
}

type GrpcError = Pick<ServiceError, 'code' | 'details'>;

/** The recording as it is read from disk, no faster than the other side takes it. */
export async function streamAudio(
  call: ServerWritableStream<ReadCallAudioRequest, ReadCallAudioResponse>,
  box: BoxReads,
  errorOf: (cause: unknown) => GrpcError,
): Promise<void> {
  const gone = new AbortController();
  call.once('cancelled', () => gone.abort());
  try {
    const audio = await box.readAudio(call.request.callId);
    if (audio.found === 'noCall') {
      refuse(call, status.NOT_FOUND, 'no such call');
      return;
    }
    if (audio.found === 'noRecording') {
      refuse(call, status.FAILED_PRECONDITION, 'the call has no recording');
      return;
    }
    for await (const part of audio.wav) {
      for (const wav of piecesOf(part)) {
        if (gone.signal.aborted) return;
        if (!call.write({ wav })) await once(call, 'drain', { signal: gone.signal });
      }
    }
    call.end();
  } catch (cause) {
    // Whoever hung up wants no answer.
    if (!gone.signal.aborted) call.emit('error', errorOf(cause));
  }
}

/** However large the parts that come from disk: gRPC takes 4 MiB at most, and small ones keep the loop free. */
const PIECE_BYTES_MAX = 65_536;

function* piecesOf({ buffer, byteOffset, byteLength }: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < byteLength; at += PIECE_BYTES_MAX) {
    yield Buffer.from(buffer, byteOffset + at, Math.min(PIECE_BYTES_MAX, byteLength - at));
  }
}

function refuse(
  call: ServerWritableStream<ReadCallAudioRequest, ReadCallAudioResponse>,
  code: status,
  details: string,
): void {
  call.emit('error', { code, details });
}

/** Events as they happen; a slow reader is never waited for. */
export function streamEvents(
  call: ServerWritableStream<WatchEventsRequest, WatchEventsResponse>,
  box: BoxReads,
  limits: StreamLimits,
): void {
  if (limits.readers >= WATCHERS_MAX) {
    const details = `at most ${WATCHERS_MAX} readers of events`;
    call.emit('error', { code: status.RESOURCE_EXHAUSTED, details });
    return;
  }
  limits.readers += 1;
  call.sendMetadata(call.metadata.clone());
  const queue = new WatchQueue();
  let isFull = false;
  let isOver = false;
  const flush = (): void => {
    while (!isFull && !isOver) {
      const event = queue.take();
      if (event === undefined) return;
      isFull = !call.write({ json: JSON.stringify(event) });
    }
  };
  const stop = box.subscribe((event) => {
    if (event.kind === LEVELS_KIND && !call.request.levels) return;
    queue.push(event);
    flush();
  });
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    stop();
    limits.readers -= 1;
  };
  call.on('drain', () => {
    isFull = false;
    flush();
  });
  for (const ending of ['cancelled', 'close', 'error']) call.on(ending, end);
}
