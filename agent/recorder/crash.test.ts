import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import test from 'ava';

import { silentLog, systemClock } from '../../base/index.js';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import { readSegmentFile, recoverRecordings, type CutRecording } from './index.js';
import type { RecordedPacket } from './segment-format.js';
import { packetOf } from './testing/packets.js';

const CHILD = fileURLToPath(new URL('./testing/crash-child.js', import.meta.url));
const AT_ONCE = 4;

interface Crash {
  readonly startMs: number;
  readonly lastSent: number;
}

/** Kills a recording child `afterMs` after its first packet. */
async function crash(directory: string, callId: string, afterMs: number): Promise<Crash> {
  const child = spawn(process.execPath, [CHILD, directory, callId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let text = '';
  for await (const part of child.stdout) {
    if (text === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    text += String(part);
  }
  await exited;
  const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
  return { startMs: Number(lines[0]?.split(' ')[1]), lastSent: Number(lines.at(-1)) };
}

async function read(
  directory: string,
  files: readonly string[],
): Promise<Map<number, RecordedPacket>> {
  const found = new Map<number, RecordedPacket>();
  for (const file of files) {
    for (const { content } of (await readSegmentFile(join(directory, file))).blocks) {
      if (content.kind !== 'packets') continue;
      for (const packet of content.packets) {
        found.set(Buffer.from(packet.payload).readUInt32BE(0), packet);
      }
    }
  }
  return found;
}

test('killed at any moment, all but the last 2 s of both sides is there after the restart', async (t) => {
  t.timeout(120_000);
  const directory = await mkdtemp(join(tmpdir(), 'recorder-crash-'));
  const random = new SeededRandom(20_261_001);
  const delays = Array.from({ length: 16 }, () => 600 + random.below(4_400));
  const crashes = new Map<string, Crash>();
  for (let from = 0; from < delays.length; from += AT_ONCE) {
    const some = delays.slice(from, from + AT_ONCE).map(async (afterMs, n) => {
      crashes.set(`call-${from + n}`, await crash(directory, `call-${from + n}`, afterMs));
    });
    await Promise.all(some);
  }
  const told: CutRecording[] = [];
  const onFound = (recording: CutRecording): Promise<void> => {
    told.push(recording);
    return Promise.resolve();
  };
  const options = { clock: systemClock, log: silentLog, onFound };
  const cut = await recoverRecordings(directory, options);
  t.deepEqual(told, cut);
  for (const [callId, { startMs, lastSent }] of crashes) {
    const mustBe = lastSent - 2_000 / 20;
    const recording = cut.find((one) => one.callId === callId);
    if (recording === undefined) {
      t.true(mustBe < 0, `${callId}: no recording though ${lastSent} packets came`);
      continue;
    }
    for (const speaker of ['caller', 'staff']) {
      const files = recording.files.filter((file) => file.includes(`${speaker}-`));
      const found = await read(directory, files);
      for (let n = 0; n <= mustBe; n += 1) {
        const packet = found.get(n);
        t.deepEqual(
          packet && { ...packet, payload: new Uint8Array(packet.payload) },
          packetOf(n, startMs),
        );
      }
    }
  }
  t.deepEqual(await recoverRecordings(directory, options), [], 'reported once');
  await rm(directory, { recursive: true });
});

test('a torn tail is taken off, and what is whole is left as it is', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'recorder-torn-'));
  await crash(directory, 'torn', 3_500);
  const files = (await readdir(directory, { recursive: true })).filter((name) =>
    name.endsWith('.seg'),
  );
  const before = await read(directory, files);
  t.true(before.size > 0);
  for (const file of files) await appendFile(join(directory, file), 'TBLK torn in the midst');
  const failing = (): Promise<void> => Promise.reject(new Error('the table is not there'));
  const options = { clock: systemClock, log: silentLog, onFound: failing };
  t.deepEqual(await recoverRecordings(directory, options), []);
  const onFound = (): Promise<void> => Promise.resolve();
  const [recording] = await recoverRecordings(directory, { ...options, onFound });
  t.is(recording?.bytesCut, 2 * 22, 'a finding that could not be stored is found again');
  const lastMs = Math.max(...[...before.values()].map((packet) => packet.arrivalMs));
  t.is(recording?.lastWallMs, lastMs);
  t.deepEqual(await read(directory, files), before);
  for (const file of files) {
    const { blocks, cutBytes } = await readSegmentFile(join(directory, file));
    t.like(blocks.at(-1)?.content, { kind: 'end', cut: true });
    t.is(cutBytes, 0);
    t.is((await stat(join(directory, file))).mode & 0o077, 0, 'nobody else may listen');
  }
  await rm(directory, { recursive: true });
});
