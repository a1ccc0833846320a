import { createSocket, type Socket } from 'node:dgram';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { SipGrammar } from '../../sip/testing/grammar.js';
import { mutate } from '../../sip/testing/mutator.js';
import type { Scope } from '../harness/child.js';
import { SIP_PORT, type Place } from '../harness/place.js';
import { at, letPass, openScene, statusOf, talk, wholeTest } from './testing/whole-test.js';

const SEED = 4_711;
const DATAGRAMS = 3_000;
/** In one go, then a breath: about 1000 a second. */
const BURST = 20;

/** Someone on the network whom nobody told the box about. */
class Stranger {
  readonly #socket: Socket;
  readonly #replies: string[] = [];
  #onReply: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes) => {
      this.#replies.push(bytes.toString('utf8'));
      this.#onReply();
    });
  }

  static async open(t: Scope, address: string): Promise<Stranger> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    t.teardown(() => void socket.close());
    return new Stranger(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(bytes: Uint8Array, address: string, port: number): void {
    this.#socket.send(bytes, port, address);
  }

  /** Sends a request and waits for its final response. @returns status and how long it took */
  async ask(
    lines: readonly string[],
    box: string,
  ): Promise<{ text: string; status: number; ms: number }> {
    const before = this.#replies.length;
    const startedMs = performance.now();
    this.send(Buffer.from([...lines, '', ''].join('\r\n')), box, SIP_PORT);
    for (;;) {
      const text = this.#replies.slice(before).find((reply) => !reply.startsWith('SIP/2.0 1'));
      if (text !== undefined) {
        return { text, status: Number(text.slice(8, 11)), ms: performance.now() - startedMs };
      }
      await new Promise<void>((resolve) => {
        this.#onReply = resolve;
      });
    }
  }
}

function request(method: string, place: Place, from: { port: number; n: number }): string[] {
  const { stranger, box } = place;
  return [
    `${method} sip:201@${box} SIP/2.0`,
    `Via: SIP/2.0/UDP ${stranger}:${from.port};branch=z9hG4bK${from.n};rport`,
    `From: <sip:201@${box}>;tag=s${from.n}`,
    `To: <sip:201@${box}>`,
    `Call-ID: stranger-${from.n}`,
    `CSeq: ${from.n} ${method}`,
    `Contact: <sip:201@${stranger}:${from.port}>`,
    'Max-Forwards: 70',
    'Content-Length: 0',
  ];
}

wholeTest(
  'the third wrong password gets 403, later ones wait, and the true phone is still served',
  async (t) => {
    const { place, box, phone } = await openScene(t);
    const stranger = await Stranger.open(t, place.stranger);
    const statuses: number[] = [];
    for (let n = 1; n <= 4; n += 1) {
      const plain = request('REGISTER', place, { port: stranger.port, n: 2 * n });
      const challenge = await stranger.ask(plain, place.box);
      if (challenge.status !== 401) {
        statuses.push(challenge.status);
        continue;
      }
      const nonce = /nonce="([^"]+)"/.exec(challenge.text)?.[1] ?? '';
      const authorization = [
        'Authorization: Digest username="201"',
        'realm="tatebako"',
        `nonce="${nonce}"`,
        `uri="sip:201@${place.box}"`,
        `response="${'0'.repeat(32)}"`,
        'algorithm=MD5',
      ].join(', ');
      const wrong = request('REGISTER', place, { port: stranger.port, n: 2 * n + 1 });
      const answer = await stranger.ask(
        [...wrong.slice(0, -1), authorization, 'Content-Length: 0'],
        place.box,
      );
      statuses.push(answer.status);
    }
    t.log(statuses.join(' '));
    t.deepEqual(statuses.slice(2), [403, 403]);
    const invite = request('INVITE', place, { port: stranger.port, n: 90 }).map((line) =>
      line.replace('From: <sip:201@', 'From: <sip:0300009999@'),
    );
    t.is((await stranger.ask(invite, place.box)).status, 403);
    const status = await statusOf(box);
    t.true(Number(at(status, 'counts', 'sipRefused')) >= 1);
    t.deepEqual(at(status, 'calls'), []);
    t.is(at(status, 'phones', 0, 'registered'), true);
    t.is(phone.calls.all.length, 0);
  },
);

wholeTest(
  'thousands of hostile datagrams at SIP and RTP cost a call no packet and the box no breath',
  async (t) => {
    const scene = await openScene(t);
    const { place, box } = scene;
    const { caller, staff } = await talk(scene);
    await letPass(200);
    const stranger = await Stranger.open(t, place.stranger);
    caller.talk.countAnew();
    staff.talk.countAnew();
    const random = new SeededRandom(SEED);
    const corpus = Array.from({ length: DATAGRAMS }, (_, n) => {
      if (n % 3 === 2) return random.bytes(random.below(400));
      const valid = new SipGrammar(random).message();
      return mutate(valid, random).subarray(0, 60_000);
    });
    const lagsMs: number[] = [];
    let asked = 1_000;
    for (let n = 0; n < corpus.length; n += BURST) {
      for (const bytes of corpus.slice(n, n + BURST)) {
        const rtpPort = random.below(3) === 0 ? place.rtpFirstPort + random.below(16) : null;
        stranger.send(bytes, place.box, rtpPort ?? SIP_PORT);
        // RTP that looks right, and comes from the wrong place.
        if (rtpPort !== null && bytes.length > 12) {
          bytes[0] = 0x80;
          bytes[1] = 0;
          stranger.send(bytes.subarray(0, 172), place.box, rtpPort);
        }
      }
      if (n % (10 * BURST) === 0) {
        asked += 1;
        const { ms } = await stranger.ask(
          request('OPTIONS', place, { port: stranger.port, n: asked }),
          place.box,
        );
        lagsMs.push(ms);
      }
      await letPass(BURST);
    }
    await letPass(200);
    lagsMs.sort((a, b) => a - b);
    const p50 = lagsMs[Math.floor(lagsMs.length * 0.5)] ?? 0;
    const p99 = lagsMs.at(-1) ?? 0;
    t.log(`an answer in the middle of it: p50 ${p50.toFixed(1)} ms, longest ${p99.toFixed(1)} ms`);
    t.log(`caller heard ${caller.talk.packetsReceived}, staff heard ${staff.talk.packetsReceived}`);
    t.is(caller.talk.packetsLost, 0);
    t.is(staff.talk.packetsLost, 0);
    t.true(p50 < 50);
    caller.hangUp();
    await staff.ended();
    await box.callsEnded();
    const call = await box.onlyCall();
    t.is(call.outcome, 'answered');
    t.is(call.health.caller?.packetsLost, 0);
    t.is(call.health.staff?.packetsLost, 0);
  },
);
