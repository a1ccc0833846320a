import {
  createRtpPacket,
  decodeRtpPacket,
  encodeRtpPacket,
  type RtpPacket,
} from '../rtp-packet.js';

/** What a test says of a packet; the rest is ordinary PCMU. */
export interface PacketSketch {
  readonly sequenceNumber?: number;
  readonly rtpTimestamp?: number;
  readonly ssrc?: number;
  readonly payloadType?: number;
  readonly marker?: boolean;
  readonly payload?: Uint8Array;
}

/** @returns a packet as if it had come off the wire */
export function packetOf(sketch: PacketSketch): RtpPacket {
  const payload = sketch.payload ?? new Uint8Array(160).fill(0xff);
  const datagram = new Uint8Array(12 + payload.length);
  const header = {
    marker: sketch.marker ?? false,
    payloadType: sketch.payloadType ?? 0,
    sequenceNumber: sketch.sequenceNumber ?? 0,
    rtpTimestamp: sketch.rtpTimestamp ?? 0,
    ssrc: sketch.ssrc ?? 0x1111_1111,
  };
  encodeRtpPacket(header, payload, datagram);
  const packet = createRtpPacket();
  decodeRtpPacket(datagram, packet);
  return packet;
}
