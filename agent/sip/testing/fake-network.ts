import assert from 'node:assert/strict';

import type { Clock } from '../../../base/index.js';
import type { SeededRandom } from '../../../base/testing/seeded-random.js';
import { formatSipMessage } from '../message/format-sip-message.js';
import { parseSipMessage } from '../message/parse-sip-message.js';
import type { SipMessage } from '../message/sip-message.js';
import type { Endpoint, Transport, TransportEvents } from '../transport/transport.js';
import { noteSource, replyTarget, type ReplyPolicy } from '../transport/via-routing.js';

export interface FakeNetworkOptions {
  /** One way; 0 unless told: then a message arrives at the next step of the clock at the same time. */
  readonly delayMs?: number;
  /** Added at random to each delay, so that messages overtake each other. */
  readonly jitterMs?: number;
  /** 0…1. */
  readonly lossRate?: number;
  readonly duplicateRate?: number;
}

/** One message on the wire, lost or not. */
export interface WireEntry {
  readonly atMs: number;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly message: SipMessage;
  readonly fate: 'delivered' | 'lost' | 'unreachable';
}

const POLICY: ReplyPolicy = { rport: 'symmetric' };
const keyOf = (address: string, port: number): string => `${address}|${port}`;

/** A network in memory on a fake clock: every message is written and read as on a real one. */
export class FakeNetwork {
  readonly wire: WireEntry[] = [];
  /** Messages for which this is true get lost, whatever the rate. */
  loses: (message: SipMessage, to: Endpoint) => boolean = () => false;
  /** Messages for which this is true fail at the sender, as on a refused connection. */
  refuses: (message: SipMessage, to: Endpoint) => boolean = () => false;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #options: FakeNetworkOptions;
  readonly #ports = new Map<string, TransportEvents>();

  constructor(clock: Clock, random: SeededRandom, options: FakeNetworkOptions = {}) {
    this.#clock = clock;
    this.#random = random;
    this.#options = options;
  }

  /** Opens a port of both transports. */
  open(
    local: { readonly address: string; readonly port: number },
    events: TransportEvents,
  ): Transport {
    const key = keyOf(local.address, local.port);
    assert(!this.#ports.has(key), `${key} is open already`);
    this.#ports.set(key, events);
    const counts = { received: 0, sent: 0, dropped: 0, answered: 0 };
    return {
      local,
      counts,
      send: (message, to) => {
        counts.sent += 1;
        this.#send(message, { transport: to.transport, ...local }, to, events);
      },
      close: () => {
        this.#ports.delete(key);
        return Promise.resolve();
      },
    };
  }

  /** @returns `INVITE` or `200` of everything sent from this address, each with its time */
  sentFrom(address: string): readonly { readonly atMs: number; readonly what: string }[] {
    return this.wire
      .filter((entry) => entry.from.address === address)
      .map(({ atMs, message }) => ({
        atMs,
        what: message.kind === 'request' ? message.method : String(message.status),
      }));
  }

  #send(message: SipMessage, from: Endpoint, asked: Endpoint, events: TransportEvents): void {
    const [top] = message.via;
    const isReply = message.kind === 'response' && top !== undefined;
    const to = isReply ? replyTarget(top, asked, POLICY) : asked;
    const parsed = parseSipMessage(formatSipMessage(message));
    assert(parsed.ok, 'what we write can be read');
    const entry = { atMs: this.#clock.monotonicMs(), from, to, message: parsed.message };
    if (this.refuses(message, to)) {
      this.wire.push({ ...entry, fate: 'unreachable' });
      events.onSendFailed(message, to, new Error('refused'));
      return;
    }
    const isLost =
      this.loses(message, to) || this.#random.fraction() < (this.#options.lossRate ?? 0);
    this.wire.push({ ...entry, fate: isLost ? 'lost' : 'delivered' });
    if (isLost) return;
    this.#deliver(parsed.message, from, to);
    if (this.#random.fraction() < (this.#options.duplicateRate ?? 0)) {
      this.#deliver(parsed.message, from, to);
    }
  }

  #deliver(message: SipMessage, from: Endpoint, to: Endpoint): void {
    const jitterMs = this.#random.fraction() * (this.#options.jitterMs ?? 0);
    this.#clock.after((this.#options.delayMs ?? 0) + jitterMs, () => {
      this.#ports
        .get(keyOf(to.address, to.port))
        ?.onMessage(noteSource(message, from, POLICY), from);
    });
  }
}
