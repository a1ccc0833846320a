import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventEmitter, once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { encodeWav, readPacketBatch } from 'node-mediastream';
import { silentLog, systemClock, type LogFields } from '../../../base/index.js';
import { startBridge, type BridgeClient, type BridgeClientOptions } from './bridge-client.js';
import type { BridgeSettings, DetectTap, RecordTap } from './bridge-protocol.js';
import { EventLog } from './testing/event-log.js';
import { RealPhone } from './testing/real-phone.js';

const WINDOW = 20;

interface Bench {
  readonly bridge: BridgeClient;
  readonly log: EventLog;
  readonly a: RealPhone;
  readonly b: RealPhone;
}

/** Two telephones and a bridge in its own thread; each test has ports of its own. */
async function bench(
  t: ExecutionContext,
  firstPort: number,
  more: Partial<BridgeClientOptions> = {},
): Promise<Bench> {
  const settings: BridgeSettings = {
    bindAddress: '127.0.0.1',
    advertisedAddress: '127.0.0.1',
    firstPort,
    lastPort: firstPort + 99,
    legsMax: 8,
    detectBatchMs: 100,
  };
  const log = new EventLog();
  const bridge = startBridge(settings, {
    clock: systemClock,
    log: silentLog,
    onEvent: log.push,
    onLost: (cause) => t.fail(cause.message),
    ...more,
  });
  const a = await RealPhone.open(0xa, firstPort + 200);
  const b = await RealPhone.open(0xb, firstPort + 200);
  t.teardown(async () => {
    await bridge.close();
    await Promise.all([a.close(), b.close()]);
  });
  for (const [legId, phone, speaker] of [
    ['1:a', a, 'caller'],
    ['1:b', b, 'staff'],
  ] as const) {
    bridge.send({ do: 'openLeg', legId, callId: '1', speaker, port: null });
    phone.toPort = (await log.first('legOpened', (event) => event.legId === legId)).rtpPort;
    bridge.send({ do: 'setRemote', legId, remote: phone.remote });
  }
  return { bridge, log, a, b };
}

const relay = (bridge: BridgeClient, legId: string, from: string): void =>
  bridge.send({ do: 'setSource', legId, source: { kind: 'relay', from } });

const payloadAt = (n: number, salt: number): Uint8Array =>
  Uint8Array.from({ length: 160 }, (_, i) => (n * 7 + i * salt) & 0xff);

/** Sends `count` packets in windows, so that the sockets' buffers are not what is tested. */
async function talk(from: RealPhone, to: RealPhone, count: number, salt: number): Promise<void> {
  for (let n = 0; n < count; n += WINDOW) {
    const wanted = to.received.length + WINDOW;
    for (let i = n; i < n + WINDOW; i++) from.say(payloadAt(i, salt));
    await to.until(({ received }) => received.length >= wanted);
  }
}

/** The first place where the stream is not one unbroken stream; −1 when it is. */
function brokenAt({ received }: RealPhone): number {
  return received.findIndex((packet, n) => {
    const before = received[n - 1];
    if (before === undefined) return false;
    const step = (packet.sequenceNumber - before.sequenceNumber) & 0xffff;
    return (
      packet.ssrc !== before.ssrc ||
      step !== 1 ||
      ((packet.rtpTimestamp - before.rtpTimestamp) | 0) <= 0
    );
  });
}

test('500 packets pass both ways at once: none lost, each bit as it was, one unbroken stream', async (t) => {
  const { bridge, log, a, b } = await bench(t, 30_000);
  relay(bridge, '1:a', '1:b');
  relay(bridge, '1:b', '1:a');
  await Promise.all([talk(a, b, 500, 3), talk(b, a, 500, 5)]);
  for (const [phone, salt] of [
    [b, 3],
    [a, 5],
  ] as const) {
    t.is(phone.received.length, 500);
    t.true(
      phone.received.every(({ payload }, n) => Buffer.from(payloadAt(n, salt)).equals(payload)),
    );
    t.is(brokenAt(phone), -1);
  }
  bridge.send({ do: 'closeLeg', legId: '1:a' });
  const { health } = await log.first('legClosed');
  t.is(health.packetsReceived, 500);
  t.is(health.packetsSent, 500);
  t.is(health.packetsLost, 0);
});

test('an announcement from a file of another rate, the call, and music again are one stream', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'prompt.wav');
  const samples = Int16Array.from({ length: 4_800 }, (_, n) => 8_000 * Math.sin(n / 10));
  await writeFile(file, encodeWav(samples, { sampleRateHz: 16_000, channelCount: 1 }));
  await writeFile(join(folder, 'none.wav'), 'this is no WAV');
  const { bridge, log, a, b } = await bench(t, 30_400);
  bridge.send({ do: 'loadPrompt', promptId: 'p', file, maxMs: 60_000 });
  bridge.send({
    do: 'loadPrompt',
    promptId: 'none',
    file: join(folder, 'none.wav'),
    maxMs: 60_000,
  });
  bridge.send({
    do: 'loadPrompt',
    promptId: 'gone',
    file: join(folder, 'gone.wav'),
    maxMs: 60_000,
  });
  t.is((await log.first('promptLoaded')).durationMs, 300);
  await log.first('promptFailed', ({ promptId }) => promptId === 'none');
  await log.first('promptFailed', ({ promptId }) => promptId === 'gone');
  for (const playId of ['one', 'two']) {
    const askedMs = Date.now();
    bridge.send({
      do: 'setSource',
      legId: '1:b',
      source: { kind: 'play', promptId: 'p', playId, repeat: false },
    });
    const started = await log.first('playStarted', (event) => event.playId === playId);
    const ended = await log.first('playEnded', (event) => event.playId === playId);
    t.true(ended.completed);
    t.true(started.atWallMs - askedMs < 1_000);
    relay(bridge, '1:b', '1:a');
    await talk(a, b, 40, 3);
  }
  t.is(b.received.length, 2 * 15 + 2 * 40);
  t.is(brokenAt(b), -1);
  const marks = b.received.flatMap(({ marker }, n) => (marker ? [n] : []));
  t.deepEqual(marks, [0, 15, 55, 70]);
});

test('the taps bring every packet to their threads, and the last of them before the leg is closed', async (t) => {
  const record = new MessageChannel();
  const detect = new MessageChannel();
  const { bridge, log, a } = await bench(t, 30_800, {
    recordPort: record.port1,
    detectPort: detect.port1,
  });
  const kept: RecordTap[] = [];
  const heard: DetectTap[] = [];
  record.port2.on('message', (tap: RecordTap) => kept.push(tap));
  detect.port2.on('message', (tap: DetectTap) => heard.push(tap));
  t.teardown(() => [record.port2, detect.port2].forEach((port) => port.close()));
  bridge.send({ do: 'tap', legId: '1:a', record: true, detect: true });
  relay(bridge, '1:b', '1:a');
  const digit = Uint8Array.of(1, 0x8a, 3, 32);
  for (let n = 0; n < 25; n++) a.say(payloadAt(n, 3));
  a.say(digit, 101);
  const told = await log.first('digit');
  t.is(told.durationMs, 100);
  bridge.send({ do: 'closeLeg', legId: '1:a' });
  const { health } = await log.first('legClosed');
  const keptCount = (): number =>
    kept.flatMap(({ packets }) => [...readPacketBatch(packets)]).length;
  while (keptCount() < health.packetsReceived) await once(record.port2, 'message');
  while (heard.reduce((sum, { samples }) => sum + samples.length, 0) < 4_000)
    await once(detect.port2, 'message');
  const packets = kept.flatMap(({ packets: batch }) => [...readPacketBatch(batch)]);
  t.is(packets.length, health.packetsReceived);
  t.is(packets.length, 26);
  t.true(
    packets.slice(0, 25).every(({ payload }, n) => Buffer.from(payloadAt(n, 3)).equals(payload)),
  );
  t.deepEqual(Uint8Array.from(packets[25]?.payload ?? []), digit);
  t.true(Math.abs((packets[0]?.arrivalMs ?? 0) - Date.now()) < 60_000);
  // The two threads' monotonic clocks are one.
  const ageMs = performance.now() - (heard[0]?.arrivedMs ?? 0);
  t.true(ageMs >= -1 && ageMs < 10_000, `${ageMs}`);
});

test('a recorder that dies loses nothing of what comes after: it waits for the next one', async (t) => {
  const first = new MessageChannel();
  const second = new MessageChannel();
  const closed = new EventEmitter();
  const log = {
    ...silentLog,
    warn: (_: string, fields?: LogFields) => closed.emit('warn', fields),
  };
  const { bridge, a, b } = await bench(t, 32_000, { recordPort: first.port1, log });
  bridge.send({ do: 'tap', legId: '1:a', record: true, detect: false });
  relay(bridge, '1:b', '1:a');
  const warned = once(closed, 'warn');
  first.port2.close();
  t.deepEqual(await warned, [{ what: 'tapClosed', legId: null, message: 'recordPort' }]);
  await talk(a, b, 40, 3);
  bridge.connect({ recordPort: second.port1 });
  bridge.send({ do: 'closeLeg', legId: '1:a' });
  const taps: RecordTap[] = [];
  const count = (): number => taps.flatMap(({ packets }) => [...readPacketBatch(packets)]).length;
  second.port2.on('message', (tap: RecordTap) => taps.push(tap));
  while (count() < 40) await once(second.port2, 'message');
  t.is(count(), 40);
  second.port2.close();
});

test('RTCP reports arrive on the odd port (RFC 3550 §11)', async (t) => {
  const { bridge, a } = await bench(t, 31_200);
  bridge.send({ do: 'closeLeg', legId: '1:a' });
  await a.until(({ reports }) => reports.length > 0);
  const [report] = a.reports;
  // A receiver report, its canonical name, and the BYE of a leg that ends (§6.3.7).
  t.is(report?.[1], 201);
});

test('a worker that dies is told once, with its cause', async (t) => {
  const settings: BridgeSettings = {
    bindAddress: '127.0.0.1',
    advertisedAddress: '127.0.0.1',
    firstPort: 31_600,
    lastPort: 31_699,
    legsMax: 2,
    // Nonsense from the configuration, which checks it: here it stands for any bug of ours.
    detectBatchMs: Infinity,
  };
  const causes: Error[] = [];
  const lost = new Promise<void>((resolve) => {
    const bridge = startBridge(settings, {
      clock: systemClock,
      log: silentLog,
      onEvent: () => undefined,
      onLost: (cause) => {
        causes.push(cause);
        resolve();
      },
    });
    bridge.send({ do: 'openLeg', legId: '1:a', callId: '1', speaker: 'caller', port: null });
    t.teardown(() => bridge.close());
  });
  await lost;
  t.is(causes.length, 1);
  t.regex(causes[0]?.message ?? '', /length/);
});
