import type { Clock, Random } from '../../base/index.js';
import {
  createRtpPacket,
  decodePcma,
  decodePcmu,
  decodeRtpPacket,
  encodePcma,
  encodePcmu,
  encodeRtpPacket,
  isRefused,
  LevelMeter,
  openRtpSocket,
  PacedSender,
  payloadOf,
  SourceGuard,
  type RtpSocket,
} from 'node-mediastream';

/** 20 ms at 8 kHz. */
const FRAME_SAMPLES = 160;
/** No packet that we accept carries more: 60 ms. */
const PAYLOAD_SAMPLES_MAX = 480;
/** RFC 3551 §6; both are understood whatever was agreed. */
const PCMU = 0;
const PCMA = 8;
const PORTS = { firstPort: 42_000, lastPort: 59_999 };

export interface VoiceOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly address: string;
  /** Each second of what came: dBov (0…−127), and how many packets it came in. */
  readonly onHeard: (levelDbov: number, packets: number) => void;
}

/** Where we speak to, as the SDP of the other side says. */
export interface VoiceRemote {
  readonly address: string;
  readonly port: number;
  readonly payloadType: number;
}

interface Speech {
  readonly samples: Int16Array;
  readonly onSaid: (whole: boolean) => void;
  position: number;
}

/** A mouth and an ear on RTP: speaks G.711 in frames of 20 ms, silence when it has nothing to say, and meters what it hears. */
export class Voice {
  readonly #socket: RtpSocket;
  readonly #guard: SourceGuard;
  readonly #pacer: PacedSender;
  readonly #header: {
    marker: boolean;
    payloadType: number;
    sequenceNumber: number;
    rtpTimestamp: number;
    ssrc: number;
  };
  readonly #firstTimestamp: number;
  readonly #silence = new Int16Array(FRAME_SAMPLES);
  readonly #payload = new Uint8Array(FRAME_SAMPLES);
  #remote: VoiceRemote | null = null;
  #speech: Speech | null = null;

  /** Use `openVoice`. */
  constructor(socket: RtpSocket, guard: SourceGuard, options: VoiceOptions) {
    this.#socket = socket;
    this.#guard = guard;
    const { clock, random } = options;
    this.#firstTimestamp = random.uint32();
    this.#header = {
      marker: true,
      payloadType: PCMU,
      sequenceNumber: random.uint32() & 0xffff,
      rtpTimestamp: this.#firstTimestamp,
      ssrc: random.uint32(),
    };
    this.#pacer = new PacedSender({ clock, onFrame: (slot) => this.#sendFrame(slot) });
  }

  get port(): number {
    return this.#socket.rtpPort;
  }

  /** Speaks from now on, to whom the SDP names; again when a later SDP names another. */
  connect(remote: VoiceRemote): void {
    this.#remote = remote;
    this.#guard.setRemote({ ...remote, payloadTypes: [PCMU, PCMA] });
    this.#pacer.start();
  }

  /** Speaks this next; what was being said is cut short. @param onSaid told whether it was said whole */
  say(samples: Int16Array, onSaid: (whole: boolean) => void): void {
    this.hush();
    this.#speech = { samples, onSaid, position: 0 };
  }

  hush(): void {
    const speech = this.#speech;
    this.#speech = null;
    speech?.onSaid(false);
  }

  async close(): Promise<void> {
    this.#pacer.stop();
    this.hush();
    await this.#socket.close();
  }

  #sendFrame(slot: number): void {
    if (this.#remote === null) return;
    const { address, port, payloadType } = this.#remote;
    const header = this.#header;
    header.payloadType = payloadType;
    // By the slot, so that frames that were skipped after a stall leave a gap, as on a real line.
    header.rtpTimestamp = (this.#firstTimestamp + slot * FRAME_SAMPLES) >>> 0;
    const encode = payloadType === PCMA ? encodePcma : encodePcmu;
    encode(this.#nextFrame(), this.#payload);
    const packet = this.#socket.sendBuffer();
    const length = encodeRtpPacket(header, this.#payload, packet);
    this.#socket.sendRtp(packet, length, port, address);
    header.marker = false;
    header.sequenceNumber = (header.sequenceNumber + 1) & 0xffff;
  }

  #nextFrame(): Int16Array {
    const speech = this.#speech;
    if (speech === null) return this.#silence;
    const frame = new Int16Array(FRAME_SAMPLES);
    frame.set(speech.samples.subarray(speech.position, speech.position + FRAME_SAMPLES));
    speech.position += FRAME_SAMPLES;
    if (speech.position >= speech.samples.length) {
      this.#speech = null;
      speech.onSaid(true);
    }
    return frame;
  }
}

/** @throws {RtpSocketError} when no pair of ports is free */
export async function openVoice(options: VoiceOptions): Promise<Voice> {
  const { clock, random, address, onHeard } = options;
  const guard = new SourceGuard();
  const packet = createRtpPacket();
  const samples = new Int16Array(PAYLOAD_SAMPLES_MAX);
  let packets = 0;
  const meter = new LevelMeter((second) => {
    // 0 − x: silence is −127, an overload is 0 and not −0.
    onHeard(0 - second.audioLevel, packets);
    packets = 0;
  });
  const pairs = (PORTS.lastPort - PORTS.firstPort + 1) / 2;
  const socket = await openRtpSocket({
    clock,
    address,
    ...PORTS,
    startPort: PORTS.firstPort + 2 * Math.floor(random.fraction() * pairs),
    onRtp: (datagram, from, port, arrivalMs) => {
      if (decodeRtpPacket(datagram, packet) !== 'ok') return;
      if (isRefused(guard.check(packet, from, port, arrivalMs))) return;
      const payload = payloadOf(packet).subarray(0, PAYLOAD_SAMPLES_MAX);
      const decoded = samples.subarray(0, payload.length);
      if (packet.payloadType === PCMA) decodePcma(payload, decoded);
      else decodePcmu(payload, decoded);
      packets += 1;
      meter.push(decoded);
    },
    onRtcp: () => undefined,
    onError: () => undefined,
  });
  return new Voice(socket, guard, options);
}
