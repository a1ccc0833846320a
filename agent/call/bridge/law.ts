import {
  decodePcma,
  decodePcmu,
  encodePcma,
  encodePcmu,
  transcodePcmaToPcmu,
  transcodePcmuToPcma,
} from 'node-mediastream';
import type { LegRemote } from './bridge-protocol.js';

/** The two laws of G.711, by their names in SDP. */
export type Codec = LegRemote['codec'];

/** G.711 octets, and so samples, of 20 ms. */
export const FRAME_OCTETS = 160;

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const pcmuToPcma = new Uint8Array(256);
const pcmaToPcmu = new Uint8Array(256);
transcodePcmuToPcma(everyByte, pcmuToPcma);
transcodePcmaToPcmu(everyByte, pcmaToPcmu);

/** @returns the other law's byte for each byte; null when the laws are the same */
export function transcodeTable(from: Codec, to: Codec): Uint8Array | null {
  if (from === to) return null;
  return from === 'PCMU' ? pcmuToPcma : pcmaToPcmu;
}

/** @param out as many samples as `payload` has bytes */
export function decodeLaw(codec: Codec, payload: Uint8Array, out: Int16Array): void {
  if (codec === 'PCMU') decodePcmu(payload, out);
  else decodePcma(payload, out);
}

/** @param out as many bytes as there are samples */
export function encodeLaw(codec: Codec, samples: Int16Array, out: Uint8Array): void {
  if (codec === 'PCMU') encodePcmu(samples, out);
  else encodePcma(samples, out);
}
