import { PacketBatchWriter, type RtpPacket } from 'node-mediastream';

import type { TappedPackets } from '../recorder-protocol.js';
import type { RecordedPacket } from '../segment-format.js';

/** A packet of 20 ms whose payload tells it from every other. */
export function packetOf(
  n: number,
  startMs: number,
  over: Partial<RecordedPacket> = {},
): RecordedPacket {
  const payload = new Uint8Array(160).fill(n & 0xff);
  new DataView(payload.buffer).setUint32(0, n);
  return {
    arrivalMs: startMs + n * 20,
    // From just under the wrap of each, so that every test crosses it.
    sequenceNumber: (65_530 + n) & 0xffff,
    rtpTimestamp: (0xffff_fc00 + n * 160) >>> 0,
    payloadType: 0,
    marker: n === 0,
    ssrc: 0xfeed_0001,
    payload,
    ...over,
  };
}

/** @returns the batch as the media worker makes it */
export function batchOf(packets: readonly RecordedPacket[]): Uint8Array<ArrayBuffer> {
  const writer = new PacketBatchWriter();
  for (const packet of packets) writer.append(asRtp(packet), packet.arrivalMs);
  return writer.take();
}

/** @returns what the media worker posts for one leg of `callId` */
export function tapOf(
  callId: string,
  speaker: 'caller' | 'staff',
  packets: readonly RecordedPacket[],
): TappedPackets {
  const legId = `${callId}:${speaker === 'caller' ? 'a' : 'b'}`;
  return { callId, legId, speaker, codec: 'PCMU', packets: batchOf(packets) };
}

function asRtp(packet: RecordedPacket): RtpPacket {
  const { payload } = packet;
  return { ...packet, datagram: payload, payloadStart: 0, payloadEnd: payload.length };
}
