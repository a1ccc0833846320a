import assert from 'node:assert/strict';
import type { FileHandle } from 'node:fs/promises';
import { endianness } from 'node:os';
import { WavError } from './wav-error.js';
import { FORMAT_PCM } from './wav-format.js';

export interface WavWriterFormat {
  readonly sampleRateHz: number;
  readonly channelCount: number;
}

export const WAV_HEADER_BYTES = 44;
const SAMPLE_BYTES = 2;
const SIZE_STREAMED = 0xffff_ffff;
/** RIFF counts in 32 bits, its own header included: 37 hours of stereo at 8 kHz. */
const DATA_BYTES_MAX = 0xffff_ffff - WAV_HEADER_BYTES;

/**
 * @param dataBytes 0xFFFFFFFF for a stream whose length is not known yet
 * @returns the 44 bytes before the samples: 16-bit PCM
 */
export function wavHeader(
  { sampleRateHz, channelCount }: WavWriterFormat,
  dataBytes: number,
): Uint8Array {
  const header = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(header.buffer);
  const letters = (offset: number, text: string): void => {
    for (let n = 0; n < text.length; n += 1) view.setUint8(offset + n, text.charCodeAt(n));
  };
  const blockBytes = channelCount * SAMPLE_BYTES;
  letters(0, 'RIFF');
  view.setUint32(4, Math.min(SIZE_STREAMED, dataBytes + WAV_HEADER_BYTES - 8), true);
  letters(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, FORMAT_PCM, true);
  view.setUint16(22, channelCount, true);
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, sampleRateHz * blockBytes, true);
  view.setUint16(32, blockBytes, true);
  view.setUint16(34, SAMPLE_BYTES * 8, true);
  letters(36, 'data');
  view.setUint32(40, dataBytes, true);
  return header;
}

/**
 * A whole WAV file in memory.
 * @param samples s16, channels interleaved
 */
export function encodeWav(samples: Int16Array, format: WavWriterFormat): Uint8Array {
  assert.equal(samples.length % format.channelCount, 0);
  const body = littleEndian(samples);
  const file = new Uint8Array(WAV_HEADER_BYTES + body.length);
  file.set(wavHeader(format, body.length));
  file.set(body, WAV_HEADER_BYTES);
  return file;
}

/**
 * Writes a WAV file as its samples come. Until close() the header says "streamed": what a crash leaves is still
 * readable. The caller awaits each call before the next, and owns the handle.
 */
export class WavFileWriter {
  readonly #handle: FileHandle;
  readonly #format: WavWriterFormat;
  #dataBytes = 0;

  private constructor(handle: FileHandle, format: WavWriterFormat) {
    this.#handle = handle;
    this.#format = format;
  }

  /** @param handle open for writing, empty */
  static async start(handle: FileHandle, format: WavWriterFormat): Promise<WavFileWriter> {
    await writeAll(handle, wavHeader(format, SIZE_STREAMED), 0);
    return new WavFileWriter(handle, format);
  }

  /** What was written, samples per channel. */
  get frameCount(): number {
    return this.#dataBytes / (SAMPLE_BYTES * this.#format.channelCount);
  }

  /**
   * @param samples s16, channels interleaved; whole blocks
   * @throws {WavError} `wav.tooLarge` past 4 GiB; nothing of `samples` is written then
   */
  async write(samples: Int16Array): Promise<void> {
    assert.equal(samples.length % this.#format.channelCount, 0);
    const bytes = littleEndian(samples);
    if (this.#dataBytes + bytes.length > DATA_BYTES_MAX) {
      throw new WavError(
        'wav.tooLarge',
        `expected at most ${DATA_BYTES_MAX} bytes, the most that WAV can count`,
      );
    }
    await writeAll(this.#handle, bytes, WAV_HEADER_BYTES + this.#dataBytes);
    this.#dataBytes += bytes.length;
  }

  /** Puts the true sizes into the header. The handle stays open. */
  async finish(): Promise<void> {
    await writeAll(this.#handle, wavHeader(this.#format, this.#dataBytes), 0);
  }
}

/** A short write is not an error of the system's; it is told by the count. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const left = bytes.length - written;
    const { bytesWritten } = await handle.write(bytes, written, left, position + written);
    written += bytesWritten;
  }
}

function littleEndian(samples: Int16Array): Uint8Array {
  if (endianness() === 'LE') {
    return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  }
  const bytes = new Uint8Array(samples.byteLength);
  const view = new DataView(bytes.buffer);
  samples.forEach((sample, n) => view.setInt16(n * SAMPLE_BYTES, sample, true));
  return bytes;
}
