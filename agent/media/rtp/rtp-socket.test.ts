import { createSocket } from 'node:dgram';
import { once } from 'node:events';

import test from 'ava';

import { openRtpSocket, RtpSocketError, type RtpSocketOptions } from './rtp-socket.js';

const clock = { monotonicMs: () => performance.now() };
const HERE = '127.0.0.1';

/** A promise, and the function that keeps it (Node 20 has no `Promise.withResolvers`). */
function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let keep: ((value: T) => void) | undefined;
  const promise = new Promise<T>((resolve) => (keep = resolve));
  return { promise, resolve: (value) => keep?.(value) };
}

function optionsOf(more: Partial<RtpSocketOptions>): RtpSocketOptions {
  return {
    clock,
    address: HERE,
    firstPort: 29_000,
    lastPort: 29_099,
    onRtp: () => undefined,
    onRtcp: () => undefined,
    onError: () => undefined,
    ...more,
  };
}

test('RTP is on an even port, RTCP on the next, and both say when a datagram came (RFC 3550 §11)', async (t) => {
  const arrived = deferred<readonly [string, number, number]>();
  const arrivedRtcp = deferred<string>();
  const a = await openRtpSocket(
    optionsOf({
      firstPort: 29_101,
      lastPort: 29_199,
      onRtp: (datagram, _address, port, arrivalMs) =>
        arrived.resolve([Buffer.from(datagram).toString(), port, arrivalMs]),
      onRtcp: (datagram) => arrivedRtcp.resolve(Buffer.from(datagram).toString()),
    }),
  );
  const b = await openRtpSocket(optionsOf({ firstPort: 29_101, lastPort: 29_199 }));
  t.is(a.rtpPort % 2, 0);
  t.is(a.rtcpPort, a.rtpPort + 1);
  t.not(a.rtpPort, b.rtpPort);
  const before = performance.now();
  const buffer = b.sendBuffer();
  buffer.set(Buffer.from('voice!'));
  b.sendRtp(buffer, 5, a.rtpPort, HERE);
  b.sendRtcp(Buffer.from('report'), 6, a.rtcpPort, HERE);
  const [text, port, arrivalMs] = await arrived.promise;
  t.is(text, 'voice');
  t.is(port, b.rtpPort);
  t.true(arrivalMs >= before && arrivalMs <= performance.now());
  t.is(await arrivedRtcp.promise, 'report');
  await Promise.all([a.close(), b.close(), a.close()]);
});

test('a pair whose RTCP port is taken is passed over, and its RTP port given back', async (t) => {
  const taken = createSocket('udp4');
  taken.bind(29_201, HERE);
  await once(taken, 'listening');
  const socket = await openRtpSocket(optionsOf({ firstPort: 29_200, lastPort: 29_205 }));
  t.is(socket.rtpPort, 29_202);
  await socket.close();
  await new Promise<void>((resolve) => taken.close(() => resolve()));
  const first = await openRtpSocket(optionsOf({ firstPort: 29_200, lastPort: 29_205 }));
  t.is(first.rtpPort, 29_200);
  await first.close();
});

test('pairs are tried round from the start port, without those to skip', async (t) => {
  const range = { firstPort: 29_300, lastPort: 29_305, skip: new Set([29_300]) };
  const a = await openRtpSocket(optionsOf({ ...range, startPort: 29_304 }));
  const b = await openRtpSocket(optionsOf({ ...range, startPort: 29_306 }));
  t.deepEqual([a.rtpPort, b.rtpPort], [29_304, 29_302]);
  const error = await t.throwsAsync(openRtpSocket(optionsOf(range)), {
    instanceOf: RtpSocketError,
  });
  t.is(error.code, 'RTP_PORTS_EXHAUSTED');
  await Promise.all([a.close(), b.close()]);
});

test("an address that is not this machine's is said so at once", async (t) => {
  const error = await t.throwsAsync(openRtpSocket(optionsOf({ address: '192.0.2.1' })), {
    instanceOf: RtpSocketError,
  });
  t.is(error.code, 'RTP_ADDRESS_UNAVAILABLE');
});

test('a send that cannot be is counted and ends nothing', async (t) => {
  const failed = deferred<Error>();
  const socket = await openRtpSocket(
    optionsOf({ firstPort: 29_400, lastPort: 29_409, onError: failed.resolve }),
  );
  for (const port of [0, -1, 65_536, NaN]) socket.sendRtp(socket.sendBuffer(), 12, port, HERE);
  t.is(socket.sendFailedCount, 4);
  socket.sendRtp(socket.sendBuffer(), 12, 9, 'no address at all');
  t.true((await failed.promise) instanceof Error);
  t.is(socket.sendFailedCount, 5);
  await socket.close();
  t.notThrows(() => socket.sendRtp(socket.sendBuffer(), 12, 9, HERE));
});

test('64 packets may be under way before a buffer is used again', async (t) => {
  const socket = await openRtpSocket(optionsOf({ firstPort: 29_500, lastPort: 29_509 }));
  const buffers = Array.from({ length: 65 }, () => socket.sendBuffer());
  t.is(new Set(buffers).size, 64);
  t.is(buffers[64], buffers[0]);
  await socket.close();
});
