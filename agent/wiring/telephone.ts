/** The telephone: SIP, line, phones, calls. Wired here, decided elsewhere. */
import type { Clock, Log, Random } from '../../base/index.js';
import { Exchange, type ExchangeOptions, type Origin } from '../call/index.js';
import { isFromLine, type Line } from '../line/index.js';
import {
  createDigestAuthoriser,
  createRegistrar,
  createTransactionLayer,
  createUserAgent,
  lateEvents,
  openTransport,
  responseTo,
  type Credentials,
  type Endpoint,
  type Registrar,
  type Screening,
  type SipRequest,
  type SipResponse,
  type StoredBinding,
  type Transport,
  type TransportCounts,
  type UserAgent,
  type UserAgentCounts,
  type WiredTransactionLayer,
} from '../sip/index.js';
import { LineKeeper, type LineState } from './line-keeper.js';

export interface PhoneSettings {
  readonly extension: string;
  readonly name: string;
  readonly password: string;
}

export interface TelephoneOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly sip: {
    readonly listenAddress: string;
    readonly advertisedAddress: string;
    readonly port: number;
  };
  readonly line: Line;
  readonly linePassword: string | null;
  readonly phones: readonly PhoneSettings[];
  /** What the registrar knew before the restart. */
  readonly bindings: readonly StoredBinding[];
  readonly onBindings: (bindings: readonly StoredBinding[]) => void;
  readonly onLine: (line: LineState) => void;
  readonly onPhones: () => void;
  /** All that the exchange needs beside SIP. */
  readonly exchange: Omit<
    ExchangeOptions,
    'clock' | 'log' | 'random' | 'line' | 'lineCredentials' | 'phones' | 'contactsOf' | 'invite'
  >;
}

export interface TelephoneCounts {
  readonly transport: TransportCounts;
  readonly userAgent: UserAgentCounts;
}

/** How long the other sides may take to answer our BYEs at the stop. */
const CLOSE_WAIT_MS = 2_000;
const REALM = 'tatebako';
/** Sixteen calls that each ring every phone, with room for a call for help. */
const SESSIONS_MAX = 128;

/** @throws {UnavailableError} `sipPortInUse` when another program has the SIP port */
export async function openTelephone(options: TelephoneOptions): Promise<Telephone> {
  const late = lateEvents();
  const { clock, log, line, sip } = options;
  const isGateway = (peer: Endpoint): boolean => peer.address === line.gatewayAddress;
  const transport = await openTransport(
    {
      address: sip.listenAddress,
      port: sip.port,
      advertisedAddress: sip.advertisedAddress,
      clock,
      log,
      tcp: true,
      replyPolicy: (peer) => {
        // Old home gateways want answers on 5060 and break on `received=`; on another port they can only be a test's.
        if (!isGateway(peer) || line.profile.replyPort === null) return { rport: 'symmetric' };
        return { rport: peer.port === line.profile.replyPort ? 'fixed5060' : 'via' };
      },
    },
    late.events,
  );
  const telephone = new Telephone(options, transport);
  late.bind(telephone.transactions.transportEvents);
  telephone.start();
  return telephone;
}

export class Telephone {
  readonly exchange: Exchange;
  readonly registrar: Registrar;
  readonly transactions: WiredTransactionLayer;
  readonly #options: TelephoneOptions;
  readonly #transport: Transport;
  readonly #userAgent: UserAgent;
  readonly #lineKeeper: LineKeeper;
  readonly #credentials: Credentials | null;

  constructor(options: TelephoneOptions, transport: Transport) {
    this.#options = options;
    this.#transport = transport;
    const { line: ownLine, linePassword } = options;
    this.#credentials =
      linePassword === null ? null : { user: ownLine.authUser, password: linePassword };
    this.registrar = this.#makeRegistrar();
    const layers: WiredTransactionLayer[] = [];
    this.#userAgent = this.#makeUserAgent(layers);
    const [transactions] = layers;
    if (transactions === undefined)
      throw new TypeError('the user agent makes its transactions at once');
    this.transactions = transactions;
    this.#lineKeeper = new LineKeeper({
      clock: options.clock,
      log: options.log,
      random: options.random,
      line: options.line,
      credentials: this.#credentials,
      transactions,
      contactHost: options.sip.advertisedAddress,
      contactPort: transport.local.port,
      onState: options.onLine,
    });
    const { clock, log, random, line, phones } = options;
    this.exchange = new Exchange({
      ...options.exchange,
      clock,
      log,
      random,
      line,
      lineCredentials: this.#credentials,
      phones,
      contactsOf: (extension) => this.registrar.contactsOf(extension),
      invite: (invite) => this.#userAgent.invite(invite),
    });
  }

  start(): void {
    this.#lineKeeper.start();
  }

  get lineState(): LineState {
    return this.#lineKeeper.state;
  }

  get counts(): TelephoneCounts {
    return { transport: this.#transport.counts, userAgent: this.#userAgent.counts };
  }

  get port(): number {
    return this.#transport.local.port;
  }

  async close(): Promise<void> {
    await this.exchange.close(CLOSE_WAIT_MS);
    await this.#lineKeeper.close();
    await this.#userAgent.close(CLOSE_WAIT_MS);
    this.registrar.close();
    await this.#transport.close();
  }

  #makeRegistrar(): Registrar {
    const { clock, random, phones, bindings, log, onBindings } = this.#options;
    const registrar = createRegistrar({
      phones,
      realm: REALM,
      clock,
      random,
      onRegistered: (extension) => {
        log.info('phoneRegistered', { extension });
        this.#phonesChanged();
      },
      onUnregistered: (extension) => {
        log.info('phoneUnregistered', { extension });
        this.#phonesChanged();
      },
      onExpired: (extension) => {
        log.warn('phoneExpired', { extension });
        this.#phonesChanged();
      },
      onChanged: () => onBindings(registrar.snapshot()),
    });
    registrar.restore(bindings);
    return registrar;
  }

  #phonesChanged(): void {
    // Somebody may wait for a phone.
    this.exchange.phonesChanged();
    this.#options.onPhones();
  }

  #makeUserAgent(layers: WiredTransactionLayer[]): UserAgent {
    const { clock, log, random, line, sip } = this.#options;
    return createUserAgent(
      {
        createTransactions: (user) => {
          const asksRport = (peer: Endpoint): boolean =>
            peer.address !== line.gatewayAddress || line.profile.sendsRport;
          const layer = createTransactionLayer({
            transport: this.#transport,
            clock,
            log,
            random,
            user,
            asksRport,
          });
          layers.push(layer);
          return layer;
        },
        clock,
        log,
        random,
        digestClient: createDigestAuthoriser(random),
        contactHost: sip.advertisedAddress,
        contactPort: this.#transport.local.port,
        userAgentName: 'Tatebako',
        sessionsMax: SESSIONS_MAX,
        screen: (request, source) => this.#screen(request, source),
        session: { sessionExpiresS: line.profile.sessionExpiresS ?? 1_800 },
        credentialsFor: (peer) => (peer.address === line.gatewayAddress ? this.#credentials : null),
      },
      {
        onIncoming: (session, source) => {
          const origin = this.#originOf(session.invite, source);
          if (origin === null) session.reject(403);
          else this.exchange.onIncoming(session, origin);
        },
        onRegister: (request, source) => this.registrar.handle(request, source),
        authenticate: (request, source) => this.#authenticate(request, source),
      },
    );
  }

  /** From the line, from one of our phones (to be proved), or from a stranger. */
  #originOf(request: SipRequest, source: Endpoint): Origin | null {
    const { line, phones } = this.#options;
    if (source.address === line.gatewayAddress && source.port === line.gatewayPort)
      return { kind: 'line' };
    const { user } = request.from.uri;
    // Where a phone and the gateway share an address, the user tells (INTERFACES §3).
    if (phones.some((phone) => phone.extension === user)) return { kind: 'phone', extension: user };
    return isFromLine(request, source, line) ? { kind: 'line' } : null;
  }

  #screen(request: SipRequest, source: Endpoint): Screening {
    if (request.method === 'REGISTER') return { verdict: 'accept' };
    const origin = this.#originOf(request, source);
    if (origin?.kind === 'line') return { verdict: 'accept' };
    if (origin !== null) return { verdict: 'authenticate' };
    this.#options.log.debug('strangerRefused', { method: request.method });
    return { verdict: 'refuse', status: 403 };
  }

  #authenticate(request: SipRequest, source: Endpoint): SipResponse | null {
    const verdict = this.registrar.authenticate(request, source);
    if (verdict.verdict === 'ok' && verdict.user === request.from.uri.user) return null;
    if (verdict.verdict === 'challenge') {
      return responseTo(request, verdict.status, { headers: verdict.headers, toTag: this.#tag() });
    }
    return responseTo(request, 403, { toTag: this.#tag() });
  }

  #tag(): string {
    return Buffer.from(this.#options.random.bytes(8)).toString('hex');
  }
}
