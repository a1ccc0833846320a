import { TELEPHONE_RATE_HZ } from '../../base/index.js';

const CHANNELS = 2;
const FRAME_BYTES = CHANNELS * 2;
export const WAV_HEADER_BYTES = 44;
/** Sizes in a WAV file are 32 bits: 37 hours of 8 kHz stereo. What is longer is cut there. */
export const WAV_FRAMES_MAX = Math.floor((2 ** 32 - 1 - WAV_HEADER_BYTES) / FRAME_BYTES) - 8_000;

/**
 * The header of a WAV file of 8 kHz, 16 bit, stereo.
 * @see Multimedia Programming Interface and Data Specifications 1.0, "Waveform Audio File Format"
 */
export function wavHeader(frames: number): Buffer {
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  const audioBytes = frames * FRAME_BYTES;
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(WAV_HEADER_BYTES - 8 + audioBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(CHANNELS, 22);
  header.writeUInt32LE(TELEPHONE_RATE_HZ, 24);
  header.writeUInt32LE(TELEPHONE_RATE_HZ * FRAME_BYTES, 28);
  header.writeUInt16LE(FRAME_BYTES, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(audioBytes, 40);
  return header;
}
