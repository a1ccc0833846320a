import { decodePcma, decodePcmu } from 'node-mediastream';

/** RFC 3551 §6. */
const PCMU = 0;
const PCMA = 8;

/**
 * @param payloadType of the packet itself: a leg may change its law in the midst of a call
 * @returns its samples, 8 kHz; null for anything but G.711, such as digits (RFC 4733) and comfort noise
 */
export function decodePayload(payloadType: number, payload: Uint8Array): Int16Array | null {
  if (payloadType !== PCMU && payloadType !== PCMA) return null;
  const samples = new Int16Array(payload.length);
  if (payloadType === PCMU) decodePcmu(payload, samples);
  else decodePcma(payload, samples);
  return samples;
}
