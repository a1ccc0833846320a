import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { z } from 'zod';
import { wait } from '../measure/measurement.js';
import { decodeBencode, encodeBencode, type Bencoded } from './bencode.js';

const ANSWER_MS = 1_000;
const TRIES_MAX = 10;
const HOST = '127.0.0.1';

const pong = z.object({ result: z.literal('pong') });
const described = z.object({ result: z.literal('ok'), sdp: z.string() });

/** Speaks rtpengine's `ng` protocol: a cookie, a blank, and a bencoded dictionary in one datagram. */
export interface NgClient {
  /** Resolves when the daemon answers. */
  ready(): Promise<void>;
  /** Sets a call up between two ports. @returns where side A, and where side B, has to send */
  call(callId: string, portA: number, portB: number): Promise<readonly [number, number]>;
  close(): void;
}

const sdpOf = (port: number): string =>
  [
    'v=0',
    `o=- 1 1 IN IP4 ${HOST}`,
    's=-',
    `c=IN IP4 ${HOST}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 0`,
    'a=rtpmap:0 PCMU/8000',
    'a=ptime:20',
    '',
  ].join('\r\n');

function portIn(answer: unknown): number {
  const match = /^m=audio (\d+)/m.exec(described.parse(answer).sdp);
  if (match === null) throw new TypeError('no port in the SDP');
  return Number(match[1]);
}

export async function openNgClient(port: number): Promise<NgClient> {
  const socket = createSocket('udp4');
  const waiting = new Map<string, (answer: Bencoded) => void>();
  socket.bind(0, HOST);
  await once(socket, 'listening');
  // Refused while the daemon is not there yet: then nobody answers, and we ask again.
  socket.on('error', () => undefined);
  socket.on('message', (datagram) => {
    const text = datagram.toString('latin1');
    const cookie = text.slice(0, text.indexOf(' '));
    waiting.get(cookie)?.(decodeBencode(text.slice(cookie.length + 1)));
    waiting.delete(cookie);
  });
  let asked = 0;
  const ask = async (command: string, fields: Record<string, Bencoded> = {}): Promise<Bencoded> => {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const cookie = `bench${(asked += 1)}`;
      const answer = new Promise<Bencoded>((resolve) => waiting.set(cookie, resolve));
      socket.send(`${cookie} ${encodeBencode({ command, ...fields })}`, port, HOST);
      const heard = await Promise.race([answer, wait(ANSWER_MS).then(() => null)]);
      if (heard !== null) return heard;
    }
    throw new Error(`no answer to ${command}`);
  };
  return {
    ready: async () => {
      pong.parse(await ask('ping'));
    },
    call: async (callId, portA, portB) => {
      const names = { 'call-id': callId, 'from-tag': 'a', ICE: 'remove' };
      const forB = portIn(await ask('offer', { ...names, sdp: sdpOf(portA) }));
      const forA = portIn(await ask('answer', { ...names, 'to-tag': 'b', sdp: sdpOf(portB) }));
      return [forA, forB];
    },
    close: () => socket.close(),
  };
}
