import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import { silentLog, StorageError, systemClock } from '../../base/index.js';
import { createRecorder, readSegmentFile, type Recorder, type RecorderEvents } from './index.js';
import { packetOf, tapOf } from './testing/packets.js';

function start(directory: string, events: Partial<RecorderEvents> = {}): Recorder {
  const nothing = (): void => undefined;
  const none = {
    onStorageFailed: nothing,
    onStorageRecovered: nothing,
    onGap: nothing,
    onRefused: nothing,
    onLost: nothing,
  };
  const limits = { settleMs: 100, endPatienceMs: 300 };
  return createRecorder(
    { directory, clock: systemClock, log: silentLog, limits },
    { ...none, ...events },
  );
}

test('packets posted on a tap port are in the files that the summary names', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'recorder-client-'));
  const recorder = start(directory);
  const port = recorder.openTapPort();
  recorder.begin('call-1', { heldUntilAnswered: true });
  const packets = Array.from({ length: 50 }, (_, n) => packetOf(n, 1_000_000));
  const tapped = tapOf('call-1', 'caller', packets);
  port.postMessage(tapped);
  recorder.commit('call-1');
  const ending = recorder.end('call-1');
  const twice = await t.throwsAsync(recorder.end('call-1'), { instanceOf: StorageError });
  t.is(twice.code, 'recording-ending');
  const summary = await ending;
  t.is(summary.files.length, 1);
  const { blocks } = await readSegmentFile(join(directory, summary.files[0] ?? ''));
  t.is(
    blocks.reduce(
      (n, { content }) => n + (content.kind === 'packets' ? content.packets.length : 0),
      0,
    ),
    50,
  );
  await recorder.close();
  await recorder.close();
  t.is(
    (await t.throwsAsync(recorder.end('call-1'), { instanceOf: StorageError })).code,
    'recorder-lost',
  );
  await rm(directory, { recursive: true });
});

test('a call that nobody answers leaves an empty folder of recordings', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'recorder-client-'));
  const recorder = start(directory);
  const port = recorder.openTapPort();
  recorder.begin('call-1', { heldUntilAnswered: true });
  port.postMessage(tapOf('call-1', 'caller', [packetOf(0, 0)]));
  recorder.discard('call-1');
  await recorder.close();
  t.deepEqual(await readdir(directory), []);
  await rm(directory, { recursive: true });
});

test('a folder that cannot be written is an alarm, and the call still gets its summary', async (t) => {
  const alarms: string[] = [];
  const recorder = start('/dev/null/recordings', {
    onStorageFailed: (reason) => alarms.push(reason),
  });
  const port = recorder.openTapPort();
  recorder.begin('call-1', { heldUntilAnswered: false });
  port.postMessage(tapOf('call-1', 'caller', [packetOf(0, 0), packetOf(1, 0)]));
  const summary = await recorder.end('call-1');
  t.is(summary.gaps[0]?.packets, 2);
  t.is(summary.gaps[0]?.why, 'disk-failed');
  t.is(alarms.length, 1);
  t.regex(alarms[0] ?? '', /ENOTDIR|ENOENT/u);
  await recorder.close();
});

test('a bug in the thread of the recorder is told once, and refuses what waits for it', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'recorder-client-'));
  const lost: unknown[] = [];
  const recorder = start(directory, { onLost: (cause) => lost.push(cause) });
  const port = recorder.openTapPort();
  recorder.begin('call-1', { heldUntilAnswered: false });
  port.postMessage({ ...tapOf('call-1', 'caller', []), packets: Uint8Array.of(1, 2, 3) });
  const error = await t.throwsAsync(recorder.end('call-1'), { instanceOf: StorageError });
  t.is(error.code, 'recorder-lost');
  t.is(lost.length, 1);
  await rm(directory, { recursive: true });
});
