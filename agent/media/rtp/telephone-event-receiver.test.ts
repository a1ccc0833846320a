import test from 'ava';

import { TelephoneEventReceiver } from './telephone-event-receiver.js';
import { packetOf } from './testing/packets.js';
import { SeededBytes } from './testing/seeded-bytes.js';

interface EventSketch {
  readonly event: number;
  readonly at: number;
  readonly duration: number;
  readonly sequenceNumber: number;
  readonly end?: boolean;
  readonly marker?: boolean;
  readonly ssrc?: number;
}

/** One leg that hears digits; `heard` reads like `5:100`. */
function legOf(): {
  receiver: TelephoneEventReceiver;
  heard: string[];
  push: (sketch: EventSketch, nowMs: number) => void;
} {
  const heard: string[] = [];
  const receiver = new TelephoneEventReceiver((digit, durationMs) => {
    heard.push(`${digit}:${durationMs}`);
  });
  const push = (sketch: EventSketch, nowMs: number): void => {
    const { event, duration } = sketch;
    const payload = Uint8Array.of(event, sketch.end ? 0x8a : 0x0a, duration >> 8, duration & 0xff);
    const packet = packetOf({
      sequenceNumber: sketch.sequenceNumber,
      rtpTimestamp: sketch.at,
      payloadType: 101,
      marker: sketch.marker ?? false,
      ssrc: sketch.ssrc ?? 1,
      payload,
    });
    receiver.push(packet, nowMs);
  };
  return { receiver, heard, push };
}

test('one press is one digit, though its end comes three times (RFC 4733 §2.5.1.4)', (t) => {
  const { heard, push } = legOf();
  for (let i = 0; i < 5; i++) {
    push({ event: 5, at: 0, duration: (i + 1) * 160, sequenceNumber: i, marker: i === 0 }, i * 20);
  }
  for (let i = 5; i < 8; i++)
    push({ event: 5, at: 0, duration: 800, sequenceNumber: i, end: true }, 100);
  t.deepEqual(heard, ['5:100']);
});

test('end packets that share one sequence number are one digit', (t) => {
  const { heard, push } = legOf();
  push({ event: 11, at: 0, duration: 160, sequenceNumber: 65_535 }, 0);
  for (let i = 0; i < 3; i++)
    push({ event: 11, at: 0, duration: 800, sequenceNumber: 0, end: true }, 20);
  t.deepEqual(heard, ['#:100']);
});

test('a digit whose end packets are all lost is closed after 150 ms', (t) => {
  const { receiver, heard, push } = legOf();
  push({ event: 1, at: 0, duration: 160, sequenceNumber: 0 }, 0);
  push({ event: 1, at: 0, duration: 640, sequenceNumber: 3 }, 60);
  receiver.tick(209);
  t.deepEqual(heard, []);
  receiver.tick(210);
  t.deepEqual(heard, ['1:80']);
  push({ event: 1, at: 0, duration: 800, sequenceNumber: 5, end: true }, 400);
  t.deepEqual(heard, ['1:80'], 'its end came after all: still one digit');
});

test('audio well after a digit says that its end was lost; audio during it says nothing', (t) => {
  const { receiver, heard, push } = legOf();
  push({ event: 2, at: 1_000, duration: 160, sequenceNumber: 0 }, 0);
  for (const [tick, nowMs] of [
    [1_160, 1],
    [1_320, 21],
    [1_480, 41],
  ] as const)
    receiver.audio(tick, nowMs);
  t.deepEqual(heard, []);
  receiver.audio(1_640, 61);
  t.deepEqual(heard, ['2:20']);
});

test('the next digit closes the one before it, however fast they are dialled', (t) => {
  const { receiver, heard, push } = legOf();
  for (let i = 0; i < 10; i++)
    push({ event: i, at: i * 400, duration: 320, sequenceNumber: i }, i * 5);
  receiver.end();
  t.is(heard.map((digit) => digit.charAt(0)).join(''), '0123456789');
});

test('the same key twice is two digits: their timestamps differ', (t) => {
  const { heard, push } = legOf();
  push({ event: 7, at: 2 ** 32 - 100, duration: 400, sequenceNumber: 1, end: true }, 0);
  push({ event: 7, at: 500, duration: 400, sequenceNumber: 2, end: true }, 80);
  t.deepEqual(heard, ['7:50', '7:50']);
});

test('packets out of order make no second digit and no shorter one', (t) => {
  const { heard, push } = legOf();
  push({ event: 3, at: 0, duration: 480, sequenceNumber: 2 }, 0);
  push({ event: 3, at: 0, duration: 160, sequenceNumber: 0 }, 1);
  push({ event: 4, at: 2_000, duration: 160, sequenceNumber: 9 }, 2);
  push({ event: 3, at: 0, duration: 640, sequenceNumber: 5, end: true }, 3);
  push({ event: 4, at: 2_000, duration: 320, sequenceNumber: 10, end: true }, 4);
  t.deepEqual(heard, ['3:60', '4:40']);
});

test('a key held for twelve seconds is one digit in two segments (RFC 4733 §2.5.1.3)', (t) => {
  const { heard, push } = legOf();
  push({ event: 0, at: 0, duration: 65_400, sequenceNumber: 1 }, 0);
  push({ event: 0, at: 0, duration: 0xffff, sequenceNumber: 2 }, 20);
  push({ event: 0, at: 0xffff, duration: 160, sequenceNumber: 3 }, 40);
  push({ event: 0, at: 0xffff, duration: 30_465, sequenceNumber: 4, end: true }, 60);
  push({ event: 0, at: 0, duration: 0xffff, sequenceNumber: 2 }, 80);
  t.deepEqual(heard, ['0:12000']);
});

test('a duration that wraps instead of beginning a segment is one digit', (t) => {
  const { heard, push } = legOf();
  push({ event: 0, at: 0, duration: 65_440, sequenceNumber: 1 }, 0);
  push({ event: 0, at: 0, duration: 64, sequenceNumber: 2 }, 20);
  push({ event: 0, at: 0, duration: 30_464, sequenceNumber: 3, end: true }, 40);
  t.deepEqual(heard, ['0:12000']);
});

test('what is no digit is ignored and counted: flash, tones, half a payload', (t) => {
  const { receiver, heard, push } = legOf();
  push({ event: 16, at: 0, duration: 100, sequenceNumber: 0, end: true }, 0);
  push({ event: 255, at: 0, duration: 100, sequenceNumber: 1, end: true }, 0);
  receiver.push(packetOf({ payload: Uint8Array.of(1, 0x80, 0) }), 0);
  receiver.push(packetOf({ payload: new Uint8Array(0) }), 0);
  t.deepEqual(heard, []);
  t.is(receiver.ignoredCount, 4);
});

test('through loss, repeats and disorder each press is heard once, in order', (t) => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new SeededBytes(seed);
    const { receiver, heard, push } = legOf();
    let sequenceNumber = random.below(65_536);
    let nowMs = 0;
    let pressed = '';
    for (let press = 0; press < 12; press++) {
      const event = random.below(10);
      const at = (2 ** 32 - 8_000 + press * 1_600) % 2 ** 32;
      let arrived = false;
      for (let i = 1; i <= 8; i++) {
        nowMs += 20;
        sequenceNumber = (sequenceNumber + 1) & 0xffff;
        if (random.below(4) === 0) continue;
        arrived = true;
        const sketch = { event, at, duration: Math.min(i, 6) * 160, sequenceNumber, end: i >= 6 };
        push(sketch, nowMs);
        if (random.below(4) === 0) push(sketch, nowMs);
      }
      nowMs += 40;
      receiver.tick(nowMs);
      if (arrived) pressed += String(event);
    }
    receiver.end();
    t.is(heard.map((digit) => digit.charAt(0)).join(''), pressed, `seed ${seed}`);
  }
});

test('a late packet from the beginning of a long press is no wrap of its duration', (t) => {
  const { heard, push } = legOf();
  push({ event: 8, at: 0, duration: 0xc100, sequenceNumber: 310 }, 0);
  push({ event: 8, at: 0, duration: 160, sequenceNumber: 1 }, 1);
  push({ event: 8, at: 0, duration: 0xc1a0, sequenceNumber: 311, end: true }, 20);
  t.deepEqual(heard, [`8:${0xc1a0 / 8}`]);
});
