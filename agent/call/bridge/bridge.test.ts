import test from 'ava';
import {
  decodePcmu,
  dtmfTone,
  encodePcma,
  encodePcmu,
  goertzelPower,
  readPacketBatch,
  sineTone,
  transcodePcmuToPcma,
  busyTone,
  DtmfDetector,
  type ToneSource,
} from 'node-mediastream';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { BenchLegs, FakeTalker, REMOTE, SETTINGS, type Sent } from './testing/bench-legs.js';

const bench = (seed = 1): BenchLegs => new BenchLegs(new SeededRandom(seed));
const bytes = (value: number, length = 160): Uint8Array => new Uint8Array(length).fill(value);

function frameOf(tone: ToneSource): Uint8Array {
  const samples = new Int16Array(160);
  tone.fill(samples);
  const payload = new Uint8Array(160);
  encodePcmu(samples, payload);
  return payload;
}

function decoded(sent: readonly Sent[]): Int16Array {
  const samples = new Int16Array(sent.length * 160);
  sent.forEach(({ payload }, n) => decodePcmu(payload, samples.subarray(n * 160, n * 160 + 160)));
  return samples;
}

/** A prompt whose samples all differ from silence and from frame to frame. */
function prompt(samples: number): { samples: Int16Array; durationMs: number } {
  const audio = Int16Array.from({ length: samples }, (_, n) => 1_000 + 37 * (n % 500));
  return { samples: audio, durationMs: samples / 8 };
}

/** Sequence + 1 and timestamp forward for each packet: what a receiver sees as one unbroken stream. */
function brokenAt(sent: readonly Sent[]): number {
  return sent.findIndex((packet, n) => {
    const before = sent[n - 1];
    if (before === undefined) return false;
    const step = (packet.sequenceNumber - before.sequenceNumber) & 0xffff;
    const ticks = (packet.rtpTimestamp - before.rtpTimestamp) | 0;
    return step !== 1 || packet.ssrc !== before.ssrc || ticks <= 0;
  });
}

async function load(legs: BenchLegs, promptId: string, samples: number): Promise<void> {
  legs.prompts.set(promptId, prompt(samples));
  legs.bridge.handle({ do: 'loadPrompt', promptId, file: promptId, maxMs: 60_000 });
  await legs.settle();
}

function play(legs: BenchLegs, legId: string, promptId: string, playId: string): void {
  const source = { kind: 'play', promptId, playId, repeat: false } as const;
  legs.bridge.handle({ do: 'setSource', legId, source });
}

const repeated = <Item>(item: Item, count: number): Item[] =>
  Array.from({ length: count }, () => item);

function relay(legs: BenchLegs, legId: string, from: string): void {
  legs.bridge.handle({ do: 'setSource', legId, source: { kind: 'relay', from } });
}

test('a relayed packet leaves in the moment it came, with our SSRC and its payload as it was', async (t) => {
  const legs = bench();
  const a = await legs.open('1:a');
  const b = await legs.open('1:b');
  relay(legs, '1:b', '1:a');
  const payload = Uint8Array.from({ length: 160 }, (_, n) => n);
  a.talker.say(payload);
  const [sent] = b.socket.sent;
  t.deepEqual(sent?.payload, payload);
  t.is(sent?.atMs, legs.clock.monotonicMs());
  t.not(sent?.ssrc, a.talker.ssrc);
  t.true(sent?.marker);
  t.deepEqual(a.socket.sent, []);
});

test('a leg is one unbroken stream through relay, prompt, tone, mix and silence (RFC 3550 §5.1)', async (t) => {
  const legs = bench();
  const a = await legs.open('1:a');
  const b = await legs.open('1:b');
  await load(legs, 'p', 1_600);
  const talk = (frames: number): void => {
    for (let n = 0; n < frames; n++) {
      a.talker.say(bytes(n));
      legs.clock.advance(20);
    }
  };
  play(legs, '1:b', 'p', 'first');
  talk(12);
  relay(legs, '1:b', '1:a');
  talk(10);
  play(legs, '1:b', 'p', 'second');
  talk(7);
  relay(legs, '1:b', '1:a');
  talk(10);
  legs.bridge.handle({ do: 'setSource', legId: '1:b', source: { kind: 'tone', tone: 'ringback' } });
  talk(5);
  const mix = { kind: 'mix', from: ['1:a'], prompt: null } as const;
  legs.bridge.handle({ do: 'setSource', legId: '1:b', source: mix });
  talk(5);
  legs.bridge.handle({ do: 'setSource', legId: '1:b', source: { kind: 'silence' } });
  talk(50);
  relay(legs, '1:b', '1:a');
  talk(10);
  t.true(b.socket.sent.length > 55);
  t.is(brokenAt(b.socket.sent), -1);
  const last = b.socket.sent.at(-1);
  const first = b.socket.sent[0];
  // Two seconds and more of wall time are two seconds of timestamps, the silence included.
  const ticks = ((last?.rtpTimestamp ?? 0) - (first?.rtpTimestamp ?? 0)) | 0;
  const passedMs = (last?.atMs ?? 0) - (first?.atMs ?? 0);
  t.true(Math.abs(ticks / 8 - passedMs) <= 40);
});

test('a prompt is paced at 20 ms, marked at its start, starts within 60 ms and is told to its end', async (t) => {
  const legs = bench();
  const { socket } = await legs.open('1:a');
  await load(legs, 'p', 1_600 + 40);
  const beganMs = legs.clock.wallMs();
  play(legs, '1:a', 'p', 'x');
  legs.clock.advance(500);
  t.is(socket.sent.length, 11);
  t.deepEqual(
    socket.sent.map(({ marker }) => marker),
    [true, ...Array.from({ length: 10 }, () => false)],
  );
  socket.sent.forEach((packet, n) => {
    const before = socket.sent[n - 1];
    if (before === undefined) return;
    t.is((packet.rtpTimestamp - before.rtpTimestamp) | 0, 160);
    t.is(packet.atMs - before.atMs, 20);
  });
  const expected = new Uint8Array(1_640);
  encodePcmu(prompt(1_640).samples, expected);
  const heard = Buffer.concat(socket.sent.map(({ payload }) => payload));
  t.deepEqual(heard.subarray(0, 1_640), Buffer.from(expected));
  t.true(heard.subarray(1_640).every((octet) => octet === 0xff));
  const [started] = legs.of('playStarted');
  const [ended] = legs.of('playEnded');
  t.true((started?.atWallMs ?? Infinity) - beganMs <= 60);
  t.is((ended?.atWallMs ?? 0) - (started?.atWallMs ?? 0), 220);
  t.true(ended?.completed);
  t.is(legs.of('playEnded').length, 1);
});

test('a repeated prompt joins its end to its beginning without a gap', async (t) => {
  const legs = bench();
  const { socket } = await legs.open('1:a');
  await load(legs, 'p', 250);
  const source = { kind: 'play', promptId: 'p', playId: 'x', repeat: true } as const;
  legs.bridge.handle({ do: 'setSource', legId: '1:a', source });
  legs.clock.advance(1_000);
  const octets = new Uint8Array(250);
  encodePcmu(prompt(250).samples, octets);
  const heard = Buffer.concat(socket.sent.map(({ payload }) => payload));
  t.true(socket.sent.length >= 50);
  t.true(heard.every((octet, n) => octet === octets[n % 250]));
  t.deepEqual(legs.of('playEnded'), []);
  legs.bridge.handle({ do: 'setSource', legId: '1:a', source: { kind: 'silence' } });
  t.deepEqual(
    legs.of('playEnded').map(({ completed }) => completed),
    [false],
  );
  const count = socket.sent.length;
  legs.clock.advance(1_000);
  t.is(socket.sent.length, count);
});

test('a prompt that nobody loaded ends at once, so that no call waits for it', async (t) => {
  const legs = bench();
  await legs.open('1:a', null);
  play(legs, '1:a', 'missing', 'x');
  t.deepEqual(
    legs.of('playEnded').map(({ playId, completed }) => [playId, completed]),
    [['x', false]],
  );
  const mix = { kind: 'mix', from: [], prompt: { promptId: 'missing', playId: 'y' } } as const;
  legs.bridge.handle({ do: 'setSource', legId: '1:a', source: mix });
  t.deepEqual(
    legs.of('playEnded').map(({ playId }) => playId),
    ['x', 'y'],
  );
});

test('a play that was replaced is told as not completed, once', async (t) => {
  const legs = bench();
  await legs.open('1:a');
  await load(legs, 'p', 8_000);
  play(legs, '1:a', 'p', 'x');
  legs.clock.advance(100);
  play(legs, '1:a', 'p', 'y');
  legs.clock.advance(2_000);
  legs.bridge.handle({ do: 'closeLeg', legId: '1:a' });
  await legs.settle();
  t.deepEqual(
    legs.of('playEnded').map(({ playId, completed }) => [playId, completed]),
    [
      ['x', false],
      ['y', true],
    ],
  );
});

test('the next source may be set from within the end of a play', async (t) => {
  const legs = bench();
  const { socket } = await legs.open('1:a');
  await load(legs, 'p', 320);
  const push = legs.events.push.bind(legs.events);
  legs.events.push = (...events) => {
    if (events.some(({ name }) => name === 'playEnded') && legs.of('playEnded').length === 0) {
      push(...events);
      play(legs, '1:a', 'tone:attention', 'y');
      return legs.events.length;
    }
    return push(...events);
  };
  play(legs, '1:a', 'p', 'x');
  legs.clock.advance(3_000);
  t.deepEqual(
    legs.of('playEnded').map(({ playId }) => playId),
    ['x', 'y'],
  );
  t.is(socket.sent.length, 2 + 50);
  t.is(brokenAt(socket.sent), -1);
});

test('a play waits for the address of the other side, and for its prompt being loaded', async (t) => {
  const legs = bench();
  const { socket } = await legs.open('1:a', null);
  legs.prompts.set('p', prompt(320));
  legs.bridge.handle({ do: 'loadPrompt', promptId: 'p', file: 'p', maxMs: 1_000 });
  play(legs, '1:a', 'p', 'x');
  legs.clock.advance(100);
  t.deepEqual(legs.of('playEnded'), []);
  await legs.settle();
  legs.clock.advance(100);
  t.deepEqual(legs.of('playStarted'), []);
  legs.bridge.handle({ do: 'setRemote', legId: '1:a', remote: REMOTE });
  legs.clock.advance(100);
  t.is(legs.of('playStarted').length, 1);
  t.true(legs.of('playEnded')[0]?.completed);
  t.is(socket.sent.length, 2);
});

test('a play whose prompt fails to load ends as not completed', async (t) => {
  const legs = bench();
  await legs.open('1:a');
  legs.bridge.handle({ do: 'loadPrompt', promptId: 'p', file: 'no.wav', maxMs: 1_000 });
  play(legs, '1:a', 'p', 'x');
  await legs.settle();
  t.is(legs.of('promptFailed')[0]?.reason, 'no such file');
  t.false(legs.of('playEnded')[0]?.completed);
});

test('the attention tone is there without any file', async (t) => {
  const legs = bench();
  const { socket } = await legs.open('1:a', { codec: 'PCMA', payloadType: 8 });
  play(legs, '1:a', 'tone:attention', 'x');
  legs.clock.advance(2_000);
  t.is(socket.sent.length, 50);
  t.true(socket.sent.every(({ payloadType }) => payloadType === 8));
  t.true(legs.of('playEnded')[0]?.completed);
});

test('while the other side holds us, a prompt waits and nothing is sent (RFC 3264 §8.4)', async (t) => {
  const legs = bench();
  const { socket } = await legs.open('1:a');
  const b = await legs.open('1:b');
  await load(legs, 'p', 1_600);
  play(legs, '1:a', 'p', 'x');
  legs.clock.advance(90);
  const before = socket.sent.length;
  const held = { ...REMOTE, direction: 'recvonly' } as const;
  legs.bridge.handle({ do: 'setRemote', legId: '1:a', remote: held });
  legs.clock.advance(1_000);
  t.is(socket.sent.length, before);
  t.deepEqual(legs.of('playEnded'), []);
  legs.bridge.handle({ do: 'setRemote', legId: '1:a', remote: REMOTE });
  legs.clock.advance(1_000);
  t.is(socket.sent.length, 10);
  t.is(brokenAt(socket.sent), -1);
  t.true(legs.of('playEnded')[0]?.completed);
  relay(legs, '1:a', '1:b');
  legs.bridge.handle({
    do: 'setRemote',
    legId: '1:a',
    remote: { ...REMOTE, direction: 'inactive' },
  });
  b.talker.say(bytes(1));
  t.is(socket.sent.length, 10);
});

test('strangers, other payload types and rubbish are dropped and counted', async (t) => {
  const legs = bench();
  const a = await legs.open('1:a');
  const b = await legs.open('1:b');
  relay(legs, '1:b', '1:a');
  a.talker.say(bytes(1));
  const stranger = new FakeTalker(a.socket, legs.clock);
  stranger.address = '192.0.2.66';
  stranger.say(bytes(2));
  stranger.address = REMOTE.address;
  stranger.port = 9_999;
  stranger.say(bytes(2));
  a.talker.payloadType = 18;
  a.talker.say(bytes(2));
  a.talker.raw(new Uint8Array(0));
  a.talker.payloadType = 0;
  a.talker.say(bytes(3, 40_000));
  t.deepEqual(
    b.socket.sent.map(({ payload }) => payload[0]),
    [1],
  );
  legs.clock.advance(1_000);
  const health = legs.of('legHealth').find(({ legId }) => legId === '1:a')?.health;
  t.is(health?.packetsRefused, 5);
  t.is(health?.packetsReceived, 1);
});

test('random datagrams of any size never throw and never reach another leg', async (t) => {
  const legs = bench();
  const random = new SeededRandom(77);
  const a = await legs.open('1:a');
  const b = await legs.open('1:b');
  relay(legs, '1:b', '1:a');
  legs.bridge.handle({ do: 'tap', legId: '1:a', record: true, detect: true });
  legs.bridge.handle({ do: 'listenForTones', legId: '1:a', tones: ['dtmf', 'busy', 'faxCalling'] });
  for (let n = 0; n < 3_000; n++) {
    const datagram = random.bytes(random.pick([0, 3, 11, 12, 13, 16, 40, 172, 1_500]));
    if (n % 2 === 0 && datagram.length > 1) {
      datagram[0] = 0x80;
      datagram[1] = random.pick([0, 13, 101, 0x80]);
    }
    t.notThrows(() => a.talker.raw(datagram));
    t.notThrows(() => a.socket.options.onRtcp(datagram, REMOTE.address, 4_001, n));
  }
  t.deepEqual(legs.faults, []);
  t.true(b.socket.sent.every(({ payloadType }) => [0, 13, 101].includes(payloadType)));
});

test('we send to the port that the other side really uses, and to its SDP until it is known', async (t) => {
  const legs = bench();
  const a = await legs.open('1:a');
  const b = await legs.open('1:b');
  relay(legs, '1:a', '1:b');
  b.talker.say(bytes(1));
  a.talker.port = 5_555;
  a.talker.say(bytes(9));
  b.talker.say(bytes(2));
  // A hold changes the direction alone: what is known of the port stays.
  legs.bridge.handle({
    do: 'setRemote',
    legId: '1:a',
    remote: { ...REMOTE, direction: 'sendonly' },
  });
  b.talker.say(bytes(3));
  legs.bridge.handle({ do: 'setRemote', legId: '1:a', remote: { ...REMOTE, rtpPort: 6_000 } });
  b.talker.say(bytes(4));
  t.deepEqual(
    a.socket.sent.map(({ port }) => port),
    [4_000, 5_555, 5_555, 6_000],
  );
  t.is(legs.of('audioStarted').filter(({ legId }) => legId === '1:a').length, 1);
});

test('laws are changed by table where they differ; comfort noise is not audio (RFC 3389)', async (t) => {
  const legs = bench();
  const a = await legs.open('1:a');
  const b = await legs.open('1:b', { codec: 'PCMA', payloadType: 8 });
  relay(legs, '1:b', '1:a');
  const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const expected = new Uint8Array(256);
  transcodePcmuToPcma(every, expected);
  a.talker.say(every);
  const noise = Uint8Array.of(0x40);
  a.talker.packet({ payloadType: 13, rtpTimestamp: a.talker.rtpTimestamp, payload: noise });
  t.deepEqual(
    b.socket.sent.map(({ payloadType, payload }) => [payloadType, payload]),
    [
      [8, expected],
      [13, noise],
    ],
  );
});

test('digits pass with the payload type of the other side and are told once (RFC 4733)', async (t) => {
  const legs = bench();
  const a = await legs.open('1:a');
  const b = await legs.open('1:b', { telephoneEventPayloadType: 96 });
  relay(legs, '1:b', '1:a');
  a.talker.say(bytes(1));
  a.talker.press(11, 100);
  a.talker.say(bytes(2));
  t.deepEqual(
    b.socket.sent.map(({ payloadType }) => payloadType),
    [0, ...repeated(96, 7), 0],
  );
  t.is(brokenAt(b.socket.sent.filter(({ payloadType }) => payloadType === 0).slice(0, 1)), -1);
  t.deepEqual(
    legs.of('digit').map(({ digit, durationMs, way }) => [digit, durationMs, way]),
    [['#', 100, 'rfc4733']],
  );
});

test('a side without RFC 4733 hears digits as tones, with the voice held back meanwhile', async (t) => {
  const legs = bench();
  const a = await legs.open('1:a');
  const b = await legs.open('1:b', { telephoneEventPayloadType: null });
  relay(legs, '1:b', '1:a');
  a.talker.say(bytes(1));
  legs.clock.advance(20);
  a.talker.press(5, 120);
  for (let n = 0; n < 20; n++) {
    a.talker.say(bytes(2));
    legs.clock.advance(20);
  }
  const heard: string[] = [];
  const detector = new DtmfDetector((event) => {
    if (event.name === 'digitEnded') heard.push(event.digit);
  });
  detector.push(decoded(b.socket.sent));
  t.deepEqual(heard, ['5']);
  t.true(b.socket.sent.every(({ payloadType }) => payloadType === 0));
  t.is(brokenAt(b.socket.sent), -1);
  const voice = b.socket.sent.map(({ payload }) => payload.every((octet) => octet === 2));
  // The tone and its pause last 200 ms, of which the phone's own end packets took 60.
  t.is(voice.filter(Boolean).length, 13);
  t.is(voice.indexOf(true), voice.length - 13);
});

test('a digit of ours goes out as RFC 4733 with the voice held back, or in band', async (t) => {
  const legs = bench();
  const a = await legs.open('1:a');
  const b = await legs.open('1:b');
  const c = await legs.open('1:c', { telephoneEventPayloadType: null });
  relay(legs, '1:b', '1:a');
  for (const legId of ['1:b', '1:c']) {
    legs.bridge.handle({ do: 'sendDigit', legId, digit: '7', durationMs: 100 });
    legs.bridge.handle({ do: 'sendDigit', legId, digit: 'x', durationMs: 100 });
  }
  for (let n = 0; n < 30; n++) {
    a.talker.say(bytes(2));
    legs.clock.advance(20);
  }
  const events = b.socket.sent.filter(({ payloadType }) => payloadType === 101);
  t.is(events.length, 7);
  t.true(events.every(({ payload }) => payload[0] === 7));
  t.is(new Set(events.map(({ rtpTimestamp }) => rtpTimestamp)).size, 1);
  const numbers = b.socket.sent.map(({ sequenceNumber }) => sequenceNumber);
  t.true(numbers.every((number, n) => n === 0 || number === ((numbers[n - 1]! + 1) & 0xffff)));
  t.is(b.socket.sent.filter(({ payloadType }) => payloadType === 0).length, 20);
  const heard: string[] = [];
  const detector = new DtmfDetector(({ name, digit }) => {
    if (name === 'digitEnded') heard.push(digit);
  });
  detector.push(decoded(c.socket.sent));
  t.deepEqual(heard, ['7']);
});

test('tones in the audio are told when asked for, and a phone that sends RFC 4733 is not heard twice', async (t) => {
  const legs = bench();
  const { talker } = await legs.open('1:a');
  const say = (tone: ToneSource, frames: number): void => {
    for (let n = 0; n < frames; n++) {
      talker.say(frameOf(tone));
      legs.clock.advance(20);
    }
  };
  say(dtmfTone('3'), 10);
  t.deepEqual(legs.of('digit'), []);
  legs.bridge.handle({ do: 'listenForTones', legId: '1:a', tones: ['dtmf', 'busy'] });
  say(dtmfTone('4'), 10);
  t.deepEqual(
    legs.of('digit').map(({ digit, way }) => [digit, way]),
    [['4', 'inBand']],
  );
  say(busyTone(), 200);
  t.deepEqual(
    legs.of('tone').map(({ tone }) => tone),
    ['busy'],
  );
  say(sineTone(1_100, -16), 50);
  t.is(legs.of('tone').length, 1);
  talker.press(8, 100);
  say(dtmfTone('8'), 10);
  t.deepEqual(
    legs.of('digit').map(({ digit }) => digit),
    ['4', '8'],
  );
});

test('a digit none of whose end packets came is told by the time (RFC 4733 §2.5.1.4)', async (t) => {
  const legs = bench();
  const { talker } = await legs.open('1:a');
  const payload = Uint8Array.of(1, 10, 0, 160);
  talker.packet({ payloadType: 101, rtpTimestamp: 5, payload });
  legs.clock.advance(300);
  t.deepEqual(
    legs.of('digit').map(({ digit }) => digit),
    ['1'],
  );
});

test('silence is told once, counted from the last packet', async (t) => {
  const legs = bench();
  const { talker } = await legs.open('1:a');
  legs.bridge.handle({ do: 'watchSilence', legId: '1:a', afterMs: 5_000 });
  legs.clock.advance(4_000);
  talker.say(bytes(1));
  legs.clock.advance(4_990);
  t.deepEqual(legs.of('silence'), []);
  legs.clock.advance(10);
  t.deepEqual(
    legs.of('silence').map(({ forMs }) => forMs),
    [5_000],
  );
  legs.clock.advance(60_000);
  t.is(legs.of('silence').length, 1);
  legs.bridge.handle({ do: 'watchSilence', legId: '1:a', afterMs: 1_000 });
  legs.clock.advance(500);
  legs.bridge.handle({ do: 'watchSilence', legId: '1:a', afterMs: null });
  legs.clock.advance(60_000);
  t.is(legs.of('silence').length, 1);
});

test('health is told each second with loss, order and level (RFC 3550 §6.4.1, RFC 6464)', async (t) => {
  const legs = bench();
  const { talker } = await legs.open('1:a');
  for (let n = 0; n < 49; n++) {
    if (n === 10) talker.sequenceNumber = (talker.sequenceNumber + 2) & 0xffff;
    talker.say(frameOf(sineTone(1_000, 0)));
    legs.clock.advance(20);
  }
  legs.clock.advance(1_020);
  const [first, second] = legs.of('legHealth').map(({ health }) => health);
  t.is(first?.packetsReceived, 49);
  t.is(first?.packetsLost, 2);
  t.true(Math.abs((first?.levelDbov ?? 0) + 3) <= 1);
  t.is(second?.levelDbov, -127);
  t.is(second?.packetsReceived, 49);
});

test('the recorder gets every packet as it came, telephone-events too, under the name of its call', async (t) => {
  const legs = bench();
  const { talker } = await legs.open('1:a');
  legs.bridge.handle({ do: 'tap', legId: '1:a', record: true, detect: false });
  const startMs = legs.clock.wallMs();
  talker.say(bytes(1));
  legs.clock.jumpWall(3_600_000);
  talker.press(2, 100);
  legs.bridge.handle({ do: 'assignLeg', legId: '1:a', callId: '2', speaker: 'staff' });
  talker.say(bytes(3));
  legs.bridge.handle({ do: 'closeLeg', legId: '1:a' });
  await legs.settle();
  const kept = legs.records.flatMap((tap) =>
    [...readPacketBatch(tap.packets)].map((packet) => ({ ...tap, ...packet })),
  );
  t.is(kept.length, 9);
  t.deepEqual(
    kept.map(({ callId }) => callId),
    [...repeated('1', 8), '2'],
  );
  t.deepEqual(
    kept.map(({ payloadType }) => payloadType),
    [0, ...repeated(101, 7), 0],
  );
  t.is(kept.at(-1)?.speaker, 'staff');
  t.deepEqual(Uint8Array.from(kept[0]?.payload ?? []), bytes(1));
  // A jump of the wall clock is none of the leg's.
  t.deepEqual(
    kept.map(({ arrivalMs }) => arrivalMs - startMs),
    [0, 0, 20, 40, 60, 80, 100, 120, 140],
  );
});

test('what no recorder took waits, and never goes under another name', async (t) => {
  const legs = bench();
  const { talker } = await legs.open('1:a');
  legs.bridge.connect({ record: null, detect: null });
  legs.bridge.handle({ do: 'tap', legId: '1:a', record: true, detect: true });
  talker.say(bytes(1));
  legs.clock.advance(1_000);
  legs.bridge.connect({ record: (tap) => legs.records.push(tap), detect: null });
  legs.clock.advance(200);
  t.is(legs.records.length, 1);
  legs.bridge.connect({ record: null, detect: null });
  talker.say(bytes(2));
  legs.bridge.handle({ do: 'assignLeg', legId: '1:a', callId: '2', speaker: 'staff' });
  legs.bridge.connect({ record: (tap) => legs.records.push(tap), detect: null });
  legs.clock.advance(1_000);
  t.is(legs.records.length, 1);
});

test('the detector gets 100 ms at a time on one time line beyond 2^32, gaps included', async (t) => {
  const legs = bench();
  const { talker } = await legs.open('1:a');
  legs.bridge.handle({ do: 'tap', legId: '1:a', record: false, detect: true });
  const startTick = talker.rtpTimestamp;
  for (let n = 0; n < 50; n++) {
    // One is lost, and its time passes.
    if (n === 20) {
      talker.sequenceNumber = (talker.sequenceNumber + 1) & 0xffff;
      talker.rtpTimestamp = (talker.rtpTimestamp + 160) >>> 0;
    } else talker.say(bytes(n));
    legs.clock.advance(20);
  }
  legs.bridge.handle({ do: 'closeLeg', legId: '1:a' });
  await legs.settle();
  t.deepEqual(
    legs.detections.map((tap) => [tap.startTick - startTick, tap.samples.length]),
    Array.from({ length: 10 }, (_, n) => [n * 800, 800]),
  );
  t.true((legs.detections.at(-1)?.startTick ?? 0) > 2 ** 32);
});

test('a tap that breaks is cut off and reported; the call and its other tap go on', async (t) => {
  const legs = bench();
  const a = await legs.open('1:a');
  const b = await legs.open('1:b');
  relay(legs, '1:b', '1:a');
  legs.bridge.connect({
    record: (tap) => legs.records.push(tap),
    detect: () => {
      throw new Error('broken');
    },
  });
  legs.bridge.handle({ do: 'tap', legId: '1:a', record: true, detect: true });
  for (let n = 0; n < 50; n++) {
    a.talker.say(bytes(n));
    legs.clock.advance(20);
  }
  t.is(b.socket.sent.length, 50);
  t.deepEqual(
    legs.faults.map(({ what, message }) => [what, message]),
    [['listenerCutOff', 'detect: broken']],
  );
  t.is(legs.records.flatMap((tap) => [...readPacketBatch(tap.packets)]).length, 50);
});

test('a leg hears nothing but what its source names: no call ever hears another', async (t) => {
  const legs = bench();
  const hz = { '1:a': 500, '1:b': 700, '2:a': 1_100, '2:b': 1_300 };
  const all = new Map<string, Awaited<ReturnType<BenchLegs['open']>>>();
  for (const legId of Object.keys(hz)) all.set(legId, await legs.open(legId));
  relay(legs, '1:a', '1:b');
  relay(legs, '2:a', '2:b');
  relay(legs, '1:b', '1:a');
  const mix = { kind: 'mix', from: ['2:a'], prompt: null } as const;
  legs.bridge.handle({ do: 'setSource', legId: '2:b', source: mix });
  const tones = new Map(Object.entries(hz).map(([legId, tone]) => [legId, sineTone(tone, -10)]));
  for (let n = 0; n < 50; n++) {
    for (const [legId, { talker }] of all) {
      const tone = tones.get(legId);
      if (tone !== undefined) talker.say(frameOf(tone));
    }
    legs.clock.advance(20);
  }
  const heardBy = { '1:a': 700, '1:b': 500, '2:a': 1_300, '2:b': 1_100 };
  for (const [legId, own] of Object.entries(heardBy)) {
    const samples = decoded(all.get(legId)?.socket.sent.slice(10, 45) ?? []);
    for (const tone of Object.values(hz)) {
      const power = goertzelPower(samples, tone, 8_000);
      if (tone === own) t.true(power > 1e6, `${legId} hears ${tone} Hz`);
      else t.true(power < 1e4, `${legId} does not hear ${tone} Hz: ${power}`);
    }
  }
});

test('a relay from a leg that is not there is silent until it comes, and again after it has gone', async (t) => {
  const legs = bench();
  const b = await legs.open('1:b');
  relay(legs, '1:b', '1:a');
  const a = await legs.open('1:a');
  a.talker.say(bytes(1));
  t.is(b.socket.sent.length, 1);
  legs.bridge.handle({ do: 'closeLeg', legId: '1:a' });
  await legs.settle();
  a.talker.say(bytes(2));
  t.is(b.socket.sent.length, 1);
});

test('a mix adds its voices and prompt, goes on through a change, and spares the ear of the staff', async (t) => {
  const legs = bench();
  const a = await legs.open('1:a');
  const b = await legs.open('1:b');
  const c = await legs.open('1:c', {}, 'staff');
  await load(legs, 'p', 800);
  const source = (prompt: { promptId: string; playId: string } | null): void => {
    const mix = { kind: 'mix', from: ['1:a', '1:b'], prompt } as const;
    legs.bridge.handle({ do: 'setSource', legId: '1:c', source: mix });
  };
  source(null);
  const [one, two] = [sineTone(500, -3), sineTone(900, -3)];
  for (let n = 0; n < 60; n++) {
    if (n === 30) source({ promptId: 'p', playId: 'warn' });
    a.talker.say(frameOf(one));
    b.talker.say(frameOf(two));
    legs.clock.advance(20);
  }
  t.is(brokenAt(c.socket.sent), -1);
  t.is(c.socket.sent.filter(({ marker }) => marker).length, 1);
  const samples = decoded(c.socket.sent.slice(10));
  for (const tone of [500, 900]) t.true(goertzelPower(samples, tone, 8_000) > 1e6);
  // −6 dBFS, to the nearest step of µ-law.
  t.true(samples.every((sample) => Math.abs(sample) <= 16_764));
  t.is(legs.of('playStarted').length, 1);
  t.true(legs.of('playEnded')[0]?.completed);
  // No voice is lost at the change: not one frame after the start is silence.
  t.true(c.socket.sent.slice(5).every(({ payload }) => payload.some((octet) => octet !== 0xff)));
});

test('RTCP reports go out every 5 s or so, and the round trip comes back (RFC 3550 §6.4)', async (t) => {
  const legs = bench();
  const a = await legs.open('1:a');
  legs.bridge.handle({ do: 'setSource', legId: '1:a', source: { kind: 'tone', tone: 'busy' } });
  for (let n = 0; n < 1_000; n++) {
    a.talker.say(bytes(1));
    legs.clock.advance(20);
  }
  const reports = a.socket.rtcp;
  t.true(reports.length >= 2 && reports.length <= 8);
  t.true(reports.every(({ port, datagram }) => port === 4_001 && datagram[1] === 200));
  const last = reports.at(-1)?.datagram ?? new Uint8Array(28);
  // A receiver report that names our last report, sent back at once.
  const answer = new Uint8Array(32);
  answer.set([0x81, 201, 0, 7]);
  answer.set(last.subarray(4, 8), 8);
  answer.set(last.subarray(10, 14), 24);
  a.socket.options.onRtcp(answer, REMOTE.address, 4_001, legs.clock.monotonicMs());
  legs.clock.advance(1_000);
  t.not(legs.of('legHealth').at(-1)?.health.roundTripMs, null);
});

test('legs have a limit, and ports that are used up are told', async (t) => {
  const legs = new BenchLegs(new SeededRandom(3), { ...SETTINGS, lastPort: 20_003, legsMax: 3 });
  for (const legId of ['1:a', '1:b', '2:a', '2:b']) {
    legs.bridge.handle({ do: 'openLeg', legId, callId: legId, speaker: 'caller', port: null });
  }
  await legs.settle();
  t.deepEqual(
    legs.of('legOpened').map(({ rtpPort }) => rtpPort),
    [20_000, 20_002],
  );
  t.deepEqual(
    legs.of('legFailed').map(({ legId, reason }) => [legId, reason]),
    [
      ['2:b', 'all 3 legs are in use'],
      ['2:a', 'no free pair'],
    ],
  );
  legs.bridge.handle({ do: 'closeLeg', legId: '1:a' });
  await legs.settle();
  await legs.open('3:a');
  t.is(legs.of('legOpened').at(-1)?.rtpPort, 20_000);
});

test('ports go round the range, so that a new call does not inherit the last packets of an old one', async (t) => {
  const legs = bench();
  for (const legId of ['1:a', '2:a', '3:a']) {
    await legs.open(legId);
    legs.bridge.handle({ do: 'closeLeg', legId });
    await legs.settle();
  }
  t.deepEqual(
    legs.of('legOpened').map(({ rtpPort }) => rtpPort),
    [20_000, 20_002, 20_004],
  );
});

test('a leg closed while it opens frees its port and is told once; so is one that never was', async (t) => {
  const legs = bench();
  legs.bridge.handle({ do: 'openLeg', legId: '1:a', callId: '1', speaker: 'caller', port: null });
  legs.bridge.handle({ do: 'closeLeg', legId: '1:a' });
  legs.bridge.handle({ do: 'closeLeg', legId: '9:z' });
  await legs.settle();
  t.deepEqual(legs.of('legOpened'), []);
  const closed = legs.of('legClosed').map(({ legId }) => legId);
  t.deepEqual(closed.sort(), ['1:a', '9:z']);
  t.true(legs.sockets.every(({ isOpen }) => !isOpen));
  t.is(legs.clock.pendingCount, 0);
});

test('A-law prompts are the same samples in the other law', async (t) => {
  const legs = bench();
  const { socket } = await legs.open('1:a', { codec: 'PCMA', payloadType: 8 });
  await load(legs, 'p', 160);
  play(legs, '1:a', 'p', 'x');
  legs.clock.advance(100);
  const octets = new Uint8Array(160);
  encodePcma(prompt(160).samples, octets);
  t.deepEqual(socket.sent[0]?.payload, octets);
});

test('announcements have a limit, and one that failed may come again', async (t) => {
  const legs = bench();
  for (let n = 0; n < 40; n++) {
    legs.prompts.set(`${n}`, prompt(160));
    const load = { do: 'loadPrompt', promptId: `${n}`, file: `${n}`, maxMs: 1_000 } as const;
    legs.bridge.handle(load);
  }
  await legs.settle();
  // The attention tone has a place of its own.
  t.is(legs.of('promptLoaded').length, 31);
  t.is(legs.of('promptFailed').length, 9);
  const other = bench();
  await load(other, 'p', 0);
  other.bridge.handle({ do: 'loadPrompt', promptId: 'q', file: 'q', maxMs: 1_000 });
  await other.settle();
  await load(other, 'q', 160);
  t.deepEqual(
    other.of('promptLoaded').map(({ promptId }) => promptId),
    ['p', 'q'],
  );
});
