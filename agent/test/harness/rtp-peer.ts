import { createSocket, type Socket } from 'node:dgram';
import { decodePcmu } from 'node-mediastream';
import { RATE_HZ, toPcmu, type Samples } from './audio.js';
import type { Scope } from './child.js';

const PACKET = 160;
const PACKET_MS = 20;
const HEADER_BYTES = 12;

/** One datagram to be sent at its time. */
export interface TimedPacket {
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

export interface RtpPlan {
  readonly audio: Samples;
  /** Of a hundred packets, so many are never sent. */
  readonly lossPercent?: number;
  /** Every so-manieth packet comes after its successor. */
  readonly swapEvery?: number;
  /** From here on another source: new SSRC, sequence and timestamp. */
  readonly newSsrcAtMs?: number;
  /** Tells this stream from an earlier one of the same peer. */
  readonly ssrc?: number;
  /** RFC 4733 digits instead of audio, 100 ms each. */
  readonly digits?: readonly { readonly digit: string; readonly atMs: number }[];
}

const EVENTS = '0123456789*#';
const DIGIT_MS = 100;

function header(type: number, marker: boolean, at: readonly [number, number, number]): Buffer {
  const [sequence, timestamp, ssrc] = at;
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes[0] = 0x80;
  bytes[1] = (marker ? 0x80 : 0) | type;
  bytes.writeUInt16BE(sequence & 0xffff, 2);
  bytes.writeUInt32BE(timestamp >>> 0, 4);
  bytes.writeUInt32BE(ssrc, 8);
  return bytes;
}

/** Lays out a stream packet by packet: the same bytes each time. */
export function planRtp(plan: RtpPlan): readonly TimedPacket[] {
  const { audio, lossPercent = 0, swapEvery = 0, newSsrcAtMs = Infinity, digits = [] } = plan;
  const firstSsrc = plan.ssrc ?? 0x1a2b_3c4d;
  const payload = toPcmu(audio);
  const packets: TimedPacket[] = [];
  let [ssrc, sequence, offset] = [firstSsrc, 65_500, 4_294_960_000];
  let owed = 0;
  for (let n = 0; (n + 1) * PACKET <= payload.length; n += 1) {
    const atMs = n * PACKET_MS;
    if (atMs >= newSsrcAtMs && ssrc === firstSsrc) {
      [ssrc, sequence, offset] = [0x7777_0001, 40_000, 123_456];
    }
    const pressed = digits.find((one) => atMs >= one.atMs && atMs < one.atMs + DIGIT_MS);
    if (pressed !== undefined) {
      const step = Math.floor((atMs - pressed.atMs) / PACKET_MS);
      const isLast = step === DIGIT_MS / PACKET_MS - 1;
      const began = offset + Math.round(pressed.atMs / PACKET_MS) * PACKET;
      const event = Buffer.from([EVENTS.indexOf(pressed.digit), isLast ? 0x8a : 0x0a, 0, 0]);
      event.writeUInt16BE((step + 1) * PACKET, 2);
      for (let copy = 0; copy < (isLast ? 3 : 1); copy += 1) {
        const head = header(101, step === 0, [sequence, began, ssrc]);
        packets.push({ atMs: atMs + copy, bytes: Buffer.concat([head, event]) });
        sequence += 1;
      }
      continue;
    }
    const head = header(0, n === 0, [sequence, offset + n * PACKET, ssrc]);
    const bytes = Buffer.concat([head, payload.subarray(n * PACKET, (n + 1) * PACKET)]);
    sequence += 1;
    owed += lossPercent / 100;
    if (owed >= 1) {
      owed -= 1;
      continue;
    }
    const isSwapped = swapEvery > 0 && n % swapEvery === swapEvery - 1;
    packets.push({ atMs: atMs + (isSwapped ? PACKET_MS + 5 : 0), bytes });
  }
  return packets.sort((a, b) => a.atMs - b.atMs);
}

/** The media of a peer whose signalling SIPp plays: sends a planned stream, and keeps what it hears. */
export class RtpPeer {
  readonly port: number;
  readonly #socket: Socket;
  readonly #heard = new Map<number, Uint8Array>();
  #firstTimestamp: number | null = null;
  #remote: { readonly address: string; readonly port: number } | null = null;
  #received = 0;
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (bytes, from) => {
      this.#remote = { address: from.address, port: from.port };
      this.#take(bytes);
    });
  }

  static async open(t: Scope, address: string): Promise<RtpPeer> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, address, resolve);
    });
    const peer = new RtpPeer(socket);
    t.teardown(() => {
      peer.#isClosed = true;
      socket.close();
    });
    return peer;
  }

  /** Where the box sends from, which is where it listens too (symmetric RTP); known from its first packet. */
  async remote(): Promise<{ readonly address: string; readonly port: number }> {
    while (this.#remote === null) {
      await new Promise((resolve) => this.#socket.once('message', resolve));
    }
    return this.#remote;
  }

  get packetsReceived(): number {
    return this.#received;
  }

  #take(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEADER_BYTES || (view.getUint8(1) & 0x7f) !== 0) return;
    const timestamp = view.getUint32(4);
    this.#firstTimestamp ??= timestamp;
    this.#received += 1;
    this.#heard.set((timestamp - this.#firstTimestamp) | 0, bytes.slice(HEADER_BYTES));
  }

  /** What was heard so far, each packet at its timestamp's place. */
  heard(): Samples {
    const starts = [...this.#heard.keys()].filter((start) => start >= 0);
    const end = Math.max(0, ...starts) + PACKET;
    // An hour: a timestamp that jumps is no reason to take all memory.
    if (end > 3_600 * RATE_HZ) throw new Error(`timestamps jump by ${end}`);
    const out = new Float32Array(end);
    for (const start of starts) {
      const payload = this.#heard.get(start) ?? new Uint8Array();
      const pcm = new Int16Array(payload.length);
      decodePcmu(payload, pcm);
      out.set(Float32Array.from(pcm, (sample) => sample / 32_768).subarray(0, end - start), start);
    }
    return out;
  }

  /** Sends a stream at its times; resolves with its end. */
  async send(packets: readonly TimedPacket[]): Promise<void> {
    await this.sendTo(await this.remote(), packets);
  }

  async sendTo(
    { address, port }: { readonly address: string; readonly port: number },
    packets: readonly TimedPacket[],
  ): Promise<void> {
    const startMs = performance.now();
    for (const { atMs, bytes } of packets) {
      const waitMs = startMs + atMs - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      // Who talks on is cut off when the test ends.
      if (this.#isClosed) return;
      this.#socket.send(bytes, port, address);
    }
  }
}
