import { strict as assert } from 'node:assert';

/**
 * What the agent writes to the detector's standard input.
 *
 *    0        4      5
 *   +--------+------+---------------------------------------------+
 *   | length | kind | body                                        |   length: bytes of kind and body, uint32 LE
 *   +--------+------+---------------------------------------------+
 *   kind 0   JSON, UTF-8
 *   kind 1   uint16 LE index of the leg, float64 LE tick of the first sample (8 kHz), samples s16 LE
 *
 * The detector answers in JSON lines.
 */
const LENGTH_BYTES = 4;
const AUDIO_HEAD_BYTES = 11;
const KIND_JSON = 0;
const KIND_AUDIO = 1;
/** 2,000 phrases fit well; longer is a bug. */
export const BODY_BYTES_MAX = 4_000_000;
/** Samples in one audio packet: 200 ms. */
export const SAMPLES_MAX = 1_600;

export type WirePacket =
  | { readonly kind: 'json'; readonly text: string }
  | {
      readonly kind: 'audio';
      readonly leg: number;
      readonly startTick: number;
      readonly samples: Int16Array;
    };

export function encodeJson(value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  assert.ok(text.length < BODY_BYTES_MAX, 'a control message within its limit');
  const packet = Buffer.allocUnsafe(LENGTH_BYTES + 1 + text.length);
  packet.writeUInt32LE(1 + text.length, 0);
  packet.writeUInt8(KIND_JSON, LENGTH_BYTES);
  text.copy(packet, LENGTH_BYTES + 1);
  return packet;
}

/** @param samples at most `SAMPLES_MAX`, 8 kHz s16 */
export function encodeAudio(leg: number, startTick: number, samples: Int16Array): Buffer {
  assert.ok(samples.length <= SAMPLES_MAX, 'an audio packet within its limit');
  const packet = Buffer.allocUnsafe(LENGTH_BYTES + AUDIO_HEAD_BYTES + 2 * samples.length);
  packet.writeUInt32LE(AUDIO_HEAD_BYTES + 2 * samples.length, 0);
  packet.writeUInt8(KIND_AUDIO, LENGTH_BYTES);
  packet.writeUInt16LE(leg, LENGTH_BYTES + 1);
  packet.writeDoubleLE(startTick, LENGTH_BYTES + 3);
  let at = LENGTH_BYTES + AUDIO_HEAD_BYTES;
  for (const sample of samples) at = packet.writeInt16LE(sample, at);
  return packet;
}

/** Puts the pieces of a byte stream together to packets. */
export class WireReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws {AssertionError} on a stream that our own encoder never writes (a bug) */
  push(piece: Buffer): WirePacket[] {
    let bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const packets: WirePacket[] = [];
    while (bytes.length >= LENGTH_BYTES) {
      const length = bytes.readUInt32LE(0);
      assert.ok(length >= 1 && length <= BODY_BYTES_MAX, `a packet of ${length} bytes`);
      if (bytes.length < LENGTH_BYTES + length) break;
      packets.push(decodeBody(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length)));
      bytes = bytes.subarray(LENGTH_BYTES + length);
    }
    this.#rest = bytes;
    return packets;
  }
}

function decodeBody(body: Buffer): WirePacket {
  const kind = body.readUInt8(0);
  if (kind === KIND_JSON) return { kind: 'json', text: body.toString('utf8', 1) };
  assert.ok(kind === KIND_AUDIO && body.length >= AUDIO_HEAD_BYTES, `a packet of kind ${kind}`);
  const length = Math.floor((body.length - AUDIO_HEAD_BYTES) / 2);
  const samples = Int16Array.from({ length }, (_, i) => body.readInt16LE(AUDIO_HEAD_BYTES + 2 * i));
  return { kind: 'audio', leg: body.readUInt16LE(1), startTick: body.readDoubleLE(3), samples };
}

/** Puts the pieces of a text stream together to lines; a line beyond `bytesMax` is dropped. */
export class LineReader {
  #rest = '';
  readonly #bytesMax: number;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  push(piece: string): string[] {
    const lines = (this.#rest + piece).split('\n');
    const rest = lines.pop() ?? '';
    this.#rest = rest.length > this.#bytesMax ? '' : rest;
    return lines;
  }
}
