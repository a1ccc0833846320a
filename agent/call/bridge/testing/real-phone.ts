import {
  createRtpPacket,
  decodeRtpPacket,
  encodeRtpPacket,
  openRtpSocket,
  payloadOf,
  type RtpSocket,
} from 'node-mediastream';
import { systemClock } from '../../../../base/index.js';
import type { LegRemote } from '../bridge-protocol.js';

/** A packet as it came to a phone. */
export interface Received {
  readonly marker: boolean;
  readonly payloadType: number;
  readonly sequenceNumber: number;
  readonly rtpTimestamp: number;
  readonly ssrc: number;
  readonly payload: Uint8Array;
  readonly atMs: number;
}

/** A telephone's media on the loopback: real UDP, no SIP. */
export class RealPhone {
  readonly received: Received[] = [];
  readonly reports: Uint8Array[] = [];
  readonly remote: LegRemote;
  readonly #socket: RtpSocket;
  readonly #waiting = new Set<() => void>();
  readonly #packet = createRtpPacket();
  readonly ssrc: number;
  sequenceNumber = 65_500;
  rtpTimestamp = 0xffff_ff00;
  /** The port of the leg that it talks to. */
  toPort = 0;

  private constructor(socket: RtpSocket, ssrc: number) {
    this.#socket = socket;
    this.ssrc = ssrc;
    this.remote = {
      address: '127.0.0.1',
      rtpPort: socket.rtpPort,
      rtcpPort: socket.rtcpPort,
      codec: 'PCMU',
      payloadType: 0,
      telephoneEventPayloadType: 101,
      ptimeMs: 20,
      direction: 'sendrecv',
    };
  }

  static async open(ssrc: number, firstPort: number): Promise<RealPhone> {
    const phones: RealPhone[] = [];
    const socket = await openRtpSocket({
      clock: systemClock,
      address: '127.0.0.1',
      firstPort,
      lastPort: firstPort + 199,
      onRtp: (datagram, _address, _port, atMs) => phones[0]?.take(datagram, atMs),
      onRtcp: (datagram) => phones[0]?.takeReport(datagram),
      onError: () => undefined,
    });
    const phone = new RealPhone(socket, ssrc);
    phones.push(phone);
    return phone;
  }

  take(datagram: Uint8Array, atMs: number): void {
    const packet = this.#packet;
    if (decodeRtpPacket(datagram, packet) !== 'ok') return;
    const { marker, payloadType, sequenceNumber, rtpTimestamp, ssrc } = packet;
    const header = { marker, payloadType, sequenceNumber, rtpTimestamp, ssrc };
    this.received.push({ ...header, payload: payloadOf(packet), atMs });
    for (const look of this.#waiting) look();
  }

  takeReport(datagram: Uint8Array): void {
    this.reports.push(datagram);
    for (const look of this.#waiting) look();
  }

  /** Sends 20 ms of audio, and goes on by that. */
  say(payload: Uint8Array, payloadType = 0): void {
    const { ssrc, sequenceNumber, rtpTimestamp } = this;
    const out = this.#socket.sendBuffer();
    const header = { marker: false, payloadType, sequenceNumber, rtpTimestamp, ssrc };
    const length = encodeRtpPacket(header, payload, out);
    this.sequenceNumber = (sequenceNumber + 1) & 0xffff;
    if (payloadType === 0) this.rtpTimestamp = (rtpTimestamp + payload.length) >>> 0;
    this.#socket.sendRtp(out, length, this.toPort, '127.0.0.1');
  }

  /** Waits for something that was received; the test's own limit ends a wait in vain. */
  until(isThere: (phone: RealPhone) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isThere(this)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  close(): Promise<void> {
    return this.#socket.close();
  }
}
