import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { BOX_ADDRESS, GATEWAY_ADDRESS, LINE_USER, SIP_PORT } from './place.js';

const ANSWER_MS = 10_000;

/** When each answer to an INVITE came, ms after it was sent; null: never. */
export interface InviteTimes {
  readonly to100: number | null;
  readonly to180: number | null;
  readonly to200: number | null;
}

interface Answer {
  readonly status: number;
  readonly method: string;
  readonly to: string;
  readonly contact: string;
}

/** @returns null for a request, which a gateway gets too (OPTIONS) */
function parseAnswer(text: string): Answer | null {
  const status = /^SIP\/2\.0 (\d{3}) /.exec(text);
  if (status === null) return null;
  const header = (name: string): string =>
    new RegExp(`^${name}: *(.*?)\\r$`, 'im').exec(text)?.[1] ?? '';
  const method = header('CSeq').split(' ')[1] ?? '';
  return {
    status: Number(status[1]),
    method,
    to: header('To'),
    contact: /<(.*?)>/.exec(header('Contact'))?.[1] ?? '',
  };
}

interface GatewayRequest {
  readonly method: string;
  readonly uri: string;
  readonly number: string;
  readonly callId: string;
  readonly tag: string;
  readonly to: string;
  readonly cSeq: number;
  readonly sdp?: string;
}

function formatRequest(its: GatewayRequest): string {
  const { method, uri, number, callId, tag, to, cSeq, sdp = '' } = its;
  const branch = `z9hG4bK${randomBytes(8).toString('hex')}`;
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${GATEWAY_ADDRESS}:${SIP_PORT};branch=${branch};rport`,
    'Max-Forwards: 70',
    `From: <sip:${number}@${GATEWAY_ADDRESS}>;tag=${tag}`,
    `To: ${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cSeq} ${method}`,
    `Contact: <sip:${number}@${GATEWAY_ADDRESS}:${SIP_PORT}>`,
    ...(sdp === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${Buffer.byteLength(sdp)}`,
    '',
    sdp,
  ].join('\r\n');
}

/**
 * A gateway as plain text on one UDP socket: nothing of ours stands between the datagrams and the clock. It makes one call
 * at a time and hangs up as soon as it is answered.
 */
export class InviteClient {
  readonly #socket: Socket;
  #listener: (answer: Answer, atMs: number) => void = () => undefined;
  #calls = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (datagram, from) => {
      const atMs = performance.now();
      const text = datagram.toString('utf8');
      const answer = parseAnswer(text);
      if (answer !== null) this.#listener(answer, atMs);
      else if (text.startsWith('OPTIONS ')) this.#answerOptions(text, from.port, from.address);
    });
  }

  static async open(): Promise<InviteClient> {
    const socket = createSocket('udp4');
    socket.bind(SIP_PORT, GATEWAY_ADDRESS);
    await once(socket, 'listening');
    return new InviteClient(socket);
  }

  /** One call: INVITE, 100, 180, 200, ACK, BYE, 200. */
  call(): Promise<InviteTimes> {
    const number = `0900000${String(1_000 + (this.#calls++ % 9_000))}`;
    const callId = randomBytes(8).toString('hex');
    const tag = randomBytes(4).toString('hex');
    const from = { number, callId, tag };
    const uri = `sip:${LINE_USER}@${BOX_ADDRESS}`;
    const times = new Map<number, number>();
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timeout);
        this.#listener = () => undefined;
        const to = (status: number): number | null => times.get(status) ?? null;
        resolve({ to100: to(100), to180: to(180), to200: to(200) });
      };
      const timeout = setTimeout(finish, ANSWER_MS);
      this.#listener = ({ status, method, to, contact }, atMs) => {
        if (method === 'BYE') finish();
        if (method !== 'INVITE') return;
        const isFirst = !times.has(status);
        if (isFirst) times.set(status, atMs - sentMs);
        if (status < 200) return;
        this.#send(
          formatRequest({ ...from, method: 'ACK', uri: status < 300 ? contact : uri, to, cSeq: 1 }),
        );
        if (status >= 300) finish();
        else if (isFirst)
          this.#send(formatRequest({ ...from, method: 'BYE', uri: contact, to, cSeq: 2 }));
      };
      const invite = formatRequest({
        ...from,
        method: 'INVITE',
        uri,
        to: `<${uri}>`,
        cSeq: 1,
        sdp: SDP,
      });
      const sentMs = performance.now();
      this.#send(invite);
    });
  }

  close(): void {
    this.#socket.close();
  }

  #send(text: string, port = SIP_PORT, address = BOX_ADDRESS): void {
    this.#socket.send(text, port, address);
  }

  /** The box asks whether the line is there. */
  #answerOptions(text: string, port: number, address: string): void {
    const kept = text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
    const lines = ['SIP/2.0 200 OK', ...kept, 'Content-Length: 0', '', ''];
    this.#send(lines.join('\r\n'), port, address);
  }
}

/** Nothing listens on the port: the box's first packets go nowhere. */
const SDP = [
  'v=0',
  `o=- 1 1 IN IP4 ${GATEWAY_ADDRESS}`,
  's=-',
  `c=IN IP4 ${GATEWAY_ADDRESS}`,
  't=0 0',
  'm=audio 17998 RTP/AVP 0 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=ptime:20',
  '',
].join('\r\n');
