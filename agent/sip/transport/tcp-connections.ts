import { connect, createServer, type Server, type Socket } from 'node:net';

import { UnavailableError, type Clock, type Timer } from '../../../base/index.js';
import { openError } from './open-error.js';
import { SipStreamFramer, type StreamFrame } from './sip-stream-framer.js';
import type { OnFailed } from './udp-socket.js';

/** Connections at once, in and out; a shop has fewer than twenty phones. */
export const TCP_CONNECTIONS_MAX = 64;
/** Of these, from or to one address: a stranger must not take them all. */
export const TCP_CONNECTIONS_PER_PEER_MAX = 8;
/** Bytes waiting to leave on one connection; a peer that does not read is cut off. */
const UNSENT_BYTES_MAX = 262_144;
/** Longer than any transaction (64·T1), so that none loses its connection (RFC 3261 §18). */
export const TCP_IDLE_MAX_MS = 180_000;
const SWEEP_MS = 30_000;
const CONNECT_MAX_MS = 5_000;

export interface Peer {
  readonly address: string;
  readonly port: number;
}

export interface StreamEvents {
  onFrame(frame: StreamFrame, from: Peer): void;
  /** A connection was refused or cut off for a limit's sake. */
  onRefused(peer: Peer, limit: string): void;
  onError(cause: unknown): void;
}

interface Connection {
  readonly peer: Peer;
  readonly socket: Socket;
  readonly framer: SipStreamFramer;
  lastUsedMs: number;
}

const keyOf = (peer: Peer): string => `${peer.address}|${peer.port}`;

/** `::ffff:192.0.2.1`, the form that a socket of both families reports, is the IPv4 address. */
const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;

/** SIP over TCP (RFC 3261 §18): one listening socket, and connections kept for both directions. */
export class TcpConnections {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #events: StreamEvents;
  readonly #connections = new Map<string, Connection>();
  #sweep: Timer | null = null;
  #isOpen = true;

  private constructor(server: Server, clock: Clock, events: StreamEvents) {
    this.#server = server;
    this.#clock = clock;
    this.#events = events;
  }

  /** @throws {UnavailableError} when the port is taken or the address is not ours */
  static async listen(local: Peer, clock: Clock, events: StreamEvents): Promise<TcpConnections> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(openError('TCP', local, cause)));
      server.listen(local.port, local.address, () => resolve());
    });
    const connections = new TcpConnections(server, clock, events);
    server.removeAllListeners('error');
    server.on('error', (cause) => events.onError(cause));
    server.on('connection', (socket) => connections.#accept(socket));
    connections.#sweepLater();
    return connections;
  }

  get count(): number {
    return this.#connections.size;
  }

  has(peer: Peer): boolean {
    return this.#connections.has(keyOf(peer));
  }

  /** Sends on the connection to `peer`, made now when there is none. */
  send(bytes: Uint8Array, peer: Peer, onFailed: OnFailed): void {
    if (!this.#isOpen) return;
    const connection = this.#connections.get(keyOf(peer)) ?? this.#connect(peer);
    if (connection === null) {
      onFailed(new UnavailableError('sipConnectionsFull', 'too many TCP connections'));
      return;
    }
    connection.lastUsedMs = this.#clock.monotonicMs();
    if (connection.socket.writableLength + bytes.length > UNSENT_BYTES_MAX) {
      this.#events.onRefused(peer, 'unsentBytesMax');
      connection.socket.destroy();
      onFailed(new UnavailableError('sipPeerNotReading', 'the peer does not read'));
      return;
    }
    connection.socket.write(bytes, (cause) => {
      if (cause instanceof Error && this.#isOpen) onFailed(cause);
    });
  }

  /** Ends one connection after what is written has left. */
  drop(peer: Peer): void {
    this.#connections.get(keyOf(peer))?.socket.destroySoon();
  }

  close(): Promise<void> {
    if (!this.#isOpen) return Promise.resolve();
    this.#isOpen = false;
    this.#sweep?.cancel();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const { socket } of this.#connections.values()) socket.destroy();
    });
  }

  #accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return;
    }
    const peer = { address: plainAddress(remoteAddress), port: remotePort };
    if (this.#isFullFor(peer)) {
      this.#events.onRefused(peer, 'tcpConnectionsMax');
      socket.destroy();
      return;
    }
    this.#keep(peer, socket);
  }

  #connect(peer: Peer): Connection | null {
    if (this.#isFullFor(peer)) return null;
    const socket = connect({ host: peer.address, port: peer.port, noDelay: true });
    const patience = this.#clock.after(CONNECT_MAX_MS, () =>
      socket.destroy(new UnavailableError('sipConnectTimeout', 'TCP connection not made in time')),
    );
    socket.once('connect', () => patience.cancel());
    socket.once('close', () => patience.cancel());
    return this.#keep(peer, socket);
  }

  #isFullFor(peer: Peer): boolean {
    if (this.#connections.size >= TCP_CONNECTIONS_MAX) return true;
    let ofPeer = 0;
    for (const connection of this.#connections.values()) {
      if (connection.peer.address === peer.address) ofPeer += 1;
    }
    return ofPeer >= TCP_CONNECTIONS_PER_PEER_MAX;
  }

  #keep(peer: Peer, socket: Socket): Connection {
    const framer = new SipStreamFramer();
    const connection = { peer, socket, framer, lastUsedMs: this.#clock.monotonicMs() };
    this.#connections.set(keyOf(peer), connection);
    socket.on('data', (chunk) => this.#read(connection, chunk));
    // What was lost with the connection is told by each write's call-back; 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#connections.get(keyOf(peer)) === connection) this.#connections.delete(keyOf(peer));
    });
    return connection;
  }

  #read(connection: Connection, chunk: Uint8Array): void {
    connection.lastUsedMs = this.#clock.monotonicMs();
    for (const frame of connection.framer.push(chunk)) {
      if (this.#isOpen) this.#events.onFrame(frame, connection.peer);
    }
  }

  #sweepLater(): void {
    this.#sweep = this.#clock.after(SWEEP_MS, () => {
      const oldestMs = this.#clock.monotonicMs() - TCP_IDLE_MAX_MS;
      for (const connection of this.#connections.values()) {
        if (connection.lastUsedMs < oldestMs) connection.socket.destroySoon();
      }
      this.#sweepLater();
    });
  }
}
