import test from 'ava';
import { FrameMailbox } from './frame-mailbox.js';
import { SeededRandom } from './testing/signals.js';
import type { PcmFrame } from './frame.js';

const frame = (n: number): PcmFrame => ({
  samples: new Int16Array(160).fill(n),
  sampleRateHz: 8_000,
  rtpTimestamp: n * 160,
});

test('a slow reader loses the oldest frames, and how many is counted', (t) => {
  const mailbox = new FrameMailbox({ reader: 'recorder', framesMax: 3 });
  for (let n = 0; n < 5; n += 1) mailbox.push(frame(n));
  const seen: number[] = [];
  t.is(
    mailbox.drain((taken) => seen.push(taken.samples[0] ?? -1)),
    3,
  );
  t.deepEqual(seen, [2, 3, 4]);
  t.is(mailbox.droppedCount, 2);
  t.is(mailbox.take(), undefined);
});

test('what the caller does with its samples after push() does not reach the reader', (t) => {
  const mailbox = new FrameMailbox({ reader: 'detector', framesMax: 2 });
  const borrowed = frame(7);
  mailbox.push(borrowed);
  borrowed.samples.fill(-1);
  t.is(mailbox.take()?.samples[0], 7);
});

test('a taken frame stays whole however many are pushed before the next take', (t) => {
  const mailbox = new FrameMailbox({ reader: 'detector', framesMax: 2 });
  mailbox.push(frame(1));
  const taken = mailbox.take();
  for (let n = 10; n < 20; n += 1) mailbox.push(frame(n));
  t.true(taken?.samples.every((sample) => sample === 1));
  t.is(taken?.rtpTimestamp, 160);
});

test('the reader is woken once for a first frame, and at the end', (t) => {
  let wakes = 0;
  const mailbox = new FrameMailbox({ reader: 'x', framesMax: 9, onReady: () => (wakes += 1) });
  mailbox.push(frame(1));
  mailbox.push(frame(2));
  t.is(wakes, 1);
  mailbox.end();
  t.is(wakes, 2);
  t.false(mailbox.finished);
  mailbox.drain(() => undefined);
  t.true(mailbox.finished);
  t.throws(() => mailbox.push(frame(3)));
});

test('on a random walk the mailbox agrees with a plain list', (t) => {
  const random = new SeededRandom(5);
  const mailbox = new FrameMailbox({ reader: 'x', framesMax: 7 });
  const list: number[] = [];
  let dropped = 0;
  for (let n = 0; n < 5_000; n += 1) {
    if (random.below(2) === 0) {
      mailbox.push(frame(n));
      list.push(n);
      if (list.length > 7) {
        list.shift();
        dropped += 1;
      }
    } else {
      t.is(mailbox.take()?.rtpTimestamp, list.length === 0 ? undefined : (list.shift() ?? 0) * 160);
    }
    t.is(mailbox.count, list.length);
  }
  t.is(mailbox.droppedCount, dropped);
});
