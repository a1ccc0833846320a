import { Buffer } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';

import test from 'ava';

import { silentLog, systemClock, UnavailableError } from '../../../base/index.js';
import { responseTo } from '../message/compose.js';
import { paramOf, type SipMessage } from '../message/sip-message.js';
import { parseVia } from '../message/via.js';
import { requestOf } from '../testing/message-builders.js';
import { openTransport } from './open-transport.js';
import type { Endpoint, Transport } from './transport.js';
import { noteInVia, replyTarget } from './via-routing.js';

interface Port {
  readonly transport: Transport;
  /** The next message that comes or came. */
  next(): Promise<{ readonly message: SipMessage; readonly from: Endpoint }>;
  readonly failed: Promise<unknown>;
}

async function open(options: { tcp?: boolean; isTcpCapable?: boolean } = {}): Promise<Port> {
  const got: { message: SipMessage; from: Endpoint }[] = [];
  let wake = (): void => undefined;
  let tellFailed: (cause: unknown) => void = () => undefined;
  const failed = new Promise<unknown>((resolve) => (tellFailed = resolve));
  const transport = await openTransport(
    {
      address: '127.0.0.1',
      port: 0,
      clock: systemClock,
      log: silentLog,
      tcp: options.tcp ?? true,
      isTcpCapable: () => options.isTcpCapable ?? false,
    },
    {
      onMessage(message, from) {
        got.push({ message, from });
        wake();
      },
      onSendFailed: (_message, _to, cause) => tellFailed(cause),
    },
  );
  return {
    transport,
    failed,
    async next() {
      for (;;) {
        const first = got.shift();
        if (first !== undefined) return first;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

const endpointOf = (port: Port, transport: 'UDP' | 'TCP'): Endpoint => ({
  transport,
  ...port.transport.local,
});

const withVia = (port: Port, transport: string, body = '') =>
  requestOf('OPTIONS', {
    via: [
      parseVia(
        `SIP/2.0/${transport} 127.0.0.1:${port.transport.local.port};rport;branch=z9hG4bKa`,
      ) ?? [],
    ].flat(),
    body: Buffer.from(body),
  });

for (const transport of ['UDP', 'TCP'] as const) {
  test(`a request and its response cross real ${transport} sockets, with received and rport noted (RFC 3581 §4)`, async (t) => {
    const [a, b] = [await open(), await open()];
    a.transport.send(withVia(a, transport), endpointOf(b, transport));
    const { message, from } = await b.next();
    const params = message.via[0]?.params ?? [];
    t.is(paramOf(params, 'received'), '127.0.0.1');
    t.is(paramOf(params, 'rport'), String(from.port));
    t.is(from.transport, transport);
    if (message.kind === 'request')
      b.transport.send(responseTo(message, 200, { toTag: 'b' }), from);
    const answer = await a.next();
    t.is(answer.message.kind === 'response' ? answer.message.status : 0, 200);
    await Promise.all([a.transport.close(), b.transport.close()]);
  });
}

test('a request over 1,300 bytes goes by TCP to a peer that can, and by UDP when it cannot after all (RFC 3261 §18.1.1)', async (t) => {
  const [a, b, c] = [await open({ isTcpCapable: true }), await open(), await open({ tcp: false })];
  a.transport.send(withVia(a, 'UDP', 'x'.repeat(2_000)), endpointOf(b, 'UDP'));
  const byTcp = await b.next();
  t.is(byTcp.from.transport, 'TCP');
  t.is(byTcp.message.via[0]?.transport, 'TCP');
  a.transport.send(withVia(a, 'UDP', 'x'.repeat(2_000)), endpointOf(c, 'UDP'));
  t.is((await c.next()).from.transport, 'UDP');
  await Promise.all([a, b, c].map((port) => port.transport.close()));
});

test('an answer whose TCP connection is gone goes to the port in its Via (RFC 3261 §18.2.2)', async (t) => {
  const [a, b] = [await open(), await open()];
  const request = withVia(a, 'TCP');
  b.transport.send(responseTo(request, 200), { transport: 'TCP', address: '127.0.0.1', port: 9 });
  const { message } = await a.next();
  t.is(message.kind === 'response' ? message.status : 0, 200);
  await Promise.all([a.transport.close(), b.transport.close()]);
});

test('a taken port is told as such, with its number', async (t) => {
  const a = await open();
  const { port } = a.transport.local;
  const options = { address: '127.0.0.1', port, clock: systemClock, log: silentLog, tcp: true };
  const events = { onMessage: () => undefined, onSendFailed: () => undefined };
  const error = await t.throwsAsync(openTransport(options, events), {
    instanceOf: UnavailableError,
  });
  t.is(error.code, 'sipPortInUse');
  t.is(error.fields['port'], port);
  await a.transport.close();
});

test('a refused TCP connection is told to whoever sent (RFC 3261 §18.4)', async (t) => {
  const [a, b] = [await open(), await open({ tcp: false })];
  a.transport.send(withVia(a, 'TCP'), endpointOf(b, 'TCP'));
  t.true((await a.failed) instanceof Error);
  await Promise.all([a.transport.close(), b.transport.close()]);
});

test('broken requests get 400 at a bounded rate, broken ACKs and responses nothing, and the port lives on', async (t) => {
  const a = await open();
  const socket = createSocket('udp4');
  const answers: string[] = [];
  socket.on('message', (bytes) => answers.push(bytes.toString()));
  const send = async (text: string | Uint8Array): Promise<void> => {
    await new Promise<void>((resolve) =>
      socket.send(text, a.transport.local.port, '127.0.0.1', () => resolve()),
    );
  };
  const head =
    'Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bKa\r\nTo: <sip:a@h>\r\nCall-ID: x\r\n';
  await send(Buffer.alloc(65_000, '<"'));
  await send('\r\n\r\n');
  await send('');
  await send(`ACK sip:a@h SIP/2.0\r\n${head}\r\n`);
  await send(`SIP/2.0 200 OK\r\n${head}\r\n`);
  for (let n = 0; n < 25; n += 1) await send(`OPTIONS sip:a@h SIP/2.0\r\n${head}\r\n`);
  await send(`OPTIONS sip:a@h SIP/2.0\r\n${head}CSeq: 1 OPTIONS\r\nFrom: <sip:a@h>\r\n\r\n`);
  await a.next();
  const { answered, dropped, received } = a.transport.counts;
  t.is(answered, 10);
  t.is(dropped, 18);
  t.is(received, 29);
  while (answers.length < 10) await once(socket, 'message');
  t.regex(
    answers[0] ?? '',
    /^SIP\/2\.0 400 Missing From\r\nVia: .*;rport=\d+;received=127\.0\.0\.1|received/,
  );
  t.is(new Set(answers).size, 1, 'the same request, the same To-tag (RFC 3261 §8.2.7)');
  t.true(answers[0]?.includes(';tag='));
  socket.close();
  await a.transport.close();
});

test('on TCP a double CRLF is answered with one, and a broken length is answered and closes (RFC 5626 §3.5.1)', async (t) => {
  const a = await open();
  const socket = connect(a.transport.local.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.write('\r\n\r\n');
  await once(socket, 'data');
  t.is(text, '\r\n');
  socket.write(
    'OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKa\r\nFrom: <sip:a@h>\r\nTo: <sip:a@h>\r\n' +
      'Call-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 70000\r\n\r\n',
  );
  await once(socket, 'close');
  t.regex(text, /^\r\nSIP\/2\.0 413 /);
  await a.transport.close();
});

test('answers go where the Via and the peer want them, never to another address (RFC 3261 §18.2.2, RFC 3581 §4)', (t) => {
  const source: Endpoint = { transport: 'UDP', address: '192.0.2.1', port: 40_000 };
  const plain = parseVia('SIP/2.0/UDP 198.51.100.9:5070;branch=z9hG4bKa;maddr=198.51.100.7');
  const asking = parseVia('SIP/2.0/UDP 198.51.100.9:5070;rport;branch=z9hG4bKa');
  const portless = parseVia('SIP/2.0/UDP 198.51.100.9');
  if (plain === null || asking === null || portless === null) throw new Error('no Via');
  const port = (via: typeof plain, rport: 'symmetric' | 'via' | 'fixed5060'): number => {
    const target = replyTarget(via, source, { rport });
    t.is(target.address, source.address);
    return target.port;
  };
  t.is(port(asking, 'symmetric'), 40_000);
  t.is(port(plain, 'symmetric'), 5070);
  t.is(port(portless, 'symmetric'), 5060);
  t.is(port(asking, 'via'), 5070);
  t.is(port(asking, 'fixed5060'), 5060);
  t.is(
    noteInVia(asking, source, { rport: 'fixed5060' }),
    asking,
    'old gateways break on received=',
  );
  t.is(paramOf(noteInVia(plain, source, { rport: 'symmetric' }).params, 'received'), '192.0.2.1');
});
