import { messageOf, UnavailableError, type Clock, type Log } from '../../../base/index.js';
import { formatSipMessage } from '../message/format-sip-message.js';
import { parseSipMessage, type ParseFailure } from '../message/parse-sip-message.js';
import type { SipMessage, SipResponse } from '../message/sip-message.js';
import { AnswerBound, formatStatelessAnswer } from './stateless-answer.js';
import type { StreamFrame } from './sip-stream-framer.js';
import { TcpConnections } from './tcp-connections.js';
import type { Endpoint, Transport, TransportCounts, TransportEvents } from './transport.js';
import { openDatagrams, type Datagrams, type OnFailed } from './udp-socket.js';
import { noteInVia, noteSource, replyTarget, SIP_PORT, type ReplyPolicy } from './via-routing.js';

/** Above this a request goes by TCP where the peer can (RFC 3261 §18.1.1). */
export const UDP_REQUEST_BYTES_MAX = 1_300;
/** With port 0 the kernel picks a UDP port whose TCP twin may be taken: then another. */
const FREE_PORT_TRIES = 10;

export interface TransportOptions {
  /** The local IP address; `0.0.0.0` or `::` for all. */
  readonly address: string;
  /** 0: any free one, the same for UDP and TCP. */
  readonly port: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly tcp: boolean;
  /** What stands in our Via and Contact; the bound address unless told. */
  readonly advertisedAddress?: string;
  /** RFC 3581 for everyone unless told; a function of the peer's address and port. */
  readonly replyPolicy?: (peer: Endpoint) => ReplyPolicy;
  /** Whether large requests to a UDP peer may go by TCP; nobody unless told. */
  readonly isTcpCapable?: (peer: Endpoint) => boolean;
}

/**
 * Opens UDP, and TCP when asked, on one port (RFC 3261 §18). Broken requests are answered here, at a bounded rate; broken
 * responses and ACKs are dropped; both are counted. A response given to `send` with its request's source goes where its
 * topmost Via and the peer's reply policy say.
 * @throws {UnavailableError} `sipPortInUse` with `fields.port`, or `sipPortUnavailable`
 */
export async function openTransport(
  options: TransportOptions,
  events: TransportEvents,
): Promise<Transport> {
  for (let attempt = 1; ; attempt += 1) {
    const transport = new SocketTransport(options, events);
    try {
      await transport.open();
      return transport;
    } catch (cause) {
      await transport.close();
      const mayRetry = options.port === 0 && attempt < FREE_PORT_TRIES;
      if (!mayRetry || !(cause instanceof UnavailableError)) throw cause;
    }
  }
}

const SYMMETRIC: ReplyPolicy = { rport: 'symmetric' };
const CRLF = new Uint8Array([0x0d, 0x0a]);

const isKeepAlive = (bytes: Uint8Array): boolean =>
  bytes.length <= 4 && bytes.every((byte) => byte === 0x0d || byte === 0x0a || byte === 0);

class SocketTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #events: TransportEvents;
  readonly #bound: AnswerBound;
  readonly #counts = { received: 0, sent: 0, dropped: 0, answered: 0 };
  #datagrams: Datagrams | null = null;
  #connections: TcpConnections | null = null;

  constructor(options: TransportOptions, events: TransportEvents) {
    this.#options = options;
    this.#events = events;
    this.#bound = new AnswerBound(options.clock);
  }

  async open(): Promise<void> {
    const { address, port, clock, log, tcp } = this.#options;
    const onError = (cause: unknown): void =>
      log.warn('sip.socketError', { cause: messageOf(cause) });
    this.#datagrams = await openDatagrams(
      { address, port },
      {
        onDatagram: (bytes, from) => {
          this.#receive(bytes, { transport: 'UDP', address: from.address, port: from.port });
        },
        onError,
      },
    );
    if (!tcp) return;
    this.#connections = await TcpConnections.listen(
      { address, port: this.#datagrams.port },
      clock,
      {
        onFrame: (frame, from) => this.#receiveFrame(frame, { transport: 'TCP', ...from }),
        onRefused: (peer, limit) => log.warn('sip.connectionRefused', { ...peer, limit }),
        onError,
      },
    );
  }

  get local(): Transport['local'] {
    const port = this.#datagrams?.port ?? this.#options.port;
    const bound = this.#datagrams?.address ?? this.#options.address;
    return { address: this.#options.advertisedAddress ?? bound, port };
  }

  get counts(): TransportCounts {
    return { ...this.#counts };
  }

  send(message: SipMessage, to: Endpoint): void {
    const onFailed: OnFailed = (cause) => this.#events.onSendFailed(message, to, cause);
    if (message.kind === 'response') {
      const target = this.#replyTarget(message, to);
      this.#write(formatSipMessage(message), target, onFailed);
      return;
    }
    const bytes = formatSipMessage(message);
    const isLarge = to.transport === 'UDP' && bytes.length > UDP_REQUEST_BYTES_MAX;
    if (!isLarge || this.#options.isTcpCapable?.(to) !== true || this.#connections === null) {
      this.#write(bytes, to, onFailed);
      return;
    }
    const [top, ...lower] = message.via;
    const via = top === undefined ? [] : [{ ...top, transport: 'TCP' }, ...lower];
    // §18.1.1: when TCP cannot be had after all, UDP is tried.
    this.#write(formatSipMessage({ ...message, via }), { ...to, transport: 'TCP' }, () => {
      this.#write(bytes, to, onFailed);
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#datagrams?.close(), this.#connections?.close()]);
  }

  #replyTarget(response: SipResponse, source: Endpoint): Endpoint {
    const [top] = response.via;
    if (top === undefined) return source;
    const target = replyTarget(top, source, this.#policyOf(source));
    // §18.2.2: when the connection of the request is gone, a new one to the port in its Via.
    const isGone = target.transport === 'TCP' && this.#connections?.has(target) === false;
    return isGone ? { ...target, port: top.port ?? SIP_PORT } : target;
  }

  #policyOf(peer: Endpoint): ReplyPolicy {
    return this.#options.replyPolicy?.(peer) ?? SYMMETRIC;
  }

  #write(bytes: Uint8Array, to: Endpoint, onFailed: OnFailed): void {
    // A datagram may claim port 0 as its source; Node throws when asked to send there.
    if (to.port < 1 || to.port > 65_535) {
      onFailed(new UnavailableError('sipNoPort', 'the peer has no port to send to'));
      return;
    }
    this.#counts.sent += 1;
    if (to.transport === 'UDP') this.#datagrams?.send(bytes, to, onFailed);
    else if (this.#connections !== null) this.#connections.send(bytes, to, onFailed);
    else onFailed(new UnavailableError('sipNoTcp', 'TCP is switched off'));
  }

  #receiveFrame(frame: StreamFrame, from: Endpoint): void {
    if (frame.kind === 'keepAlive') {
      this.#connections?.send(CRLF, from, () => undefined);
    } else if (frame.kind === 'message') {
      this.#receive(frame.bytes, from);
    } else {
      this.#counts.received += 1;
      const result = parseSipMessage(frame.bytes);
      if (result.ok) this.#counts.dropped += 1;
      else this.#answer({ ...result, status: frame.status }, from);
      this.#connections?.drop(from);
    }
  }

  #receive(bytes: Uint8Array, from: Endpoint): void {
    if (isKeepAlive(bytes)) return;
    this.#counts.received += 1;
    const result = parseSipMessage(bytes);
    if (result.ok) {
      this.#events.onMessage(noteSource(result.message, from, this.#policyOf(from)), from);
    } else {
      this.#answer(result, from);
    }
  }

  #answer(failure: ParseFailure, from: Endpoint): void {
    const { partial, status, reason } = failure;
    if (partial === null || !this.#bound.take(from.address)) {
      this.#counts.dropped += 1;
      return;
    }
    this.#counts.answered += 1;
    const policy = this.#policyOf(from);
    const via = noteInVia(partial.via, from, policy);
    const bytes = formatStatelessAnswer(partial, { status, reason, via });
    this.#write(bytes, replyTarget(via, from, policy), (cause) => {
      this.#options.log.debug('sip.answerFailed', { status, cause: messageOf(cause) });
    });
  }
}
