import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

import { openError } from './open-error.js';

/** Room in the kernel for a burst while the loop is busy; Linux caps it at net.core.rmem_max. */
const RECEIVE_BUFFER_BYTES = 1 << 20;

export interface Datagrams {
  readonly address: string;
  readonly port: number;
  send(bytes: Uint8Array, to: { address: string; port: number }, onFailed: OnFailed): void;
  close(): Promise<void>;
}

export type OnFailed = (cause: unknown) => void;

export interface DatagramEvents {
  onDatagram(bytes: Uint8Array, from: { readonly address: string; readonly port: number }): void;
  /** The socket reported an error that belongs to no datagram. */
  onError(cause: unknown): void;
}

/** @throws {UnavailableError} when the port is taken or the address is not ours */
export async function openDatagrams(
  local: { readonly address: string; readonly port: number },
  events: DatagramEvents,
): Promise<Datagrams> {
  const socket = createSocket({
    type: isIPv6(local.address) ? 'udp6' : 'udp4',
    recvBufferSize: RECEIVE_BUFFER_BYTES,
  });
  await bound(socket, local);
  let isOpen = true;
  socket.on('message', (bytes, from) => events.onDatagram(bytes, from));
  socket.on('error', (cause) => events.onError(cause));
  const { address, port } = socket.address();
  return {
    address,
    port,
    send(bytes, to, onFailed) {
      if (!isOpen) return;
      socket.send(bytes, to.port, to.address, (cause) => {
        if (cause !== null && isOpen) onFailed(cause);
      });
    },
    close() {
      if (!isOpen) return Promise.resolve();
      isOpen = false;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}

function bound(socket: Socket, local: { address: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', (cause) => reject(openError('UDP', local, cause)));
    socket.bind(local.port, local.address, () => {
      socket.removeAllListeners('error');
      resolve();
    });
  });
}
