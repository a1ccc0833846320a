import type { RtpPacket } from 'node-mediastream';
import type { Codec } from './law.js';

/** Comfort noise (RFC 3389) has the same payload type everywhere. */
export const COMFORT_NOISE = 13;

/** A packet that the source guard let in. One object serves a whole leg: borrowed until `hear` returns. */
export interface HeardPacket {
  packet: RtpPacket;
  kind: 'audio' | 'telephoneEvent' | 'comfortNoise';
  codec: Codec;
  /** The payload of audio; empty otherwise. */
  payload: Uint8Array;
  /** The same decoded, s16, 8 kHz. */
  samples: Int16Array;
  /** Monotonic. */
  arrivalMs: number;
}

/** Hears the packets of a leg after they were relayed. One that throws is cut off; the others live on. */
export interface PacketListener {
  /** For the log. */
  readonly name: string;
  hear(heard: HeardPacket): void;
}
