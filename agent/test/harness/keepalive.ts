import { createSocket } from 'node:dgram';
import { SIP_PORT, type Place } from './place.js';

/**
 * Answers the box's first OPTIONS in the gateway's place, so that a SIPp that plays the gateway later is not asked: it
 * takes every request for a call of its scenario.
 * @returns null when a gateway is there already
 */
export async function answerFirstKeepalive(
  place: Place,
): Promise<{ readonly answered: Promise<void>; close(): void } | null> {
  const socket = createSocket('udp4');
  const isBound = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(false));
    socket.bind(SIP_PORT, place.gateway, () => resolve(true));
  });
  if (!isBound) {
    socket.close();
    return null;
  }
  const answered = new Promise<void>((resolve) => {
    socket.on('message', (bytes, from) => {
      const lines = bytes.toString().split('\r\n');
      if (!lines[0]?.startsWith('OPTIONS ')) return;
      const echoed = lines.filter((line) => /^(via|from|to|call-id|cseq):/i.test(line));
      const tagged = echoed.map((line) => (/^to:/i.test(line) ? `${line};tag=keepalive` : line));
      const reply = ['SIP/2.0 200 OK', ...tagged, 'Content-Length: 0', '', ''].join('\r\n');
      socket.send(reply, from.port, from.address, () => resolve());
    });
  });
  return { answered, close: () => void socket.close() };
}
