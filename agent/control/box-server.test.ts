import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, status, type ServiceError } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../../base/index.js';
import { FakeClock } from '../../base/testing/fake-clock.js';
import {
  BoxClient,
  Role,
  watchedEventJson,
  type ReadCallAudioResponse,
  type WatchEventsResponse,
} from '../../proto/index.js';
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

const refusal = <T>(rpc: Rpc<T>): Promise<status> =>
  new Promise((resolve) => {
    rpc((error) => resolve(error?.code ?? status.OK));
  });

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
  box.status = { ...STATUS, counts: { rtpRefused: NaN } };
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
    const parts: AsyncIterable<ReadCallAudioResponse> = client.readCallAudio({ callId });
    for await (const { wav } of parts) sizeBytes += wav.length;
    return sizeBytes;
  };
  t.is(await sizeOf('call-2'), 6_000_004);
  t.is((await t.throwsAsync(sizeOf('call-1'))).message.slice(0, 1), '9');
  t.is((await t.throwsAsync(sizeOf('none'))).message.slice(0, 1), '5');
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
  const refused = await new Promise((resolve) => {
    ninth.on('error', ({ code }: ServiceError) => resolve(code)).resume();
  });
  t.is(refused, status.RESOURCE_EXHAUSTED);
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

test('a burst that no reader can follow costs levels alone, counted, and the memory of one queue', async (t) => {
  const { client, box } = await open(t);
  const stream = client.watchEvents({ levels: true });
  stream.on('error', () => undefined);
  const kinds: string[] = [];
  let levelsDropped = 0;
  stream.on('data', ({ json }: WatchEventsResponse) => {
    const event = watchedEventJson.parse(JSON.parse(json));
    kinds.push(event.kind);
    if (event.kind === 'dropped') levelsDropped += Number(event['levels']);
  });
  await once(stream, 'metadata');
  box.emit({ kind: 'raised' });
  for (let i = 0; i < 2_000; i += 1) box.emit({ kind: 'levels', i });
  box.emit({ kind: 'ended' });
  while (kinds.at(-1) !== 'ended') await once(stream, 'data');
  const levelsRead = kinds.filter((kind) => kind === 'levels').length;
  t.is(kinds[0], 'raised');
  t.is(levelsRead + levelsDropped, 2_000);
  t.true(levelsRead < 300, `${levelsRead}`);
  stream.cancel();
});
