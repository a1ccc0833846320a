import { systemClock } from '../../base/index.js';
import {
  createRtpPacket,
  decodeRtpPacket,
  encodePcmu,
  encodeRtpPacket,
  openRtpSocket,
  PacedSender,
  PCMU_SILENCE,
  type RtpSocket,
} from 'node-mediastream';
import { deferred } from '../measure/deferred.js';
import { PEER_RTP_PORTS } from './place.js';
import { SequenceCount } from './sequence-count.js';

const FRAME = 160;
const SILENCE = new Uint8Array(FRAME).fill(PCMU_SILENCE);

/** µ-law at 8 kHz to be said, and where its last sound ends. */
export interface Utterance {
  readonly payload: Uint8Array;
  /** Index behind the last audible sample. */
  readonly audibleEnd: number;
}

/** What is 40 dB under the loudest counts as silence. */
const AUDIBLE = 0.01;

/** @param samples s16, 8 kHz */
export function utterance(samples: Int16Array): Utterance {
  const payload = new Uint8Array(samples.length);
  encodePcmu(samples, payload);
  const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const audibleEnd = samples.findLastIndex((sample) => Math.abs(sample) > AUDIBLE * loudest) + 1;
  return { payload, audibleEnd };
}

interface Speech {
  readonly utterance: Utterance;
  position: number;
  readonly onAudibleEnd: (atMs: number) => void;
  readonly onEnd: () => void;
}

/**
 * The audio of one device: a packet every 20 ms from the moment it is connected, silence where nothing is to be said, and a
 * count by sequence number of what comes back.
 */
export class Voice {
  readonly heard = new SequenceCount();
  readonly #socket: RtpSocket;
  readonly #sender: PacedSender;
  readonly #packet = createRtpPacket();
  readonly #header = {
    marker: false,
    payloadType: 0,
    sequenceNumber: 0,
    rtpTimestamp: 0,
    ssrc: Math.floor(Math.random() * 2 ** 32),
  };
  readonly #frame = new Uint8Array(FRAME);
  #sequence = Math.floor(Math.random() * 2 ** 16);
  #sent = 0;
  #target: { readonly address: string; readonly port: number } | null = null;
  #speech: Speech | null = null;

  private constructor(socket: RtpSocket) {
    this.#sender = new PacedSender({ clock: systemClock, onFrame: (slot) => this.#send(slot) });
    this.#socket = socket;
  }

  static async open(address: string): Promise<Voice> {
    const opened: Voice[] = [];
    const socket = await openRtpSocket({
      clock: systemClock,
      address,
      firstPort: PEER_RTP_PORTS.first,
      lastPort: PEER_RTP_PORTS.last,
      onRtp: (datagram) => opened[0]?.receive(datagram),
      onRtcp: () => undefined,
      // A port that has just closed on the other side: the end of a call.
      onError: () => undefined,
    });
    const voice = new Voice(socket);
    opened.push(voice);
    return voice;
  }

  get port(): number {
    return this.#socket.rtpPort;
  }

  get packetsSent(): number {
    return this.#sent;
  }

  /** Packet times that this process was too late for: its own fault, not the box's. */
  get framesSkipped(): number {
    return this.#sender.skippedCount;
  }

  /** Sends there from now on. */
  connect(address: string, port: number): void {
    this.#target = { address, port };
    this.#sender.start();
  }

  /**
   * Says it at once; what was being said is cut off.
   * @returns when it has been said; `audibleEndMs` is the monotonic time at which the packet with its last sound left
   */
  say(given: Utterance): { readonly audibleEndMs: Promise<number>; readonly said: Promise<void> } {
    const audibleEnd = deferred<number>();
    const end = deferred();
    this.#speech = {
      utterance: given,
      position: 0,
      onAudibleEnd: audibleEnd.resolve,
      onEnd: end.resolve,
    };
    return { audibleEndMs: audibleEnd.promise, said: end.promise };
  }

  async close(): Promise<void> {
    this.#sender.stop();
    await this.#socket.close();
  }

  /** A datagram on the RTP port. */
  receive(datagram: Uint8Array): void {
    if (decodeRtpPacket(datagram, this.#packet) !== 'ok') return;
    this.heard.note(this.#packet.ssrc, this.#packet.sequenceNumber);
  }

  #send(slot: number): void {
    if (this.#target === null) return;
    const { address, port } = this.#target;
    const speech = this.#speech;
    const header = this.#header;
    header.sequenceNumber = this.#sequence = (this.#sequence + 1) & 0xffff;
    header.rtpTimestamp = (slot * FRAME) >>> 0;
    header.marker = this.#sent === 0;
    const out = this.#socket.sendBuffer();
    const payload = speech === null ? SILENCE : this.#next(speech);
    this.#socket.sendRtp(out, encodeRtpPacket(header, payload, out), port, address);
    this.#sent += 1;
    if (speech !== null) this.#tell(speech);
  }

  #next(speech: Speech): Uint8Array {
    const { payload } = speech.utterance;
    const part = payload.subarray(speech.position, speech.position + FRAME);
    this.#frame.set(part);
    this.#frame.set(SILENCE.subarray(part.length), part.length);
    return this.#frame;
  }

  #tell(speech: Speech): void {
    const { utterance: its, onAudibleEnd, onEnd } = speech;
    const before = speech.position;
    speech.position += FRAME;
    if (before < its.audibleEnd && speech.position >= its.audibleEnd) {
      onAudibleEnd(systemClock.monotonicMs());
    }
    if (speech.position < its.payload.length) return;
    this.#speech = null;
    onEnd();
  }
}
