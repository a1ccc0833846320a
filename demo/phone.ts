import { messageOf, type Clock, type Timer } from '../base/index.js';
import { createRegistration, type IncomingSession, type Registration } from '../agent/sip/index.js';
import type { OpenPhone, PeerCommand, PeerEvent } from './peer/control.js';
import { Conversation } from './peer/conversation.js';
import { openSipPeer, sipUri, type SipPeer } from './peer/sip-peer.js';
import { openVoice } from './peer/voice.js';

const SESSION_EXPIRES_S = 1_800;

/** The shop's telephone: registers, rings, is answered, speaks. */
export class Phone {
  readonly #account: OpenPhone;
  readonly #clock: Clock;
  readonly #tell: (event: PeerEvent) => void;
  #peer: SipPeer | null = null;
  #registration: Registration | null = null;
  #ringMs: number;
  #ringing: Timer | null = null;
  #isBusy = false;
  #conversation: Conversation | null = null;

  private constructor(account: OpenPhone, clock: Clock, tell: (event: PeerEvent) => void) {
    this.#account = account;
    this.#clock = clock;
    this.#tell = tell;
    this.#ringMs = account.ringMs;
  }

  /** @throws {UnavailableError} when the port is taken */
  static async open(
    account: OpenPhone,
    clock: Clock,
    tell: (event: PeerEvent) => void,
  ): Promise<Phone> {
    const phone = new Phone(account, clock, tell);
    await phone.#open();
    return phone;
  }

  obey(command: PeerCommand): void {
    switch (command.do) {
      case 'ringFor':
        this.#ringMs = command.ringMs;
        return;
      case 'say':
        this.#conversation?.say(command.file);
        return;
      case 'hangUp':
        this.#conversation?.hangUp();
        return;
      default:
        return;
    }
  }

  async close(): Promise<void> {
    this.#ringing?.cancel();
    await this.#registration?.close();
    await this.#peer?.close();
  }

  async #open(): Promise<void> {
    const { address, port, user, password, boxAddress, boxPort } = this.#account;
    const peer = await openSipPeer({
      address,
      port,
      clock: this.#clock,
      name: 'Shop phone (simulated)',
      sessionExpiresS: SESSION_EXPIRES_S,
      onIncoming: (session) => this.#onIncoming(session),
    });
    this.#peer = peer;
    this.#tell({ event: 'ready', port: peer.local.port });
    this.#registration = createRegistration({
      transactions: peer.transactions,
      clock: this.#clock,
      random: peer.random,
      log: peer.log,
      registrar: sipUri('', boxAddress, boxPort),
      addressOfRecord: sipUri(user, boxAddress, boxPort),
      contact: sipUri(user, peer.local.address, peer.local.port),
      target: { transport: 'UDP', address: boxAddress, port: boxPort },
      credentials: { user, password },
      onStatus: ({ state, reason }) => {
        if (state === 'registered') this.#tell({ event: 'registered', user });
        if (reason !== null) this.#tell({ event: 'unregistered', reason: JSON.stringify(reason) });
      },
    });
    this.#registration.start();
  }

  #onIncoming(session: IncomingSession): void {
    // One line, as a counter's telephone has; opening the voice takes a moment, in which a second call may come.
    if (this.#isBusy) {
      session.onEvent = () => undefined;
      session.reject(486);
      return;
    }
    this.#isBusy = true;
    this.#ring(session).catch((cause: unknown) => {
      this.#isBusy = false;
      this.#tell({ event: 'failed', reason: messageOf(cause) });
      session.hangUp();
    });
  }

  async #ring(session: IncomingSession): Promise<void> {
    if (this.#peer === null) throw new Error('a call comes through an open socket');
    const { random, local } = this.#peer;
    const voice = await openVoice({
      clock: this.#clock,
      random,
      address: local.address,
      onHeard: (levelDbov, packets) => this.#tell({ event: 'heard', levelDbov, packets }),
    });
    const conversation = new Conversation({
      voice,
      address: local.address,
      random,
      tell: this.#tell,
      onEnded: () => {
        this.#ringing?.cancel();
        this.#conversation = null;
        this.#isBusy = false;
      },
    });
    this.#conversation = conversation;
    conversation.follow(session);
    // Events come late: a caller may have hung up while the voice was being opened.
    if (session.state !== 'early') return;
    session.ring();
    const { displayName, uri } = session.invite.from;
    this.#tell({ event: 'rang', displayName, user: uri.user });
    this.#ringing = this.#clock.after(this.#ringMs, () => conversation.accept());
  }
}
