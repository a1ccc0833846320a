import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Box } from '../harness/box.js';
import { openPlace } from '../harness/place.js';
import { detectorOf, pidOf } from './testing/processes.js';
import {
  at,
  letPass,
  openScene,
  openSceneAt,
  statusOf,
  talk,
  wholeTest,
} from './testing/whole-test.js';

const MODELS = fileURLToPath(new URL('../../../../models', import.meta.url));
/** INTERFACES §7. */
const LISTENS_AGAIN_MS_MAX = 5_000;

async function detectorState(box: Box, name: string, count = 1): Promise<number> {
  await box.log.until(
    `detector ${name}`,
    (line) => line.event === 'detectorState' && line['name'] === name,
    { count },
  );
  return performance.now();
}

wholeTest(
  'a killed detector costs the call nothing, listens again within 5 s, and the gap is on the record',
  async (t) => {
    const scene = await openScene(t, { detector: true });
    const { box } = scene;
    await detectorState(box, 'listening');
    const { caller, staff } = await talk(scene);
    await letPass(800);
    caller.talk.countAnew();
    staff.talk.countAnew();
    const agent = pidOf(box);
    const detector = detectorOf(agent);
    t.not(detector, null);
    const killedMs = performance.now();
    if (detector !== null) process.kill(detector, 'SIGKILL');
    const againMs = (await detectorState(box, 'listening', 2)) - killedMs;
    t.log(`listens again after ${againMs.toFixed(0)} ms`);
    t.true(againMs <= LISTENS_AGAIN_MS_MAX);
    await letPass(500);
    t.is(caller.talk.packetsLost + staff.talk.packetsLost, 0);
    caller.hangUp();
    await box.callsEnded();
    const call = await box.onlyCall();
    t.is(call.outcome, 'answered');
    t.true(Array.isArray(at(call, 'deafSpells')));
    t.not(at(call, 'deafSpells', 0), undefined);
    const { durationMs = 0 } = call.recording ?? {};
    t.true(durationMs >= againMs + 1_000, `${durationMs} ms recorded`);
  },
);

const BREAKS: Readonly<Record<string, (model: string) => Promise<void>>> = {
  'with one byte changed': async (model) => {
    const bytes = await readFile(model);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await writeFile(model, bytes);
  },
  'that is missing': (model) => rm(model),
  'cut short': (model) => truncate(model, 100_000),
};
for (const [what, damage] of Object.entries(BREAKS)) {
  wholeTest(
    `a model file ${what}: nobody listens, the status says why, calls are recorded`,
    async (t) => {
      const place = await openPlace(t);
      const models = join(place.folder, 'models');
      await cp(MODELS, models, { recursive: true });
      await damage(join(models, 'ear-v0', 'ear-v0.int8.onnx'));
      const scene = await openSceneAt(t, place, {
        detector: true,
        more: { detector: [`modelsDirectory = "${models}"`] },
      });
      const { box } = scene;
      await detectorState(box, 'off');
      const { caller } = await talk(scene);
      await letPass(400);
      const status = await statusOf(box);
      const reason = at(status, 'detector', 'reason');
      t.log(String(reason));
      t.is(at(status, 'detector', 'state'), 'down');
      t.true(typeof reason === 'string' && reason.includes('ear-v0'));
      t.is(at(status, 'recording', 'state'), 'recording');
      t.is(at(status, 'alerts', 'faults', 0, 'code'), 'detector-off');
      caller.hangUp();
      await box.callsEnded();
      const call = await box.onlyCall();
      t.is(call.outcome, 'answered');
      t.not(call.recording, null);
    },
  );
}
