import type { PartyCall } from './testing/party.js';
import { detectorOf, isAlive, pidOf } from './testing/processes.js';
import { letPass, openScene, talk, wholeTest, type Scene } from './testing/whole-test.js';

/** Brings a call to a phase of its life. @returns the ends that must hear that it is over */
const PHASES: Readonly<Record<string, (scene: Scene) => Promise<readonly PartyCall[]>>> = {
  'is being announced': async ({ line }) => {
    const caller = await line.call();
    await caller.until('answered');
    return [caller];
  },
  rings: async ({ line, phone }) => {
    phone.answerAfterMs = null;
    const caller = await line.call();
    return [caller, await phone.nth(1)];
  },
  'is talked in': async (scene) => {
    const { caller, staff } = await talk(scene);
    await letPass(400);
    return [caller, staff];
  },
  'is just ending': async (scene) => {
    const { caller, staff } = await talk(scene);
    await letPass(200);
    staff.hangUp();
    return [caller];
  },
};

for (const [n, [phase, bring]] of Object.entries(PHASES).entries()) {
  const signal = n % 2 === 0 ? 'SIGTERM' : 'SIGINT';
  wholeTest(
    `${signal} while a call ${phase} ends it for everyone, and the agent with 0`,
    async (t) => {
      const scene = await openScene(t);
      const { box } = scene;
      const ends = await bring(scene);
      const pid = pidOf(box);
      process.kill(pid, signal);
      // Twice: whoever is impatient gets no half-written record either.
      process.kill(pid, signal);
      const exit = await box.exited;
      t.deepEqual(exit, { code: 0, signal: null }, box.lines.tail());
      for (const end of ends) t.is((await end.ended(2_000)).by, 'remote');
      await box.startAgain();
      const call = await box.onlyCall();
      t.not(call.outcome, 'inProgress');
      t.not(call.outcome, 'cut');
      t.not(call.endedAtMs, null);
      t.is(call.recording === null, call.answeredAtMs === null);
      if (call.recording !== null) t.true(call.recording.durationMs > 0);
      t.is(
        box.log.count((line) => line.event === 'callCut'),
        0,
      );
    },
  );
}

wholeTest('SIGTERM in a call with a listening detector leaves no process behind', async (t) => {
  const scene = await openScene(t, { detector: true });
  await talk(scene);
  const detector = detectorOf(pidOf(scene.box));
  const exit = await scene.box.stop();
  t.is(exit.code, 0);
  t.true(detector !== null);
  t.false(detector !== null && isAlive(detector));
});
