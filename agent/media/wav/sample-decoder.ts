import type { WavFormat } from './wav-format.js';

/** Reads the sample at a byte offset as −1…1 (float files may go beyond). */
export type SampleReader = (view: DataView, offset: number) => number;

export function sampleReader({ encoding, bitsPerSample }: WavFormat): SampleReader {
  switch (encoding) {
    case 'alaw':
      return (view, offset) => alawSample(view.getUint8(offset)) / 32_768;
    case 'mulaw':
      return (view, offset) => mulawSample(view.getUint8(offset)) / 32_768;
    case 'float':
      return bitsPerSample === 64
        ? (view, offset) => finite(view.getFloat64(offset, true))
        : (view, offset) => finite(view.getFloat32(offset, true));
    case 'pcm':
      return pcmReader(bitsPerSample);
  }
}

function pcmReader(bitsPerSample: number): SampleReader {
  switch (bitsPerSample) {
    case 8:
      // The one width that WAV stores unsigned.
      return (view, offset) => (view.getUint8(offset) - 128) / 128;
    case 16:
      return (view, offset) => view.getInt16(offset, true) / 32_768;
    case 24:
      return (view, offset) =>
        (view.getUint8(offset) + view.getInt16(offset + 1, true) * 256) / 8_388_608;
    default:
      return (view, offset) => view.getInt32(offset, true) / 2_147_483_648;
  }
}

/** A float file may hold NaN and ∞; neither may reach a filter, which would never forget it. */
function finite(sample: number): number {
  return Number.isFinite(sample) ? Math.max(-16, Math.min(16, sample)) : 0;
}

/** ITU-T G.711 µ-law, s16. Files are read once, so no table is kept for them. */
function mulawSample(octet: number): number {
  const code = ~octet & 0xff;
  const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84;
  return code & 0x80 ? -magnitude : magnitude;
}

/** ITU-T G.711 A-law, s16. */
function alawSample(octet: number): number {
  const code = octet ^ 0x55;
  const segment = (code & 0x70) >> 4;
  const mantissa = (code & 0x0f) << 4;
  const magnitude = segment === 0 ? mantissa + 8 : (mantissa + 0x108) << (segment - 1);
  return code & 0x80 ? magnitude : -magnitude;
}
