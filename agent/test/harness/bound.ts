import { readFile } from 'node:fs/promises';
import type { Child } from './child.js';

export interface BoundSocket {
  readonly address: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
}

/** @returns an address and port as the kernel's tables of sockets write them */
function inKernelTable({ address, port }: BoundSocket): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return `${bytes.reverse().join('')}:${port.toString(16)}`.toUpperCase();
}

/** Some peers say nothing while they wait for calls; the kernel knows when they have their socket. */
export async function untilBound(child: Child, socket: BoundSocket): Promise<void> {
  const sought = inKernelTable(socket);
  for (let tries = 0; tries < 600 && child.isRunning; tries += 1) {
    if ((await readFile(`/proc/net/${socket.transport}`, 'latin1')).includes(sought)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
