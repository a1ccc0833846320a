import test from 'ava';

import { TelephoneEventReceiver } from './telephone-event-receiver.js';
import { DIGITS_WAITING_MAX, TelephoneEventSender } from './telephone-event-sender.js';
import { ManualClock } from './testing/manual-clock.js';
import { packetOf } from './testing/packets.js';

interface Sent {
  readonly atMs: number;
  readonly bytes: readonly number[];
  readonly rtpTimestamp: number;
  readonly marker: boolean;
}

function senderOf(clock: ManualClock): { sender: TelephoneEventSender; sent: Sent[] } {
  const sent: Sent[] = [];
  const sender = new TelephoneEventSender({
    clock,
    stream: {
      timestampAt: (nowMs) => nowMs * 8,
      sendEvent: (payload, rtpTimestamp, marker) =>
        void sent.push({ atMs: clock.monotonicMs(), bytes: [...payload], rtpTimestamp, marker }),
    },
  });
  return { sender, sent };
}

test('a digit grows by 20 ms, begins with the marker and ends three times (RFC 4733 §2.5.1)', (t) => {
  const clock = new ManualClock(500);
  const { sender, sent } = senderOf(clock);
  t.true(sender.sendDigit('#', 100));
  clock.advance(1_000);
  t.deepEqual(
    sent.map((packet) => [packet.atMs, (packet.bytes[2]! << 8) | packet.bytes[3]!]),
    [
      [500, 160],
      [520, 320],
      [540, 480],
      [560, 640],
      [580, 800],
      [600, 800],
      [620, 800],
    ],
  );
  t.deepEqual(
    sent.map((packet) => packet.bytes[1]! >> 7),
    [0, 0, 0, 0, 1, 1, 1],
  );
  t.deepEqual(
    sent.map((packet) => packet.marker),
    [true, false, false, false, false, false, false],
  );
  t.true(sent.every((packet) => packet.bytes[0] === 11 && packet.rtpTimestamp === 4_000));
  t.false(sender.isSending);
  t.is(clock.pendingCount, 0);
});

test('digits wait for each other with at least 60 ms of silence between', (t) => {
  const clock = new ManualClock();
  const { sender, sent } = senderOf(clock);
  sender.sendDigit('1', 100);
  sender.sendDigit('1', 100);
  clock.advance(2_000);
  t.is(sent.length, 14);
  t.is(sent[7]!.atMs - sent[6]!.atMs, 80);
  t.is(sent[7]!.rtpTimestamp, sent[7]!.atMs * 8);
});

test('a length out of bounds is brought into them, and what is no digit is refused', (t) => {
  const clock = new ManualClock();
  const { sender, sent } = senderOf(clock);
  for (const digit of ['', '12', 'E', ' ', '１']) t.false(sender.sendDigit(digit, 100));
  for (const durationMs of [NaN, -5, 0, 1e12]) t.true(sender.sendDigit('a', durationMs));
  clock.advance(20_000);
  const ends = sent.filter((packet) => packet.bytes[1]! >= 0x80);
  t.deepEqual(
    ends.map((packet) => (packet.bytes[2]! << 8) | packet.bytes[3]!),
    [800, 800, 800, 800, 800, 800, 800, 800, 800, 64_000, 64_000, 64_000],
  );
});

test('no more than 64 digits wait', (t) => {
  const { sender } = senderOf(new ManualClock());
  for (let i = 0; i < DIGITS_WAITING_MAX; i++) t.true(sender.sendDigit('1', 100));
  t.false(sender.sendDigit('1', 100));
});

test('stopping leaves nothing behind', (t) => {
  const clock = new ManualClock();
  const { sender, sent } = senderOf(clock);
  sender.sendDigit('1', 100);
  clock.advance(40);
  sender.stop();
  clock.advance(1_000);
  t.is(sent.length, 3);
  t.false(sender.isSending);
});

test('what the sender says is what the receiver hears', (t) => {
  const clock = new ManualClock();
  let heard = '';
  const receiver = new TelephoneEventReceiver((digit) => (heard += digit));
  let sequenceNumber = 65_530;
  const sender = new TelephoneEventSender({
    clock,
    stream: {
      timestampAt: (nowMs) => (2 ** 32 - 1_000 + nowMs * 8) % 2 ** 32,
      sendEvent: (payload, rtpTimestamp, marker) => {
        sequenceNumber = (sequenceNumber + 1) & 0xffff;
        const packet = packetOf({ payload: payload.slice(), rtpTimestamp, marker, sequenceNumber });
        receiver.push(packet, clock.monotonicMs());
      },
    },
  });
  for (const digit of '*1123456789#0ABCD') sender.sendDigit(digit, 120);
  clock.advance(10_000);
  t.is(heard, '*1123456789#0ABCD');
});
