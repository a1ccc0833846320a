import { WavError } from './wav-error.js';

export type WavEncoding = 'pcm' | 'float' | 'alaw' | 'mulaw';

export interface WavFormat {
  readonly encoding: WavEncoding;
  readonly sampleRateHz: number;
  readonly channelCount: number;
  readonly bitsPerSample: number;
}

/** Format tags of the `fmt ` chunk (RFC 2361). */
export const FORMAT_PCM = 1;
const FORMAT_FLOAT = 3;
const FORMAT_ALAW = 6;
const FORMAT_MULAW = 7;
const FORMAT_EXTENSIBLE = 0xfffe;
const FORMAT_BYTES_MIN = 16;
/** In WAVE_FORMAT_EXTENSIBLE the true tag opens the sub-format GUID. */
const SUB_FORMAT_OFFSET = 24;

const ENCODINGS: ReadonlyMap<number, readonly [WavEncoding, readonly number[]]> = new Map([
  [FORMAT_PCM, ['pcm', [8, 16, 24, 32]]],
  [FORMAT_FLOAT, ['float', [32, 64]]],
  [FORMAT_ALAW, ['alaw', [8]]],
  [FORMAT_MULAW, ['mulaw', [8]]],
]);

const CHANNELS_MAX = 8;
const RATE_MIN_HZ = 1_000;
const RATE_MAX_HZ = 384_000;

/** @param chunk the body of `fmt ` @throws {WavError} */
export function parseWavFormat(chunk: DataView): WavFormat {
  if (chunk.byteLength < FORMAT_BYTES_MIN) {
    throw new WavError(
      'wav.badFormat',
      `expected a format chunk of at least 16 bytes, found ${chunk.byteLength}`,
    );
  }
  const tag = chunk.getUint16(0, true);
  const isExtensible = tag === FORMAT_EXTENSIBLE && chunk.byteLength >= SUB_FORMAT_OFFSET + 2;
  const encodingTag = isExtensible ? chunk.getUint16(SUB_FORMAT_OFFSET, true) : tag;
  const known = ENCODINGS.get(encodingTag);
  const bitsPerSample = chunk.getUint16(14, true);
  if (known === undefined) {
    throw new WavError(
      'wav.unsupportedFormat',
      `expected PCM, float, A-law or µ-law, found format 0x${encodingTag.toString(16).padStart(4, '0')}`,
    );
  }
  const [encoding, widths] = known;
  if (!widths.includes(bitsPerSample)) {
    throw new WavError(
      'wav.unsupportedFormat',
      `expected ${encoding} of ${widths.join(', ')} bits, found ${bitsPerSample}`,
    );
  }
  const channelCount = within(chunk.getUint16(2, true), 1, CHANNELS_MAX, 'channels');
  const sampleRateHz = within(chunk.getUint32(4, true), RATE_MIN_HZ, RATE_MAX_HZ, 'Hz');
  const blockBytes = chunk.getUint16(12, true);
  if (blockBytes !== (channelCount * bitsPerSample) / 8) {
    throw new WavError(
      'wav.badFormat',
      `expected ${(channelCount * bitsPerSample) / 8} bytes for all channels of a sample, found ${blockBytes}`,
    );
  }
  return { encoding, sampleRateHz, channelCount, bitsPerSample };
}

function within(value: number, min: number, max: number, unit: string): number {
  if (value >= min && value <= max) return value;
  throw new WavError('wav.badFormat', `expected ${min} to ${max} ${unit}, found ${value}`);
}
