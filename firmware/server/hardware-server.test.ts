import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { silentLog, systemClock, UnavailableError } from '../../base/index.js';
import { HardwareClient, Key, Pattern, type KeyEvent } from '../../proto/index.js';
import { BoxFront } from '../devices/index.js';
import { FakeHardware } from '../hal/index.js';
import { startHardwareServer } from './index.js';

async function open(t: ExecutionContext, path = 'run/firmware.sock') {
  const folder = await mkdtemp(join(tmpdir(), 'tatebako-fw-'));
  const socketPath = join(folder, path);
  const hardware = new FakeHardware(systemClock);
  const front = new BoxFront({ hardware, clock: systemClock, log: silentLog });
  const server = await startHardwareServer({ socketPath, front, log: silentLog });
  const client = new HardwareClient(`unix:${socketPath}`, credentials.createInsecure());
  t.teardown(async () => {
    client.close();
    await server.close();
    front.close();
    hardware.close();
    await rm(folder, { recursive: true });
  });
  return { folder, socketPath, hardware, front, client };
}

const codeOf = (call: (answer: (error: ServiceError | null) => void) => unknown): Promise<status> =>
  new Promise((resolve) => {
    call((error) => resolve(error?.code ?? status.OK));
  });

test('the socket is for its group alone, under its name and no other', async (t) => {
  const { folder, socketPath } = await open(t);
  t.is((await stat(socketPath)).mode & 0o777, 0o660);
  t.is((await stat(join(folder, 'run'))).mode & 0o027, 0);
  t.deepEqual(await readdir(join(folder, 'run')), ['firmware.sock']);
});

test('a second daemon on the same socket is refused and the first goes on', async (t) => {
  const { socketPath, front, client } = await open(t);
  const error = await t.throwsAsync(startHardwareServer({ socketPath, front, log: silentLog }), {
    instanceOf: UnavailableError,
  });
  t.is(error.code, 'socket-taken');
  t.is(await codeOf((answer) => client.getHealth({}, answer)), status.OK);
});

test('what a killed daemon left at the path, socket or file, is replaced', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tatebako-fw-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const socketPath = join(folder, 'firmware.sock');
  await writeFile(socketPath, '');
  const hardware = new FakeHardware(systemClock);
  const front = new BoxFront({ hardware, clock: systemClock, log: silentLog });
  const server = await startHardwareServer({ socketPath, front, log: silentLog });
  t.true((await stat(socketPath)).isSocket());
  await server.close();
  front.close();
  hardware.close();
});

test('a path that no socket can have is told with its limit, before anything is made', async (t) => {
  const hardware = new FakeHardware(systemClock);
  const front = new BoxFront({ hardware, clock: systemClock, log: silentLog });
  const socketPath = join(tmpdir(), 'x'.repeat(200), 'a.sock');
  await t.throwsAsync(startHardwareServer({ socketPath, front, log: silentLog }), {
    instanceOf: UnavailableError,
    message: /at most 103 bytes/,
  });
  front.close();
});

test('patterns and leases reach the hardware; what makes no sense is refused and changes nothing', async (t) => {
  const { client, front } = await open(t);
  const renew = (leaseMs: number): Promise<status> =>
    codeOf((answer) => client.renewLease({ leaseMs }, answer));
  t.is(await renew(3_000), status.OK);
  const set = (pattern: Pattern): Promise<status> =>
    codeOf((answer) => client.setPattern({ pattern }, answer));
  t.is(await set(Pattern.PATTERN_LEVEL_2), status.OK);
  t.is(front.health.pattern, 'level2');
  t.is(await set(Pattern.PATTERN_UNSPECIFIED), status.INVALID_ARGUMENT);
  t.is(await renew(0), status.INVALID_ARGUMENT);
  t.is(await renew(10_001), status.INVALID_ARGUMENT);
  const health = await new Promise((resolve) => {
    client.getHealth({}, (_error, response) => resolve(response));
  });
  t.deepEqual(health, {
    simulated: true,
    lineOnBox: true,
    pattern: Pattern.PATTERN_LEVEL_2,
    faults: [],
  });
});

test('a press reaches every watcher within 300 ms; the ninth watcher is refused', async (t) => {
  const { client, hardware } = await open(t);
  const streams = Array.from({ length: 8 }, () => client.watchKeys({}));
  for (const stream of streams) stream.on('error', () => undefined);
  await Promise.all(streams.map((stream) => once(stream, 'metadata')));
  const ninth = client.watchKeys({}, new Metadata());
  const refused = new Promise((resolve) => {
    ninth.on('error', ({ code }: ServiceError) => resolve(code)).resume();
  });
  t.is(await refused, status.RESOURCE_EXHAUSTED);
  const heard = Promise.all(
    streams.map((stream) => new Promise<KeyEvent>((resolve) => stream.once('data', resolve))),
  );
  const beganMs = systemClock.monotonicMs();
  hardware.press('sos');
  for (const { key, heldMs } of await heard) t.deepEqual([key, heldMs], [Key.KEY_SOS, 0]);
  t.true(systemClock.monotonicMs() - beganMs < 300);
  for (const stream of streams) stream.cancel();
  // Places are given back: a new watcher is let in.
  for (let i = 0; ; i += 1) {
    const again = client.watchKeys({});
    again.on('error', () => undefined);
    const isIn = await Promise.race([
      once(again, 'metadata').then(() => true),
      new Promise<boolean>((resolve) => again.once('error', () => resolve(false))),
    ]);
    again.cancel();
    if (isIn) break;
    t.true(i < 50);
  }
});

test('a listener that is no gRPC at the path still counts as a live process', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tatebako-fw-'));
  const socketPath = join(folder, 'a.sock');
  const other = createServer().listen(socketPath);
  await once(other, 'listening');
  const hardware = new FakeHardware(systemClock);
  const front = new BoxFront({ hardware, clock: systemClock, log: silentLog });
  await t.throwsAsync(startHardwareServer({ socketPath, front, log: silentLog }), {
    message: /another process/,
  });
  front.close();
  other.close();
  await once(other, 'close');
  await rm(folder, { recursive: true });
});
