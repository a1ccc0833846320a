import { tagOf, type Endpoint, type SipMessage, type Transport } from '../../sip/index.js';
import type { FakeNetwork } from '../../sip/testing/fake-network.js';
import { messageOfLines } from '../../sip/testing/message-builders.js';

const PORT = 5999;

/** A gateway whose INVITE has no SDP (RFC 3261 §13.2.1): message by message, since our own user agent always offers. */
export class OfferlessCaller {
  readonly heard: SipMessage[] = [];
  readonly #transport: Transport;
  readonly #box: Endpoint;
  readonly #address: string;

  constructor(network: FakeNetwork, address: string, box: Endpoint) {
    this.#address = address;
    this.#box = box;
    this.#transport = network.open(
      { address, port: PORT },
      {
        onMessage: (message) => {
          this.heard.push(message);
          if (message.kind === 'request' && message.method !== 'ACK') this.#ok(message);
        },
        onSendFailed: () => undefined,
      },
    );
  }

  invite(): void {
    this.#send('INVITE', '', []);
  }

  /** @returns the offer in the 200; empty while there is none */
  get offer(): string {
    const answer = this.heard.find(
      (message) => message.kind === 'response' && message.status === 200,
    );
    return answer === undefined ? '' : Buffer.from(answer.body).toString('utf8');
  }

  ack(sdp: string): void {
    const answer = this.heard.find(
      (message) => message.kind === 'response' && message.status > 180,
    );
    const tag = answer === undefined ? '' : (tagOf(answer.to) ?? '');
    const body = sdp === '' ? [] : ['Content-Type: application/sdp', '', sdp];
    this.#send('ACK', `;tag=${tag}`, body);
  }

  #send(method: string, toTag: string, body: readonly string[]): void {
    const text = messageOfLines(
      `${method} sip:0300001111@192.0.2.1 SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.#address}:${PORT};branch=z9hG4bK-${method};rport`,
      'Max-Forwards: 70',
      `From: <sip:09000001234@${this.#address}>;tag=offerless`,
      `To: <sip:0300001111@192.0.2.1>${toTag}`,
      'Call-ID: offerless',
      `CSeq: 1 ${method}`,
      `Contact: <sip:gateway@${this.#address}:${PORT}>`,
      ...body,
    );
    this.#transport.send(text, this.#box);
  }

  #ok(request: SipMessage): void {
    const { via, from, to, callId, cSeq } = request;
    this.#transport.send(
      {
        kind: 'response',
        status: 200,
        reason: 'OK',
        via,
        from,
        to,
        callId,
        cSeq,
        contacts: [],
        recordRoute: [],
        route: [],
        headers: [],
        body: new Uint8Array(0),
      },
      this.#box,
    );
  }
}
