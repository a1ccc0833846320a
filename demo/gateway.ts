import { messageOf, type Clock } from '../base/index.js';
import {
  createRegistrar,
  type Binding,
  type IncomingSession,
  type Registrar,
} from '../agent/sip/index.js';
import type { OpenGateway, PeerCommand, PeerEvent } from './peer/control.js';
import { Conversation } from './peer/conversation.js';
import { openSipPeer, sipUri, type SipPeer } from './peer/sip-peer.js';
import { openVoice } from './peer/voice.js';

/** What an NTT home gateway asks for (RFC 4028), s. */
const SESSION_EXPIRES_S = 300;

/** A home gateway with one extension for the box, and a caller behind it. */
export class Gateway {
  readonly #account: OpenGateway;
  readonly #clock: Clock;
  readonly #tell: (event: PeerEvent) => void;
  readonly #peer: SipPeer;
  readonly #registrar: Registrar;
  #conversation: Conversation | null = null;

  private constructor(
    account: OpenGateway,
    clock: Clock,
    tell: (event: PeerEvent) => void,
    made: { readonly peer: SipPeer; readonly registrar: Registrar },
  ) {
    this.#account = account;
    this.#clock = clock;
    this.#tell = tell;
    this.#peer = made.peer;
    this.#registrar = made.registrar;
  }

  /** @throws {UnavailableError} when the port is taken */
  static async open(
    account: OpenGateway,
    clock: Clock,
    tell: (event: PeerEvent) => void,
  ): Promise<Gateway> {
    const { user, password, address, port } = account;
    let registrar: Registrar | null = null;
    const peer = await openSipPeer({
      address,
      port,
      clock,
      name: 'Home gateway (simulated)',
      sessionExpiresS: SESSION_EXPIRES_S,
      onIncoming: refuse,
      onRegister: (request, source) => {
        if (registrar === null) throw new Error('no REGISTER comes before the socket is open');
        return registrar.handle(request, source);
      },
    });
    registrar = createRegistrar({
      phones: [{ extension: user, password }],
      realm: 'hgw',
      clock,
      random: peer.random,
      onRegistered: (extension) => tell({ event: 'registered', user: extension }),
    });
    tell({ event: 'ready', port: peer.local.port });
    return new Gateway(account, clock, tell, { peer, registrar });
  }

  obey(command: PeerCommand): void {
    switch (command.do) {
      case 'call':
        this.#call(command.number, command.called).catch((cause: unknown) =>
          this.#tell({ event: 'failed', reason: messageOf(cause) }),
        );
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
    this.#registrar.close();
    await this.#peer.close();
  }

  async #call(number: string, called: string): Promise<void> {
    const [binding] = this.#registrar.contactsOf(this.#account.user);
    if (binding === undefined || this.#conversation !== null) {
      const reason = binding === undefined ? 'the box is not registered' : 'the line is busy';
      this.#tell({ event: 'failed', reason });
      return;
    }
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
        this.#conversation = null;
      },
    });
    this.#conversation = conversation;
    conversation.follow(this.#invite(binding, { number, called, sdp: conversation.offer() }));
  }

  /** As a home gateway rings its extensions: the caller in From, the shop's own number as the name in To. */
  #invite(
    binding: Binding,
    call: { readonly number: string; readonly called: string; readonly sdp: string },
  ) {
    const { address, port } = this.#peer.local;
    const caller = sipUri(call.number, address);
    return this.#peer.agent.invite({
      requestUri: binding.contact,
      from: { displayName: call.number, uri: caller, params: [] },
      to: { displayName: call.called, uri: sipUri(this.#account.user, address), params: [] },
      contact: sipUri(call.number, address, port),
      target: binding.target,
      route: [],
      headers: [{ name: 'P-Asserted-Identity', value: `<sip:${call.number}@${address}>` }],
      sdp: call.sdp,
      credentials: null,
    });
  }
}

/** Nobody stands behind this gateway who could be called. */
function refuse(session: IncomingSession): void {
  session.onEvent = () => undefined;
  session.reject(480);
}
