import { randomInt } from 'node:crypto';
import { silentLog, systemClock, systemRandom, type Clock, type Random } from '../../base/index.js';
import {
  createDigestAuthoriser,
  createTransactionLayer,
  createUserAgent,
  lateEvents,
  openTransport,
  responseTo,
  type IncomingSession,
  type NameAddr,
  type SipUri,
  type Transport,
  type UserAgent,
  type WiredTransactionLayer,
} from '../../agent/sip/index.js';
import type { TransportEvents } from '../../agent/sip/transport/transport.js';
import { BOX_ADDRESS, SIP_PORT } from './place.js';

/** One SIP device on an address of its own: the gateway, or a phone of the shop. */
export interface Party {
  readonly address: string;
  readonly agent: UserAgent;
  readonly transactions: WiredTransactionLayer;
  close(): Promise<void>;
}

/** The box as a target. */
export const BOX = { transport: 'UDP', address: BOX_ADDRESS, port: SIP_PORT } as const;
const CLOSE_MS = 1_000;

export const sipUri = (user: string, host: string): SipUri => ({
  scheme: 'sip',
  user,
  password: null,
  host,
  port: null,
  params: [],
  headers: '',
  opaque: '',
});

export const nameAddr = (uri: SipUri): NameAddr => ({ displayName: '', uri, params: [] });

export const newSessionId = (): number => randomInt(1, 2 ** 31);

/** What a device stands on: real sockets and time, or simulated ones. */
export interface Ground {
  readonly clock: Clock;
  readonly random: Random;
  /** Opens port 5060 of the address. */
  openTransport(address: string, events: TransportEvents): Promise<Transport>;
  /** How often it refreshes its sessions (RFC 4028), s; 1800 unless told. */
  readonly sessionExpiresS?: number;
}

export const REAL_GROUND: Ground = {
  clock: systemClock,
  random: systemRandom,
  openTransport: (address, events) =>
    openTransport(
      { address, port: SIP_PORT, tcp: false, clock: systemClock, log: silentLog },
      events,
    ),
};

/** Opens a device that takes whatever the box sends. */
export async function openParty(
  ground: Ground,
  address: string,
  onIncoming: (session: IncomingSession) => void,
): Promise<Party> {
  const late = lateEvents();
  const { clock, random, sessionExpiresS = 1_800 } = ground;
  const common = { clock, random, log: silentLog };
  const transport = await ground.openTransport(address, late.events);
  const layers: WiredTransactionLayer[] = [];
  const agent = createUserAgent(
    {
      ...common,
      createTransactions: (user) => {
        const layer = createTransactionLayer({ ...common, transport, user });
        layers.push(layer);
        return layer;
      },
      digestClient: createDigestAuthoriser(random),
      contactHost: address,
      contactPort: SIP_PORT,
      userAgentName: 'bench',
      screen: () => ({ verdict: 'accept' }),
      session: { sessionExpiresS },
    },
    {
      onIncoming,
      onRegister: (request) => responseTo(request, 403),
      authenticate: () => null,
    },
  );
  const [transactions] = layers;
  if (transactions === undefined) throw new TypeError('a user agent makes its transactions');
  late.bind(transactions.transportEvents);
  return {
    address,
    agent,
    transactions,
    close: async () => {
      await agent.close(CLOSE_MS);
      await transport.close();
    },
  };
}
