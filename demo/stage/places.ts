import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Where everyone stands on the loopback. */
export interface Places {
  readonly boxAddress: string;
  readonly sipPort: number;
  readonly rtpFirstPort: number;
  readonly rtpLastPort: number;
  readonly mqttPort: number;
  readonly gatewayAddress: string;
  readonly gatewayPort: number;
}

const BOX = '127.0.0.1';
/** A home gateway has an address of its own; Linux and Windows answer on the whole of 127.0.0.0/8. */
const GATEWAYS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const;
const SIP_PORT = 5_060;
const MQTT_PORT = 1_883;
/** Enough for two calls with three phones; a pair that is taken is passed over by the box. */
const RTP_PORTS = 100;
const RTP_FIRST_MIN = 16_384;
const RTP_FIRST_MAX = 30_000;
const FREE_PORT_TRIES = 20;

/**
 * Finds free places: the usual ports where they are free, so that a softphone finds the box where it looks first.
 * @param fraction 0 ≤ x < 1, spreads the ports of several demonstrations at once
 */
export async function findPlaces(fraction: number): Promise<Places> {
  const first = RTP_FIRST_MIN + Math.floor((fraction * (RTP_FIRST_MAX - RTP_FIRST_MIN)) / 2) * 2;
  return {
    boxAddress: BOX,
    sipPort: await freeSipPort(),
    rtpFirstPort: first,
    rtpLastPort: first + RTP_PORTS - 1,
    mqttPort: (await tcpPort(MQTT_PORT)) ?? (await anyTcpPort()),
    ...(await freeGateway()),
  };
}

async function freeGateway(): Promise<Pick<Places, 'gatewayAddress' | 'gatewayPort'>> {
  for (const gatewayAddress of GATEWAYS) {
    if ((await udpPort(gatewayAddress, SIP_PORT)) !== null) {
      return { gatewayAddress, gatewayPort: SIP_PORT };
    }
  }
  const [own] = GATEWAYS;
  const ownPort = await udpPort(own, 0);
  if (ownPort !== null) return { gatewayAddress: own, gatewayPort: ownPort };
  // macOS answers on 127.0.0.1 alone.
  const gatewayPort = await udpPort(BOX, 0);
  if (gatewayPort === null) throw new Error(`no free UDP port on ${BOX}`);
  return { gatewayAddress: BOX, gatewayPort };
}

/** One number for UDP and TCP. */
async function freeSipPort(): Promise<number> {
  for (let attempt = 0; attempt < FREE_PORT_TRIES; attempt += 1) {
    const port = await udpPort(BOX, attempt === 0 ? SIP_PORT : 0);
    if (port !== null && (await tcpPort(port)) !== null) return port;
  }
  throw new Error(`no free UDP and TCP port on ${BOX}`);
}

async function anyTcpPort(): Promise<number> {
  const port = await tcpPort(0);
  if (port === null) throw new Error(`no free TCP port on ${BOX}`);
  return port;
}

/** @returns the port, which was free a moment ago; null when it is not */
async function udpPort(address: string, port: number): Promise<number | null> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ address, port, exclusive: true });
    await once(socket, 'listening');
    return socket.address().port;
  } catch {
    // Taken, or no address of this machine: the caller has another.
    return null;
  } finally {
    socket.close();
  }
}

async function tcpPort(port: number): Promise<number | null> {
  const server = createServer();
  try {
    server.listen({ host: BOX, port, exclusive: true });
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : null;
  } catch {
    // Taken: the caller has another.
    return null;
  } finally {
    server.close();
  }
}
