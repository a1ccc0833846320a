import { createSocket, type Socket } from 'node:dgram';
import type { AgreedMedia } from '../../../sip/index.js';
import { RATE_HZ, sine, toPcmu } from '../../harness/audio.js';
import type { Scope } from '../../harness/child.js';

const PACKET_SAMPLES = 160;
const PACKET_MS = 20;
const HEADER_BYTES = 12;
/** RFC 4733 §2.5.1.2: the last packet of an event is sent three times. */
const LAST_COPIES = 3;
const DIGIT_PACKETS = 4;
const KEYS = '0123456789*#';
const VOLUME = 0x0a;
const END_BIT = 0x80;

/** One end of a call's audio on a plain socket: a steady tone out, every packet in counted. */
export class Talk {
  readonly port: number;
  /** Gap between two arrivals, ms, the longest so far. */
  longestGapMs = 0;
  /** Where the other side listens, once SDP has said so. */
  remote: { readonly address: string; readonly port: number } | null = null;
  packetsSent = 0;
  readonly #socket: Socket;
  readonly #payload: Uint8Array;
  readonly #sequence = { first: -1, highest: -1 };
  #eventType = 101;
  #received = 0;
  #lastArrivalMs: number | null = null;
  #slot = 0;
  #next = 7_000;
  #digit: { readonly key: number; readonly timestamp: number; sent: number } | null = null;
  #pacer: NodeJS.Timeout | null = null;
  #startedMs = 0;

  private constructor(socket: Socket, payload: Uint8Array) {
    this.#socket = socket;
    this.#payload = payload;
    this.port = socket.address().port;
    socket.on('message', (bytes) => this.#take(bytes));
    socket.on('error', () => undefined);
  }

  static async open(t: Scope, address: string, hz: number): Promise<Talk> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, address, resolve);
    });
    // One second, repeated: the tones of the tests have whole periods in it.
    const talk = new Talk(socket, toPcmu(sine(hz, 1_000)));
    t.teardown(() => talk.close());
    return talk;
  }

  get packetsReceived(): number {
    return this.#received;
  }

  /** Of the relayed stream, by its sequence numbers. */
  get packetsLost(): number {
    const { first, highest } = this.#sequence;
    return first < 0 ? 0 : highest - first + 1 - this.#received;
  }

  /** Speaks from now on. */
  connect(agreed: AgreedMedia): void {
    this.remote = { address: agreed.remoteAddress, port: agreed.remoteRtpPort };
    this.#eventType = agreed.telephoneEventPayloadType ?? this.#eventType;
    if (this.#pacer !== null) return;
    this.#startedMs = performance.now();
    this.#pacer = setInterval(() => this.#sendDue(), PACKET_MS / 2);
  }

  /** Counts from here: what came before is not looked at. */
  countAnew(): void {
    this.#sequence.first = -1;
    this.#sequence.highest = -1;
    this.#received = 0;
    this.longestGapMs = 0;
  }

  /** Presses a key in place of the tone (RFC 4733). */
  press(key: string): void {
    this.#digit = { key: KEYS.indexOf(key), timestamp: this.#slot * PACKET_SAMPLES, sent: 0 };
  }

  close(): void {
    if (this.#pacer !== null) clearInterval(this.#pacer);
    this.#pacer = null;
    this.#closeSocket();
  }

  #closeSocket(): void {
    try {
      this.#socket.close();
    } catch {
      // Closed before: a call's end and the test's end both close it.
    }
  }

  #sendDue(): void {
    const due = Math.floor((performance.now() - this.#startedMs) / PACKET_MS);
    for (; this.#slot < due; this.#slot += 1) {
      if (this.#digit === null) this.#sendTone();
      else this.#sendDigit(this.#digit);
    }
  }

  #sendTone(): void {
    const start = (this.#slot * PACKET_SAMPLES) % RATE_HZ;
    const payload = this.#payload.subarray(start, start + PACKET_SAMPLES);
    this.#send(0, this.#slot * PACKET_SAMPLES, payload);
  }

  #sendDigit(digit: { readonly key: number; readonly timestamp: number; sent: number }): void {
    digit.sent += 1;
    const isLast = digit.sent === DIGIT_PACKETS;
    const event = Buffer.from([digit.key, isLast ? END_BIT | VOLUME : VOLUME, 0, 0]);
    event.writeUInt16BE(digit.sent * PACKET_SAMPLES, 2);
    for (let copy = 0; copy < (isLast ? LAST_COPIES : 1); copy += 1) {
      this.#send(this.#eventType, digit.timestamp, event, digit.sent === 1);
    }
    if (isLast) this.#digit = null;
  }

  #send(type: number, timestamp: number, payload: Uint8Array, marker = false): void {
    if (this.remote === null) return;
    const head = Buffer.alloc(HEADER_BYTES);
    head[0] = 0x80;
    head[1] = (marker ? 0x80 : 0) | type;
    head.writeUInt16BE(this.#next & 0xffff, 2);
    head.writeUInt32BE(timestamp >>> 0, 4);
    head.writeUInt32BE(0x5eed_0000 + this.port, 8);
    this.#next += 1;
    this.packetsSent += 1;
    this.#socket.send(Buffer.concat([head, payload]), this.remote.port, this.remote.address, () => {
      // Refused while the box is away: a phone goes on talking.
    });
  }

  #take(bytes: Buffer): void {
    if (bytes.length < HEADER_BYTES || (bytes.readUInt8(0) & 0xc0) !== 0x80) return;
    const nowMs = performance.now();
    if (this.#lastArrivalMs !== null)
      this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.#lastArrivalMs);
    this.#lastArrivalMs = nowMs;
    const seen = this.#sequence;
    const number = bytes.readUInt16BE(2);
    if (seen.first < 0) seen.first = number;
    const extended = number < seen.first - 0x8000 ? number + 0x1_0000 : number;
    seen.highest = Math.max(seen.highest, extended);
    this.#received += 1;
  }
}
