import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, status, type ServiceError } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../../base/index.js';
import { FakeClock } from '../../base/testing/fake-clock.js';
import { BoxClient, Role, type WatchEventsResponse } from '../../proto/index.js';
import { startControl } from './index.js';
import { CALLS, FakeBox, STATUS } from './testing/fake-box.js';

async function open(t: ExecutionContext) {
  const folder = await mkdtemp(join(tmpdir(), 'tatebako-ctl-'));
  const socketPath = join(folder, 'run', 'agent.sock');
  const box = new FakeBox();
  const clock = new FakeClock();
  const control = await startControl({ socketPath, box, clock, log: silentLog });
  const client = new BoxClient(`unix:${socketPath}`, credentials.createInsecure());
  t.teardown(async () => {
    client.close();
    await control.close();
    await rm(folder, { recursive: true });
  });
  return { socketPath, box, clock, client };
}

type Rpc<T> = (answer: (error: ServiceError | null, response: T) => void) => unknown;

const ask = <T>(rpc: Rpc<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    rpc((error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });

const refusal = async <T>(rpc: Rpc<T>): Promise<status> =>
  ask(rpc).then(
    () => status.OK,
    (error: ServiceError) => error.code,
  );

test('status and calls come as the box says them, on a socket for its group alone', async (t) => {
  const { socketPath, client, box } = await open(t);
  t.is((await stat(socketPath)).mode & 0o777, 0o660);
  const { json } = await ask<{ json: string }>((answer) => client.getStatus({}, answer));
  t.deepEqual(JSON.parse(json), STATUS);
  const request = { sinceWallMs: 5, number: '0900', limit: 0 };
  const { callJson } = await ask<{ callJson: string[] }>((answer) =>
    client.listCalls(request, answer),
  );
  t.deepEqual(
    callJson.map((text): unknown => JSON.parse(text)),
    CALLS.slice(0, 1),
  );
  t.deepEqual(box.queries, [{ sinceMs: 5, number: '0900', limit: 100 }]);
});

test('a box that says of itself what it never promised is a bug, told as one', async (t) => {
  const { client, box } = await open(t);
  box.status = { ...STATUS, line: { state: 'perhaps' } };
  t.is(await refusal((answer) => client.getStatus({}, answer)), status.INTERNAL);
  box.status = STATUS;
  t.is(await refusal((answer) => client.getStatus({}, answer)), status.OK);
});

test('hostile requests are refused and never reach the box', async (t) => {
  const { client, box } = await open(t);
  const list = (number: string, limit: number): Promise<status> =>
    refusal((answer) => client.listCalls({ sinceWallMs: NaN, number, limit }, answer));
  t.is(await list('0'.repeat(129), 1), status.INVALID_ARGUMENT);
  t.is(await list('', 1_001), status.INVALID_ARGUMENT);
  const token = (role: Role, days: number): Promise<status> =>
    refusal((answer) => client.createToken({ role, days }, answer));
  t.is(await token(Role.ROLE_UNSPECIFIED, 1), status.INVALID_ARGUMENT);
  t.is(await token(Role.ROLE_AUDITOR, 3_651), status.INVALID_ARGUMENT);
  t.is(
    await refusal((answer) => client.panic({ by: 'x'.repeat(1_000_000) }, answer)),
    status.INVALID_ARGUMENT,
  );
  t.deepEqual([box.queries, box.deeds], [[], []]);
});

test('a token without a number of days lasts a year; a full table is not a bug', async (t) => {
  const { client, box } = await open(t);
  const make: Rpc<unknown> = (answer) =>
    client.createToken({ role: Role.ROLE_INSTALLER, days: 0 }, answer);
  t.is(await refusal(make), status.OK);
  t.deepEqual(box.deeds, ['token installer 365']);
  box.isTableFull = true;
  t.is(await refusal(make), status.ABORTED);
});

test('calling for help again within 10 s is the same call for help', async (t) => {
  const { client, box, clock } = await open(t);
  const panic = (): Promise<{ alertId: string }> =>
    ask((answer) => client.panic({ by: 'カウンター' }, answer));
  const [first, second] = await Promise.all([panic(), panic()]);
  t.is(first.alertId, second.alertId);
  clock.advance(9_999);
  t.is((await panic()).alertId, first.alertId);
  clock.advance(1);
  t.not((await panic()).alertId, first.alertId);
  t.deepEqual(box.deeds, ['panic カウンター', 'panic カウンター']);
});

test('acknowledging without naming an alert acknowledges all', async (t) => {
  const { client, box } = await open(t);
  for (const alertId of ['', 'alert-1']) {
    await ask((answer) => client.acknowledgeAlert({ alertId, by: '' }, answer));
  }
  t.deepEqual(box.deeds, ['acknowledge all control', 'acknowledge alert-1 control']);
});

test('a recording arrives whole, whatever the size of its parts; a missing one is told apart', async (t) => {
  const { client, box } = await open(t);
  box.audioParts = [Buffer.from('RIFF'), new Uint8Array(6_000_000).fill(7), new Uint8Array(0)];
  const sizeOf = async (callId: string): Promise<number> => {
    let sizeBytes = 0;
    for await (const part of client.readCallAudio({ callId })) {
      const { wav } = part as { wav: Buffer };
      sizeBytes += wav.length;
    }
    return sizeBytes;
  };
  t.is(await sizeOf('call-2'), 6_000_004);
  t.is((await t.throwsAsync(sizeOf('call-1')))?.message.slice(0, 1), '9');
  t.is((await t.throwsAsync(sizeOf('none')))?.message.slice(0, 1), '5');
});

test('whoever hangs up in the middle of a recording stops the reading of it', async (t) => {
  const { client, box } = await open(t);
  box.audioParts = Array.from({ length: 1_000 }, () => new Uint8Array(100_000));
  const stream = client.readCallAudio({ callId: 'call-2' });
  const failed = new Promise((resolve) => stream.once('error', resolve));
  await new Promise((resolve) => stream.once('data', resolve));
  stream.pause().cancel();
  await failed;
  await ask((answer) => client.getStatus({}, answer));
  const readBytes = box.audioPartsRead * 100_000;
  t.true(readBytes < 50_000_000, `${readBytes} bytes`);
});

test('watchers hear events from then on, levels only when asked for, and the ninth is refused', async (t) => {
  const { client, box } = await open(t);
  const watch = (levels: boolean) => {
    const stream = client.watchEvents({ levels });
    const heard: string[] = [];
    stream.on('error', () => undefined);
    stream.on('data', ({ json }: WatchEventsResponse) => heard.push(json));
    return { stream, heard };
  };
  const watchers = Array.from({ length: 8 }, (_, i) => watch(i === 0));
  await Promise.all(watchers.map(({ stream }) => once(stream, 'metadata')));
  const ninth = client.watchEvents({ levels: false });
  const [error] = (await once(ninth.resume(), 'error').catch((cause: unknown) => [cause])) as [
    ServiceError,
  ];
  t.is(error.code, status.RESOURCE_EXHAUSTED);
  box.emit({ kind: 'levels', callerDbov: -20 });
  box.emit({ kind: 'raised', level: 2 });
  await Promise.all(
    watchers.map(async ({ stream, heard }) => {
      while (!heard.some((json) => json.includes('raised'))) await once(stream, 'data');
    }),
  );
  t.deepEqual(
    watchers.map(({ heard }) => heard.length),
    [2, 1, 1, 1, 1, 1, 1, 1],
  );
  for (const { stream } of watchers) stream.cancel();
  while (box.listeners.size > 0) await new Promise((resolve) => setImmediate(resolve));
  t.pass();
});

test('a watcher that never reads holds no more than the queue, and everyone else hears all', async (t) => {
  const { client, box } = await open(t);
  const stuck = client.watchEvents({ levels: true }).pause();
  stuck.on('error', () => undefined);
  const live = client.watchEvents({ levels: true });
  live.on('error', () => undefined);
  let heard = 0;
  live.on('data', () => (heard += 1));
  await Promise.all([once(stuck, 'metadata'), once(live, 'metadata')]);
  const text = 'x'.repeat(10_000);
  for (let i = 0; i < 2_000; i += 1) {
    box.emit({ kind: 'levels', i, text });
    // The live reader keeps up, as a reader does; only the stuck one falls behind.
    while (i - heard > 5) await once(live, 'data');
  }
  box.emit({ kind: 'ended' });
  await ask((answer) => client.getStatus({}, answer));
  let lastJson = '';
  let readByStuck = 0;
  let wasTold = false;
  const all = new Promise<void>((resolve) => {
    stuck.on('data', ({ json }: WatchEventsResponse) => {
      lastJson = json;
      readByStuck += 1;
      if (json.startsWith('{"kind":"dropped"')) wasTold = true;
      if (json === '{"kind":"ended"}') resolve();
    });
  });
  stuck.resume();
  await all;
  t.true(wasTold);
  t.is(lastJson, '{"kind":"ended"}');
  t.true(readByStuck < 2_000, `${readByStuck}`);
  t.true(heard >= 2_000, `${heard}`);
  stuck.cancel();
  live.cancel();
});
