import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { openPlace } from '../harness/place.js';
import { at, letPass, openSceneAt, statusOf, talk, wholeTest } from './testing/whole-test.js';

const DISK_BYTES = 6 * 1_048_576;
const BLOCK_BYTES = 4_096;
/** A disk that refuses is tried again every 2 s. */
const RESUMED_WITHIN_MS = 10_000;

/** A disk of a few megabytes. @returns whether this machine lets us have one */
function mountDisk(t: ExecutionContext, folder: string): boolean {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder], {
      stdio: 'ignore',
    });
  } catch {
    return false;
  }
  t.teardown(() => {
    execFileSync('umount', ['--lazy', folder], { stdio: 'ignore' });
  });
  return true;
}

/** Takes every block that is left. */
async function fill(file: string): Promise<void> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(file, 'a');
    for (;;) await handle.write(Buffer.alloc(BLOCK_BYTES, 1));
  } catch {
    // Full: that was the purpose.
  } finally {
    await handle?.close();
  }
}

const faultCodes = (status: unknown): readonly string[] => {
  const faults = at(status, 'alerts', 'faults');
  return Array.isArray(faults) ? faults.map((fault) => String(at(fault, 'code'))) : [];
};

wholeTest(
  'a disk that fills up in a call harms neither call nor alarm; recording and store go on when there is room',
  async (t) => {
    const place = await openPlace(t);
    if (!mountDisk(t, join(place.folder, 'data'))) {
      t.log('left out: this user may not mount a small disk');
      t.pass();
      return;
    }
    const filler = join(place.folder, 'data', 'filler');
    const scene = await openSceneAt(t, place);
    const { box } = scene;
    const { caller, staff } = await talk(scene);
    const talkedFromMs = performance.now();
    await letPass(1_200);
    caller.talk.countAnew();
    staff.talk.countAnew();
    await fill(filler);
    await box.log.until('refused write', (line) => line.event === 'recordingFailed');
    await fill(filler);
    staff.talk.press('*');
    await letPass(160);
    staff.talk.press('1');
    await letPass(1_500);
    const full = await statusOf(box);
    t.log(JSON.stringify(at(full, 'alerts')));
    t.is(at(full, 'recording', 'state'), 'stopped');
    t.is(at(full, 'storage', 'state'), 'full');
    // One alarm, though recordings, records and alerts are all refused.
    t.deepEqual(faultCodes(full), ['storage']);
    t.is(at(full, 'alerts', 'level'), 3);
    await rm(filler);
    await box.log.until('recording again', (line) => line.event === 'recordingRecovered', {
      timeoutMs: RESUMED_WITHIN_MS,
    });
    await letPass(2_500);
    t.is(caller.talk.packetsLost + staff.talk.packetsLost, 0);
    const talkedMs = performance.now() - talkedFromMs;
    caller.hangUp();
    await staff.ended();
    await box.callsEnded();
    const next = await talk(scene);
    next.caller.hangUp();
    await box.callsEnded(2);
    const after = await statusOf(box);
    t.log(JSON.stringify(faultCodes(after)));
    t.is(at(after, 'storage', 'state'), 'ok');
    t.deepEqual(faultCodes(after), []);
    const [call, second] = await box.calls();
    t.is(call?.outcome, 'answered');
    t.is(second?.outcome, 'answered');
    // What came while the disk was full was held in memory.
    t.true((call?.recording?.durationMs ?? 0) >= talkedMs - 500);
    t.is(at(call, 'alerts', 0, 'type'), 'panic');
    t.deepEqual(await box.stop(), { code: 0, signal: null });
  },
);
