import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  createRtpPacket,
  decodeRtpPacket,
  encodeRtpPacket,
  payloadOf,
  RtpSocketError,
  type Prompt,
  type RtpSocketOptions,
} from 'node-mediastream';
import type { Random } from '../../../../base/index.js';
import { FakeClock } from '../../../../base/testing/fake-clock.js';
import type { BridgeFault, MediaSocket } from '../bridge-environment.js';
import { Bridge } from '../bridge.js';
import type {
  BridgeEvent,
  BridgeSettings,
  DetectTap,
  LegRemote,
  RecordTap,
  Speaker,
} from '../bridge-protocol.js';

/** A packet that a leg was sent. */
export interface Sent {
  readonly marker: boolean;
  readonly payloadType: number;
  readonly sequenceNumber: number;
  readonly rtpTimestamp: number;
  readonly ssrc: number;
  readonly payload: Uint8Array;
  readonly port: number;
  readonly address: string;
  readonly atMs: number;
}

export const SETTINGS: BridgeSettings = {
  bindAddress: '192.0.2.1',
  advertisedAddress: '192.0.2.1',
  firstPort: 20_000,
  lastPort: 20_015,
  legsMax: 6,
  detectBatchMs: 100,
};

export const REMOTE: LegRemote = {
  address: '192.0.2.50',
  rtpPort: 4_000,
  rtcpPort: 4_001,
  codec: 'PCMU',
  payloadType: 0,
  telephoneEventPayloadType: 101,
  ptimeMs: 20,
  direction: 'sendrecv',
};

/** The pair of ports of one leg, without a network. */
export class FakeSocket implements MediaSocket {
  readonly rtpPort: number;
  readonly options: RtpSocketOptions;
  readonly sent: Sent[] = [];
  readonly rtcp: { readonly datagram: Uint8Array; readonly port: number }[] = [];
  readonly #clock: FakeClock;
  readonly #onClose: () => void;
  isOpen = true;

  constructor(rtpPort: number, options: RtpSocketOptions, clock: FakeClock, onClose: () => void) {
    this.rtpPort = rtpPort;
    this.options = options;
    this.#clock = clock;
    this.#onClose = onClose;
  }

  sendBuffer(): Uint8Array {
    return new Uint8Array(1_472);
  }

  sendRtp(datagram: Uint8Array, length: number, port: number, address: string): void {
    const packet = createRtpPacket();
    if (decodeRtpPacket(datagram.slice(0, length), packet) !== 'ok') throw new Error('no RTP');
    const { marker, payloadType, sequenceNumber, rtpTimestamp, ssrc } = packet;
    const header = { marker, payloadType, sequenceNumber, rtpTimestamp, ssrc };
    const atMs = this.#clock.monotonicMs();
    this.sent.push({ ...header, payload: payloadOf(packet), port, address, atMs });
  }

  sendRtcp(datagram: Uint8Array, length: number, port: number): void {
    this.rtcp.push({ datagram: datagram.slice(0, length), port });
  }

  close(): Promise<void> {
    this.isOpen = false;
    this.#onClose();
    return Promise.resolve();
  }
}

/** Someone who talks to a leg: packet after packet from one source. */
export class FakeTalker {
  readonly #socket: FakeSocket;
  readonly #clock: FakeClock;
  ssrc = 0x1234_5678;
  sequenceNumber = 65_530;
  rtpTimestamp = 0xffff_f000;
  payloadType = 0;
  address = REMOTE.address;
  port = REMOTE.rtpPort;

  constructor(socket: FakeSocket, clock: FakeClock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  /** Sends 20 ms of audio, and goes on by that. */
  say(payload: Uint8Array): void {
    this.packet({ payloadType: this.payloadType, rtpTimestamp: this.rtpTimestamp, payload });
    this.rtpTimestamp = (this.rtpTimestamp + payload.length) >>> 0;
  }

  /** Sends a whole digit, end packets included, while time passes. */
  press(event: number, durationMs: number, payloadType = 101): void {
    const { rtpTimestamp } = this;
    for (let ms = 20; ms <= durationMs + 40; ms += 20) {
      const ticks = Math.min(ms, durationMs) * 8;
      const end = ms >= durationMs ? 0x80 : 0;
      const payload = Uint8Array.of(event, end | 10, ticks >> 8, ticks & 0xff);
      this.packet({ payloadType, rtpTimestamp, payload, marker: ms === 20 });
      this.#clock.advance(20);
    }
    this.rtpTimestamp = (rtpTimestamp + (durationMs + 40) * 8) >>> 0;
  }

  packet(given: {
    readonly payloadType: number;
    readonly rtpTimestamp: number;
    readonly payload: Uint8Array;
    readonly marker?: boolean;
  }): void {
    const { payload, marker = false, ...rest } = given;
    const out = new Uint8Array(12 + payload.length);
    const header = { ...rest, marker, sequenceNumber: this.sequenceNumber, ssrc: this.ssrc };
    encodeRtpPacket(header, payload, out);
    this.sequenceNumber = (this.sequenceNumber + 1) & 0xffff;
    this.raw(out);
  }

  raw(datagram: Uint8Array): void {
    this.#socket.options.onRtp(datagram, this.address, this.port, this.#clock.monotonicMs());
  }
}

/** A bridge on a clock that stands still, with all that it says and sends. */
export class BenchLegs {
  readonly clock = new FakeClock();
  readonly events: BridgeEvent[] = [];
  readonly faults: BridgeFault[] = [];
  readonly records: RecordTap[] = [];
  readonly detections: DetectTap[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly prompts = new Map<string, Prompt>();
  readonly bridge: Bridge;
  readonly #used = new Set<number>();

  constructor(random: Random, settings: BridgeSettings = SETTINGS) {
    this.bridge = new Bridge(settings, {
      clock: this.clock,
      random,
      openSocket: (options) => this.#open(options),
      loadPrompt: (file) => this.#load(file),
      onEvent: (event) => this.events.push(event),
      onFault: (fault) => this.faults.push(fault),
    });
    this.bridge.connect({
      record: (tap) => this.records.push(tap),
      detect: (tap) => this.detections.push(tap),
    });
  }

  /** Lets promises settle; no time passes. */
  async settle(): Promise<void> {
    await nextTurn();
  }

  /** Opens a leg; `remote` null leaves the other side unknown. */
  async open(
    legId: string,
    remote: Partial<LegRemote> | null = {},
    speaker: Speaker = 'caller',
  ): Promise<{ readonly socket: FakeSocket; readonly talker: FakeTalker }> {
    const callId = legId.split(':')[0] ?? legId;
    this.bridge.handle({ do: 'openLeg', legId, callId, speaker, port: null });
    await this.settle();
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('no socket was opened');
    if (remote !== null) {
      this.bridge.handle({ do: 'setRemote', legId, remote: { ...REMOTE, ...remote } });
    }
    return { socket, talker: new FakeTalker(socket, this.clock) };
  }

  /** The events of one name, in their order. */
  of<Name extends BridgeEvent['name']>(name: Name): Extract<BridgeEvent, { name: Name }>[] {
    const isOf = (event: BridgeEvent): event is Extract<BridgeEvent, { name: Name }> =>
      event.name === name;
    return this.events.filter(isOf);
  }

  #open(options: RtpSocketOptions): Promise<MediaSocket> {
    const from = options.startPort ?? options.firstPort;
    const ports: number[] = [];
    for (let port = options.firstPort; port < options.lastPort; port += 2) ports.push(port);
    const inTurn = [...ports.filter((port) => port >= from), ...ports.filter((p) => p < from)];
    const port = inTurn.find((candidate) => !this.#used.has(candidate));
    if (port === undefined) {
      return Promise.reject(new RtpSocketError('RTP_PORTS_EXHAUSTED', 'no free pair'));
    }
    this.#used.add(port);
    const socket = new FakeSocket(port, options, this.clock, () => this.#used.delete(port));
    this.sockets.push(socket);
    return Promise.resolve(socket);
  }

  #load(file: string): Promise<Prompt> {
    const prompt = this.prompts.get(file);
    return prompt === undefined
      ? Promise.reject(new Error('no such file'))
      : Promise.resolve(prompt);
  }
}
