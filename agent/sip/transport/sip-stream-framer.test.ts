import { Buffer } from 'node:buffer';

import test from 'ava';

import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { SipStreamFramer, type StreamFrame } from './sip-stream-framer.js';

const messageWith = (body: string, ...headers: readonly string[]): string =>
  ['OPTIONS sip:a@h SIP/2.0', ...headers, '', body].join('\r\n');
const framesOf = (text: string): readonly StreamFrame[] =>
  new SipStreamFramer().push(Buffer.from(text));
const show = (frames: readonly StreamFrame[]): readonly string[] =>
  frames.map((frame) =>
    frame.kind === 'message' ? Buffer.from(frame.bytes).toString() : frame.kind,
  );

test('messages, keep-alives and stray line ends come out the same however the stream is cut (RFC 3261 §18.3)', (t) => {
  const messages = [
    messageWith('', 'Content-Length: 0'),
    messageWith('abc\r\n\r\n', 'l : 7'),
    messageWith('', 'Subject: no length at all'),
    messageWith('x'.repeat(5_000), 'CONTENT-LENGTH:\r\n 5000'),
  ];
  const stream = Buffer.from(`\r\n${messages.join('')}\r\n\r\n\r\n${messages[1] ?? ''}`);
  const expected = [...messages, 'keepAlive', messages[1] ?? ''];
  t.deepEqual(show(new SipStreamFramer().push(stream)), expected);
  for (let seed = 1; seed <= 50; seed += 1) {
    const random = new SeededRandom(seed);
    const framer = new SipStreamFramer();
    const frames: StreamFrame[] = [];
    for (let at = 0; at < stream.length;) {
      const length = 1 + random.below(seed < 5 ? 1 : 700);
      frames.push(...framer.push(stream.subarray(at, at + length)));
      at += length;
    }
    t.deepEqual(
      show(frames).filter((one) => one !== 'keepAlive'),
      expected.filter((one) => one !== 'keepAlive'),
    );
  }
});

test('a double CRLF is a keep-alive, a single one is nothing (RFC 5626 §3.5.1)', (t) => {
  t.deepEqual(show(framesOf('\r\n\r\n')), ['keepAlive']);
  t.deepEqual(show(framesOf('\r\n')), []);
});

test('lengths that are no numbers, contradict or are too large break the stream for good', (t) => {
  const status = (...headers: readonly string[]): number | null => {
    const [frame] = framesOf(messageWith('', ...headers));
    return frame?.kind === 'broken' ? frame.status : null;
  };
  t.is(status('Content-Length: x'), 400);
  t.is(status('Content-Length: -1'), 400);
  t.is(status('Content-Length: 1', 'l: 2'), 400);
  t.is(status('Content-Length: 65536'), 413);
  t.is(status('Content-Length: 99999999999999'), 400);
  const framer = new SipStreamFramer();
  framer.push(Buffer.from(messageWith('', 'Content-Length: x')));
  t.deepEqual(framer.push(Buffer.from(messageWith('', 'Content-Length: 0'))), []);
});

test('a head without an end is cut off at 64 KiB, byte by byte or at once', (t) => {
  const endless = Buffer.alloc(200_000, 'a');
  t.deepEqual(show(new SipStreamFramer().push(endless)), ['broken']);
  const framer = new SipStreamFramer();
  const startMs = performance.now();
  const frames = Array.from(endless.subarray(0, 70_000), (byte) =>
    framer.push(Uint8Array.of(byte)),
  ).flat();
  t.deepEqual(show(frames), ['broken']);
  t.true(performance.now() - startMs < 2_000);
});
