import {
  randomHex,
  silentLog,
  systemRandom,
  type Clock,
  type Log,
  type Random,
} from '../../base/index.js';
import {
  createTransactionLayer,
  createUserAgent,
  lateEvents,
  openTransport,
  responseTo,
  type Endpoint,
  type IncomingSession,
  type SipRequest,
  type SipResponse,
  type SipUri,
  type TransactionLayer,
  type UserAgent,
  type WiredTransactionLayer,
} from '../../agent/sip/index.js';

export interface SipPeerOptions {
  /** IPv4 to bind to. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  readonly name: string;
  readonly clock: Clock;
  readonly sessionExpiresS: number;
  onIncoming(session: IncomingSession): void;
  /** The answer to a REGISTER; 405 when absent. */
  onRegister?(request: SipRequest, source: Endpoint): SipResponse;
}

/** The far end of a SIP link: our own core, on a socket of its own. */
export interface SipPeer {
  readonly agent: UserAgent;
  readonly transactions: TransactionLayer;
  readonly local: { readonly address: string; readonly port: number };
  readonly random: Random;
  readonly log: Log;
  /** Hangs up and frees the port. */
  close(): Promise<void>;
}

/** A BYE is answered at once on loopback; nobody should wait for one that is not. */
const CLOSE_WAIT_MS = 1_000;

/** @throws {UnavailableError} when the port is taken, with `fields.port` */
export async function openSipPeer(options: SipPeerOptions): Promise<SipPeer> {
  const random = systemRandom;
  const log = silentLog;
  const { clock, address, port } = options;
  const late = lateEvents();
  const transport = await openTransport({ address, port, clock, log, tcp: false }, late.events);
  const { local } = transport;
  const layers: WiredTransactionLayer[] = [];
  const agent = createUserAgent(
    {
      createTransactions: (user) => {
        const layer = createTransactionLayer({ transport, clock, random, log, user });
        layers.push(layer);
        return layer;
      },
      clock,
      random,
      log,
      // No one challenges these two: the box knows the gateway by its address, and the phone places no calls.
      digestClient: { authorise: () => null },
      contactHost: local.address,
      contactPort: local.port,
      userAgentName: options.name,
      session: { sessionExpiresS: options.sessionExpiresS },
      screen: () => ({ verdict: 'accept' }),
    },
    {
      onIncoming: (session) => options.onIncoming(session),
      onRegister: (request, source) =>
        options.onRegister?.(request, source) ??
        responseTo(request, 405, { toTag: randomHex(random, 8) }),
      authenticate: () => null,
    },
  );
  const [transactions] = layers;
  if (transactions === undefined)
    throw new TypeError('a user agent makes its transactions at once');
  late.bind(transactions.transportEvents);
  const close = async (): Promise<void> => {
    await agent.close(CLOSE_WAIT_MS);
    await transport.close();
  };
  return { agent, transactions, local, random, log, close };
}

/** `sip:user@host:port`. */
export function sipUri(user: string, host: string, port: number | null = null): SipUri {
  return { scheme: 'sip', user, password: null, host, port, params: [], headers: '', opaque: '' };
}
