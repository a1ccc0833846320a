import { wavHeader } from 'node-mediastream';

const FORMAT = { sampleRateHz: 8_000, channelCount: 2 } as const;
/** What the header says while the length is not yet known. */
const BYTES_UNKNOWN = 0xffff_ffff;

/** A stereo WAV as it is rebuilt: header first, then s16 little-endian, left = caller, right = staff. */
export async function* streamWav(samples: AsyncIterable<Int16Array>): AsyncGenerator<Uint8Array> {
  yield wavHeader(FORMAT, BYTES_UNKNOWN);
  for await (const block of samples) {
    yield new Uint8Array(block.buffer.slice(block.byteOffset, block.byteOffset + block.byteLength));
  }
}
