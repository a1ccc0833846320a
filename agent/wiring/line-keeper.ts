import type { Clock, Log, Random } from '../../base/index.js';
import type { Line } from '../line/index.js';
import {
  createOptionsKeepalive,
  createRegistration,
  type Credentials,
  type Endpoint,
  type Keepalive,
  type NameAddr,
  type Registration,
  type SipUri,
  type TransactionLayer,
} from '../sip/index.js';

/** The line as people see it. */
export interface LineState {
  readonly state: 'registered' | 'registering' | 'up' | 'down' | 'unknown';
  readonly reason: string | null;
  readonly sinceMs: number;
}

export interface LineKeeperOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly line: Line;
  readonly credentials: Credentials | null;
  readonly transactions: TransactionLayer;
  readonly contactHost: string;
  readonly contactPort: number;
  readonly onState: (state: LineState) => void;
}

const sipUri = (user: string, host: string, port: number | null): SipUri => ({
  scheme: 'sip',
  user,
  password: null,
  host,
  port: port === 5_060 ? null : port,
  params: [],
  headers: '',
  opaque: '',
});

/** Keeps the line: registered where the gateway wants it, and asked by OPTIONS whether it is there. */
export class LineKeeper {
  readonly #options: LineKeeperOptions;
  readonly #registration: Registration | null;
  readonly #keepalive: Keepalive;
  #isUp: boolean | null = null;
  #changedMs: number;

  constructor(options: LineKeeperOptions) {
    this.#options = options;
    this.#changedMs = options.clock.wallMs();
    this.#registration = options.line.register ? this.#makeRegistration() : null;
    this.#keepalive = this.#makeKeepalive();
  }

  start(): void {
    this.#registration?.start();
    this.#keepalive.start();
  }

  async close(): Promise<void> {
    this.#keepalive.stop();
    await this.#registration?.close();
  }

  get state(): LineState {
    const sinceMs = this.#changedMs;
    if (this.#registration !== null) {
      const { state, reason, sinceMs: changedMs } = this.#registration.status;
      if (state === 'registered' || state === 'refreshing') {
        return { state: 'registered', reason: null, sinceMs: changedMs };
      }
      if (reason === null) return { state: 'registering', reason: null, sinceMs: changedMs };
      const { kind } = reason;
      const text = kind === 'refused' ? `refused ${reason.status}` : kind;
      return { state: 'down', reason: text, sinceMs: changedMs };
    }
    if (this.#isUp === null) return { state: 'unknown', reason: null, sinceMs };
    return this.#isUp
      ? { state: 'up', reason: null, sinceMs }
      : { state: 'down', reason: 'no answer to OPTIONS', sinceMs };
  }

  #gateway(): {
    readonly uri: SipUri;
    readonly target: Endpoint;
    readonly route: readonly NameAddr[];
  } {
    const { line } = this.#options;
    const uri = sipUri('', line.gatewayAddress, line.gatewayPort);
    const proxy = { ...uri, params: [{ name: 'lr', value: null }] };
    return {
      uri,
      target: { transport: 'UDP', address: line.gatewayAddress, port: line.gatewayPort },
      route: line.profile.usesOutboundProxy ? [{ displayName: '', uri: proxy, params: [] }] : [],
    };
  }

  #contact(): SipUri {
    const { line, contactHost, contactPort } = this.#options;
    return { ...sipUri(line.user, contactHost, null), port: contactPort };
  }

  #makeRegistration(): Registration {
    const { clock, log, random, line, transactions, credentials, onState } = this.#options;
    const { uri, target, route } = this.#gateway();
    return createRegistration({
      transactions,
      clock,
      log,
      random,
      registrar: { ...uri, port: null },
      addressOfRecord: sipUri(line.user, line.gatewayAddress, null),
      contact: this.#contact(),
      target,
      route,
      credentials,
      onStatus: () => onState(this.state),
    });
  }

  #makeKeepalive(): Keepalive {
    const { clock, log, random, line, transactions, onState } = this.#options;
    const { uri, target } = this.#gateway();
    return createOptionsKeepalive({
      transactions,
      clock,
      log,
      random,
      gateway: uri,
      from: sipUri(line.user, line.gatewayAddress, null),
      contact: this.#contact(),
      target,
      intervalMs: line.profile.keepaliveIntervalMs,
      onChange: (change) => {
        this.#isUp = change === 'lineUp';
        this.#changedMs = clock.wallMs();
        // Back from a reboot: it has forgotten us.
        if (this.#isUp) this.#registration?.registerNow();
        onState(this.state);
      },
    });
  }
}
