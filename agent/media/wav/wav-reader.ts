import { sampleReader } from './sample-decoder.js';
import { WavError } from './wav-error.js';
import { parseWavFormat, type WavFormat } from './wav-format.js';

export interface WavAudio extends WavFormat {
  /** Samples per channel. */
  readonly frameCount: number;
  /** One array for each channel: −1…1. */
  readonly channels: readonly Float32Array[];
  /** True when the file ends before its header says. */
  readonly isTruncated: boolean;
}

export interface ReadWavOptions {
  /** Longest audio that is decoded, ms. A longer one is refused before any memory is taken for it. */
  readonly maxMs?: number;
}

const RIFF_BYTES = 12;
const CHUNK_BYTES = 8;
const CHUNKS_MAX = 1_000;
/** What a writer leaves when it could not come back to patch the header. */
const SIZE_STREAMED = 0xffff_ffff;

interface Layout {
  readonly format: WavFormat;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly isTruncated: boolean;
}

/**
 * Reads RIFF/WAVE: PCM of 8, 16, 24, 32 bits, float of 32, 64, A-law and µ-law, 1…8 channels, 1…384 kHz.
 * A file cut off, or streamed without its sizes, gives what is there.
 * @throws {WavError} for anything else
 */
export function readWav(bytes: Uint8Array, { maxMs = Infinity }: ReadWavOptions = {}): WavAudio {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { format, offset, sizeBytes, isTruncated } = findSamples(view);
  const sampleBytes = format.bitsPerSample / 8;
  const blockBytes = sampleBytes * format.channelCount;
  const frameCount = Math.floor(sizeBytes / blockBytes);
  if (frameCount === 0) throw new WavError('wav.noSamples', 'expected samples, found none');
  const durationMs = (frameCount * 1_000) / format.sampleRateHz;
  if (durationMs > maxMs) {
    throw new WavError(
      'wav.tooLong',
      `expected at most ${maxMs} ms of audio, found ${Math.round(durationMs)} ms`,
    );
  }
  const read = sampleReader(format);
  const channels = Array.from({ length: format.channelCount }, (_, channel) => {
    const samples = new Float32Array(frameCount);
    let at = offset + channel * sampleBytes;
    for (let n = 0; n < frameCount; n += 1, at += blockBytes) samples[n] = read(view, at);
    return samples;
  });
  return { ...format, frameCount, channels, isTruncated };
}

function findSamples(view: DataView): Layout {
  checkOpening(view);
  let format: WavFormat | undefined;
  let offset = RIFF_BYTES;
  for (let chunks = 0; chunks < CHUNKS_MAX; chunks += 1) {
    if (offset + CHUNK_BYTES > view.byteLength) break;
    const name = fourLetters(view, offset);
    const saidBytes = view.getUint32(offset + 4, true);
    const body = offset + CHUNK_BYTES;
    const leftBytes = view.byteLength - body;
    if (name === 'fmt ') format = parseWavFormat(chunkView(view, body, saidBytes));
    if (name === 'data') {
      if (format === undefined) {
        throw new WavError(
          'wav.noFormat',
          'expected a format chunk before the samples, found none',
        );
      }
      // 0 with bytes after it is a header that was never patched, unless another chunk follows at once.
      const isOpen = saidBytes === SIZE_STREAMED || (saidBytes === 0 && !opensChunk(view, body));
      const sizeBytes = isOpen ? leftBytes : Math.min(saidBytes, leftBytes);
      return { format, offset: body, sizeBytes, isTruncated: !isOpen && saidBytes > leftBytes };
    }
    // Chunks of odd size are padded to even.
    offset = body + saidBytes + (saidBytes % 2);
  }
  if (format === undefined) {
    throw new WavError(
      'wav.truncatedHeader',
      'expected format and samples, found the end of the file',
    );
  }
  throw new WavError('wav.noSamples', 'expected a chunk of samples, found the end of the file');
}

function checkOpening(view: DataView): void {
  if (view.byteLength === 0)
    throw new WavError('wav.empty', 'expected a WAV file, found an empty one');
  const found = foreignFormat(view);
  if (found !== undefined) throw new WavError('wav.notWav', `expected a WAV file, found ${found}`);
  if (view.byteLength < RIFF_BYTES) {
    throw new WavError(
      'wav.truncatedHeader',
      `expected a header of at least ${RIFF_BYTES} bytes, found ${view.byteLength}`,
    );
  }
  const form = fourLetters(view, 8);
  if (form !== 'WAVE') {
    throw new WavError(
      'wav.notWav',
      `expected WAVE in the RIFF file, found ${JSON.stringify(form)}`,
    );
  }
}

/** @returns what the file is instead, in the owner's words; undefined for RIFF */
function foreignFormat(view: DataView): string | undefined {
  const opening = fourLetters(view, 0);
  if (opening.startsWith('RIFF')) return undefined;
  if (view.byteLength < 4 && 'RIFF'.startsWith(opening)) return undefined;
  if (opening.startsWith('ID3') || isMpegFrame(view)) return 'MP3';
  if (opening === 'OggS') return 'Ogg (Vorbis or Opus)';
  if (opening === 'fLaC') return 'FLAC';
  if (opening === 'FORM') return 'AIFF';
  if (opening === 'RF64' || opening === 'RIFX') return `${opening}, a variant that is not read`;
  if (view.byteLength >= 8 && fourLetters(view, 4) === 'ftyp') return 'MP4 (AAC)';
  return 'something else';
}

/** Eleven set bits open an MPEG audio frame. */
function isMpegFrame(view: DataView): boolean {
  return view.byteLength >= 2 && (view.getUint16(0) & 0xffe0) === 0xffe0;
}

function opensChunk(view: DataView, offset: number): boolean {
  if (offset + CHUNK_BYTES > view.byteLength) return false;
  return ['LIST', 'id3 ', 'fact', 'cue ', 'bext'].includes(fourLetters(view, offset));
}

function chunkView(view: DataView, offset: number, sizeBytes: number): DataView {
  const leftBytes = Math.max(0, Math.min(sizeBytes, view.byteLength - offset));
  return new DataView(view.buffer, view.byteOffset + offset, leftBytes);
}

function fourLetters(view: DataView, offset: number): string {
  const end = Math.min(offset + 4, view.byteLength);
  let letters = '';
  for (let at = offset; at < end; at += 1) letters += String.fromCharCode(view.getUint8(at));
  return letters;
}
