import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Metadata, status } from '@grpc/grpc-js';
import { messageOf } from '../../base/index.js';
import type { ReadCallAudioResponse } from '../../proto/index.js';
import type { BoxConnection } from './box-connection.js';
import type { CliContext } from './cli-context.js';
import { CliError, EXIT } from './exit.js';

/** Of ReadCallAudio, as box.proto says. */
const DEADLINE_MS = 600_000;

/**
 * Writes the recording of a call to `out`; what was there stays until the new file is whole.
 * @returns its size, bytes
 * @throws {CliError}
 */
export async function saveAudio(
  box: BoxConnection,
  callId: string,
  out: string,
  context: CliContext,
): Promise<number> {
  const file = resolve(context.workingDirectory, out);
  const partial = `${file}.part`;
  const disk = <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      throw new CliError(EXIT.usage, box.place.texts.cannotWrite(out, messageOf(cause)), { cause });
    });
  const target = await disk(open(partial, 'w'));
  try {
    let sizeBytes = 0;
    for await (const wav of readAudio(box, callId)) {
      await disk(target.write(wav));
      sizeBytes += wav.byteLength;
    }
    await disk(writeSizes(target, sizeBytes));
    await target.close();
    await disk(rename(partial, file));
    return sizeBytes;
  } catch (cause) {
    await target.close();
    await rm(partial, { force: true });
    throw cause;
  }
}

/** The header came first, when the length was not yet known (RIFF: bytes after the eighth, and of the samples). */
async function writeSizes(target: FileHandle, sizeBytes: number): Promise<void> {
  const size = (bytes: number): Buffer => {
    const field = Buffer.alloc(4);
    field.writeUInt32LE(Math.max(0, bytes));
    return field;
  };
  await target.write(size(sizeBytes - 8), 0, 4, 4);
  await target.write(size(sizeBytes - 44), 0, 4, 40);
}

async function* readAudio(box: BoxConnection, callId: string): AsyncGenerator<Buffer> {
  const parts: AsyncIterable<ReadCallAudioResponse> = box.client.readCallAudio(
    { callId },
    new Metadata(),
    box.options(DEADLINE_MS),
  );
  try {
    for await (const { wav } of parts) yield wav;
  } catch (cause) {
    throw isGrpcError(cause) ? box.errorOf(cause, callId) : cause;
  }
}

const isGrpcError = (
  cause: unknown,
): cause is { readonly code: status; readonly details: string } & Error =>
  cause instanceof Error &&
  'code' in cause &&
  typeof cause.code === 'number' &&
  cause.code in status &&
  'details' in cause;
