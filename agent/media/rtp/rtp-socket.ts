import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

import type { MediaClock } from './media-clock.js';

/** Kernel buffers, bytes: some seconds of a call, for when the thread stalls. */
const KERNEL_BUFFER_BYTES = 256 * 1_024;
/** The largest packet that we send, bytes: one Ethernet frame. */
export const SEND_BYTES_MAX = 1_472;
/** Sends under way at once before a buffer is used again. */
const SEND_BUFFERS = 64;

/** Takes one datagram. `arrivalMs` is monotonic; `datagram` is the callee's to keep. */
export type OnDatagram = (
  datagram: Uint8Array,
  address: string,
  port: number,
  arrivalMs: number,
) => void;

export interface RtpSocketOptions {
  readonly clock: Pick<MediaClock, 'monotonicMs'>;
  /** IPv4 to bind to. */
  readonly address: string;
  /** Both ports of a pair lie in firstPort…lastPort. */
  readonly firstPort: number;
  readonly lastPort: number;
  /** RTP ports not to try: in use elsewhere in the program, or kept back. */
  readonly skip?: ReadonlySet<number>;
  /**
   * Where to begin; the range is tried round from here. Two past the pair opened before keeps the
   * last packets of a call that has ended out of the next call.
   */
  readonly startPort?: number;
  readonly onRtp: OnDatagram;
  readonly onRtcp: OnDatagram;
  /** A socket's own troubles; the socket stays open. */
  readonly onError: (cause: Error) => void;
}

export type RtpSocketErrorCode = 'RTP_PORTS_EXHAUSTED' | 'RTP_ADDRESS_UNAVAILABLE';

/** No pair of ports could be bound; match on `code`. */
export class RtpSocketError extends Error {
  readonly code: RtpSocketErrorCode;

  constructor(code: RtpSocketErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'RtpSocketError';
    this.code = code;
  }
}

/**
 * An even UDP port for RTP and the next one for RTCP (RFC 3550 §11). Node's sockets cannot set the
 * DSCP field: marking media as EF is left to the system's packet filter, by this range of ports.
 */
export class RtpSocket {
  readonly rtpPort: number;
  readonly rtcpPort: number;
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  readonly #onError: (cause: Error) => void;
  readonly #buffers: readonly Uint8Array[];
  #nextBuffer = 0;
  #open = true;
  #sendFailedCount = 0;

  /** Use `openRtpSocket`. */
  constructor(rtp: Socket, rtcp: Socket, onError: (cause: Error) => void) {
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.#onError = onError;
    this.rtpPort = rtp.address().port;
    this.rtcpPort = rtcp.address().port;
    this.#buffers = Array.from({ length: SEND_BUFFERS }, () => new Uint8Array(SEND_BYTES_MAX));
  }

  /** Packets that the system, or a port out of range, kept from being sent. */
  get sendFailedCount(): number {
    return this.#sendFailedCount;
  }

  /** @returns 1,472 bytes to build one packet in; handed out again after 63 others, never allocated */
  sendBuffer(): Uint8Array {
    const buffer = this.#buffers[this.#nextBuffer]!;
    this.#nextBuffer = (this.#nextBuffer + 1) % SEND_BUFFERS;
    return buffer;
  }

  /** Sends the first `length` bytes; `datagram` must stay as it is until sent: see `sendBuffer`. */
  sendRtp(datagram: Uint8Array, length: number, port: number, address: string): void {
    this.#send(this.#rtp, datagram, length, { port, address });
  }

  /** As `sendRtp`, from the RTCP port. */
  sendRtcp(datagram: Uint8Array, length: number, port: number, address: string): void {
    this.#send(this.#rtcp, datagram, length, { port, address });
  }

  /** Frees both ports; a second call does nothing. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await Promise.all([closeSocket(this.#rtp), closeSocket(this.#rtcp)]);
  }

  #send(
    socket: Socket,
    datagram: Uint8Array,
    length: number,
    to: { readonly port: number; readonly address: string },
  ): void {
    if (!this.#open) return;
    // Port 0 is how SDP refuses a stream; Node would throw.
    if (!(to.port > 0 && to.port < 65_536)) {
      this.#sendFailedCount++;
      return;
    }
    socket.send(datagram, 0, length, to.port, to.address, this.#onSent);
  }

  readonly #onSent = (cause: Error | null): void => {
    if (cause === null || !this.#open) return;
    this.#sendFailedCount++;
    this.#onError(cause);
  };
}

/**
 * Binds the first free pair of the range.
 * @throws {RtpSocketError} when no pair is free, or the address is not this machine's
 */
export async function openRtpSocket(options: RtpSocketOptions): Promise<RtpSocket> {
  for (const port of candidatePorts(options)) {
    const pair = await bindPair(port, options);
    if (pair !== null) return pair;
  }
  throw new RtpSocketError(
    'RTP_PORTS_EXHAUSTED',
    `no free pair of UDP ports in ${options.firstPort}…${options.lastPort}`,
  );
}

function* candidatePorts(options: RtpSocketOptions): Generator<number> {
  const first = options.firstPort + (options.firstPort % 2);
  const pairs = Math.floor((options.lastPort - first + 1) / 2);
  const wanted = Math.floor(((options.startPort ?? first) - first) / 2);
  const start = wanted > 0 && wanted < pairs ? wanted : 0;
  for (let i = 0; i < pairs; i++) {
    const port = first + 2 * ((start + i) % pairs);
    if (options.skip?.has(port) !== true) yield port;
  }
}

async function bindPair(port: number, options: RtpSocketOptions): Promise<RtpSocket | null> {
  const rtp = await bindSocket(port, options);
  if (rtp === null) return null;
  const rtcp = await bindSocket(port + 1, options);
  if (rtcp === null) {
    await closeSocket(rtp);
    return null;
  }
  const { clock } = options;
  for (const [socket, onDatagram] of [
    [rtp, options.onRtp],
    [rtcp, options.onRtcp],
  ] as const) {
    socket.on('error', options.onError);
    socket.on('message', (datagram: Buffer, from: RemoteInfo) =>
      onDatagram(datagram, from.address, from.port, clock.monotonicMs()),
    );
  }
  return new RtpSocket(rtp, rtcp, options.onError);
}

/** @returns null when the port is taken */
async function bindSocket(port: number, options: RtpSocketOptions): Promise<Socket | null> {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: KERNEL_BUFFER_BYTES,
    sendBufferSize: KERNEL_BUFFER_BYTES,
    // Addresses are numbers already; the resolver would put each packet off by a turn of the loop.
    lookup: (hostname, _options, callback) => callback(null, hostname, 4),
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind({ port, address: options.address, exclusive: true });
    await listening;
    return socket;
  } catch (cause) {
    await closeSocket(socket);
    if (codeOf(cause) === 'EADDRINUSE') return null;
    const message = `cannot bind UDP ${options.address}:${port}`;
    throw new RtpSocketError('RTP_ADDRESS_UNAVAILABLE', message, cause);
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve());
  });
}
