import { createSocket, type Socket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from './child.js';

/** Places at once on one machine. */
const PLACES_MAX = 60;
const PORTS_PER_PLACE = 200;
/** Below the range from which the system gives out ports. */
const RTP_PORT_FIRST = 12_000;
const LOCK_PORT = 5_059;

/**
 * Where a test takes place: addresses and ports that no other test has, and a folder. All of 127.0.0.0/8 is loopback on
 * Linux, so each test has a network of its own, and gateway, box and phones all keep their customary port 5060.
 */
export interface Place {
  /** Address of the box. */
  readonly box: string;
  readonly gateway: string;
  /** An address that nobody told the box about. */
  readonly stranger: string;
  phone(n: number): string;
  readonly rtpFirstPort: number;
  readonly rtpLastPort: number;
  /** RTP ports for softphones that listen on every address. */
  readonly baresipPorts: string;
  readonly folder: string;
}

export const SIP_PORT = 5_060;

function tryLock(address: string): Promise<Socket | null> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', () => {
      socket.close();
      resolve(null);
    });
    socket.bind(LOCK_PORT, address, () => {
      resolve(socket);
    });
  });
}

/** Takes a place that is free; it is given back, and its folder removed, when the test ends. */
export async function openPlace(t: Scope): Promise<Place> {
  for (let n = 0; n < PLACES_MAX; n += 1) {
    const net = `127.91.${n + 1}`;
    const lock = await tryLock(`${net}.254`);
    if (lock === null) continue;
    const folder = await mkdtemp(join(tmpdir(), 'tatebako-peers-'));
    t.teardown(async () => {
      // What a child that is just ending still writes must not fail the test.
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
      lock.close();
    });
    const rtpFirstPort = RTP_PORT_FIRST + n * PORTS_PER_PLACE;
    const softphoneFirstPort = rtpFirstPort + PORTS_PER_PLACE / 2;
    return {
      box: `${net}.1`,
      gateway: `${net}.2`,
      stranger: `${net}.66`,
      phone: (which) => `${net}.${10 + which}`,
      rtpFirstPort,
      rtpLastPort: rtpFirstPort + PORTS_PER_PLACE / 2 - 1,
      baresipPorts: `${softphoneFirstPort}-${softphoneFirstPort + PORTS_PER_PLACE / 2 - 2}`,
      folder,
    };
  }
  throw new Error(`no place free among ${PLACES_MAX}`);
}
