import {
  createRtpPacket,
  decodeRtpPacket,
  encodeRtpPacket,
  PCMU_SILENCE,
  timestampDistance,
  type RtpSocketOptions,
} from 'node-mediastream';
import type { MediaSocket } from '../../agent/call/bridge/bridge-environment.js';
import { SequenceCount } from '../box/sequence-count.js';

const FRAME = 160;
const PACKET_BYTES_MAX = 1_472;
/** Where in the payload the number of the packet stands: µ-law that nobody touches on the way. */
const NUMBER_AT = 16;

type Receive = (datagram: Uint8Array, address: string, port: number, arrivalMs: number) => void;

/** Datagrams without sockets and without delay: by address and port to whoever listens there. */
export class SimulatedMedia {
  readonly #listeners = new Map<string, Receive>();
  readonly #nowMs: () => number;
  #nextPort = 16_384;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  listen(address: string, port: number, receive: Receive): () => void {
    const key = `${address}:${port}`;
    this.#listeners.set(key, receive);
    return () => this.#listeners.delete(key);
  }

  send(datagram: Uint8Array, from: { address: string; port: number }, to: string): void {
    // A socket hands out memory of its own for each datagram, and so must this.
    const copy = datagram.slice();
    this.#listeners.get(to)?.(copy, from.address, from.port, this.#nowMs());
  }

  /** A pair of ports of the box, as its media worker opens them. */
  openSocket(options: RtpSocketOptions): Promise<MediaSocket> {
    const { address } = options;
    const rtpPort = this.#nextPort;
    this.#nextPort += 2;
    const close = [
      this.listen(address, rtpPort, options.onRtp),
      this.listen(address, rtpPort + 1, options.onRtcp),
    ];
    return Promise.resolve({
      rtpPort,
      sendBuffer: () => new Uint8Array(PACKET_BYTES_MAX),
      sendRtp: (datagram, length, port, to) =>
        this.send(datagram.subarray(0, length), { address, port: rtpPort }, `${to}:${port}`),
      sendRtcp: (datagram, length, port, to) =>
        this.send(datagram.subarray(0, length), { address, port: rtpPort + 1 }, `${to}:${port}`),
      close: () => {
        for (const one of close) one();
        return Promise.resolve();
      },
    });
  }
}

/** One end of the call: numbers what it says, and checks that what it hears are the other end's numbers, one by one. */
export class NumberedVoice {
  readonly heard = new SequenceCount();
  readonly #media: SimulatedMedia;
  readonly #own: { readonly address: string; readonly port: number };
  readonly #packet = createRtpPacket();
  readonly #out = new Uint8Array(12 + FRAME);
  readonly #payload = new Uint8Array(FRAME).fill(PCMU_SILENCE);
  readonly #header;
  readonly #close: () => void;
  #to: string | null = null;
  #sent = 0;
  #lastNumber = 0;
  #lastTimestamp: number | null = null;
  #counts = { numbered: 0, outOfOrder: 0, timestampSteps: 0, timestampWraps: 0 };

  /** @param start of sequence number and timestamp: near their ends, so that both wrap during the call */
  constructor(
    media: SimulatedMedia,
    own: { readonly address: string; readonly port: number },
    start: {
      readonly sequenceNumber: number;
      readonly rtpTimestamp: number;
      readonly ssrc: number;
    },
  ) {
    this.#media = media;
    this.#own = own;
    this.#header = { marker: false, payloadType: 0, ...start };
    this.#close = media.listen(own.address, own.port, (datagram) => this.#receive(datagram));
  }

  get port(): number {
    return this.#own.port;
  }

  get sent(): number {
    return this.#sent;
  }

  /**
   * `numbered`: packets of the other end; `outOfOrder`: their numbers did not rise by one; `timestampSteps`: the timestamp
   * did not move by 160 between two of them.
   */
  get counts(): {
    readonly numbered: number;
    readonly outOfOrder: number;
    readonly timestampSteps: number;
    readonly timestampWraps: number;
  } {
    return this.#counts;
  }

  connect(address: string, port: number): void {
    this.#to = `${address}:${port}`;
  }

  /** One packet time. */
  speak(): void {
    if (this.#to === null) return;
    this.#sent += 1;
    const header = this.#header;
    header.sequenceNumber = (header.sequenceNumber + 1) & 0xffff;
    header.rtpTimestamp = (header.rtpTimestamp + FRAME) >>> 0;
    new DataView(this.#payload.buffer).setUint32(NUMBER_AT, this.#sent);
    const length = encodeRtpPacket(header, this.#payload, this.#out);
    this.#media.send(this.#out.subarray(0, length), this.#own, this.#to);
  }

  close(): void {
    this.#to = null;
    this.#close();
  }

  #receive(datagram: Uint8Array): void {
    const packet = this.#packet;
    if (decodeRtpPacket(datagram, packet) !== 'ok') return;
    this.heard.note(packet.ssrc, packet.sequenceNumber);
    const { payloadStart, rtpTimestamp } = packet;
    const view = new DataView(datagram.buffer, datagram.byteOffset + payloadStart);
    const number = view.getUint32(NUMBER_AT);
    // The announcement and the ring-back have no number: theirs is made of audio.
    const isNumbered = view.getUint8(0) === PCMU_SILENCE && number < 2 ** 24;
    if (!isNumbered) return;
    const counts = this.#counts;
    const isNext = number === this.#lastNumber + 1;
    if (this.#lastNumber > 0 && !isNext) counts.outOfOrder += 1;
    if (isNext && this.#lastTimestamp !== null) {
      if (timestampDistance(this.#lastTimestamp, rtpTimestamp) !== FRAME)
        counts.timestampSteps += 1;
      if (rtpTimestamp < this.#lastTimestamp) counts.timestampWraps += 1;
    }
    counts.numbered += 1;
    this.#lastNumber = number;
    this.#lastTimestamp = rtpTimestamp;
  }
}
