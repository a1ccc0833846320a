import { silentLog } from '../../../base/index.js';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { EmbeddedBroker } from '../../mqtt/embedded-broker.js';
import { Listener } from '../../mqtt/testing/listener.js';
import { CALLER_HZ, durationMs, SHOP_HZ, toneMs } from '../harness/audio.js';
import type { CallEntry } from '../harness/box.js';
import type { Scope } from '../harness/child.js';
import { openPlace, type Place } from '../harness/place.js';
import { detectorOf, isAlive, pidOf } from './testing/processes.js';
import {
  at,
  letPass,
  openScene,
  openSceneAt,
  statusOf,
  talk,
  wholeTest,
} from './testing/whole-test.js';

const SEED = 20_261_122;
const KILLS = 8;
/** From the INVITE; the announcement ends at 0.7 s, the phone answers at 0.8 s. */
const KILL_AFTER_MS_MAX = 4_500;
/** INTERFACES §7. */
const LOST_AT_A_CUT_MS_MAX = 2_000;

interface Told {
  readonly topic: string;
  readonly id: string;
  readonly seq: number;
  readonly kind: string;
}

/** A broker that outlives the box, and all that the box ever told it. */
async function openBroker(
  t: Scope,
  place: Place,
): Promise<{ url: string; told(): readonly Told[] }> {
  const broker = await EmbeddedBroker.open({
    host: place.box,
    port: 1_883,
    box: { clientId: 'nobody', username: 'nobody', password: 'nothing' },
    ownTopic: 'nobody',
    isCommand: () => true,
    log: silentLog,
  });
  const url = `mqtt://${place.box}:${broker.port}`;
  const listener = await Listener.open(url, { filter: 'tatebako/#' });
  t.teardown(async () => {
    await listener.close();
    await broker.close();
  });
  const told = (): readonly Told[] =>
    listener.heard
      .filter(({ topic }) => topic.includes('/event/'))
      .map(({ topic, payload }) => {
        const event: unknown = JSON.parse(payload);
        const [id, seq, kind] = [at(event, 'id'), at(event, 'seq'), at(event, 'kind')];
        return { topic, id: String(id), seq: Number(seq), kind: String(kind) };
      });
  return { url, told };
}

wholeTest(
  'killed at eight moments of a call, the box keeps calls, audio, alerts, phones and the sequence of its events',
  async (t) => {
    const random = new SeededRandom(SEED);
    const place = await openPlace(t);
    const broker = await openBroker(t, place);
    const scene = await openSceneAt(t, place, { broker: broker.url });
    const { box, line, phone } = scene;
    let rung = 0;
    let raised = 0;
    for (let n = 0; n < KILLS; n += 1) {
      // One more at the moment at which the call has just ended and is being put away.
      const isAtEnd = n === KILLS - 1;
      const killAfterMs = isAtEnd ? KILL_AFTER_MS_MAX : random.below(KILL_AFTER_MS_MAX);
      const startedMs = performance.now();
      const caller = await line.call();
      if (killAfterMs > 1_600) {
        const staff = await phone.nth(rung + 1).catch((cause: unknown) => {
          t.log(box.lines.tail());
          throw cause;
        });
        await staff.until('answered');
        if (n % 2 === 0) {
          staff.talk.press('*');
          await letPass(160);
          staff.talk.press('1');
          raised += 1;
          await box.log.until('alert', (entry) => entry.event === 'alertRaised', { count: raised });
        }
      }
      await letPass(Math.max(0, startedMs + killAfterMs - performance.now()));
      if (isAtEnd) {
        caller.hangUp();
        await phone.calls.all.at(-1)?.ended();
        await letPass(20);
      }
      await box.kill();
      caller.hangUp();
      for (const old of phone.calls.all) old.hangUp();
      t.log(`killed ${killAfterMs} ms after the INVITE`);
      await box.startAgain();
      rung = phone.calls.all.length;
    }
    // The phone has registered once, before the first kill.
    const last = await talk(scene);
    last.caller.hangUp();
    await last.staff.ended();
    // Its record is complete a moment after its end.
    await box.log.until('end of the last call', (entry) => entry['news'] === 'ended');
    const calls = await box.calls();
    const status = await statusOf(box);
    t.true(calls.length >= KILLS - 1, `${calls.length} calls`);
    for (const call of calls.slice(0, -1)) {
      t.not(call.outcome, 'inProgress');
      t.not(call.endedAtMs, null);
    }
    t.true(calls.some((call) => call.outcome === 'cut'));
    for (const call of calls) await checkAudio(t, call, () => box.audio(call.id));
    const told = broker.told();
    const open = at(status, 'alerts', 'open');
    const openCount = Array.isArray(open) ? open.length : 0;
    t.is(openCount, raised);
    const repeats = checkSequence(t, told);
    t.log(
      `${calls.length} calls, ${told.length} events, ${repeats} told again, ${openCount} alerts`,
    );
    t.is(
      box.log.count((entry) => entry.event === 'phoneRegistered'),
      1,
    );
  },
);

/** Gapless from 1; an event told again (QoS 1) is the same one. @returns how many were */
function checkSequence(t: { is(a: unknown, b: unknown): void }, told: readonly Told[]): number {
  const bySeq = new Map<number, string>();
  const byId = new Map<string, number>();
  for (const { id, seq } of told) {
    t.is(bySeq.get(seq) ?? id, id);
    t.is(byId.get(id) ?? seq, seq);
    bySeq.set(seq, id);
    byId.set(id, seq);
  }
  const numbers = [...bySeq.keys()].sort((a, b) => a - b);
  const first = numbers[0] ?? 0;
  t.is((numbers.at(-1) ?? 0) - first + 1, numbers.length);
  return told.length - numbers.length;
}

async function checkAudio(
  t: { true(value: boolean, message: string): void },
  call: CallEntry,
  read: () => Promise<{ left: Float32Array; right: Float32Array }>,
): Promise<void> {
  if (call.answeredAtMs === null || call.endedAtMs === null) return;
  const talkedMs = call.endedAtMs - call.answeredAtMs;
  if (call.recording === null) {
    t.true(talkedMs <= LOST_AT_A_CUT_MS_MAX, `${call.id}: ${talkedMs} ms, no recording`);
    return;
  }
  const { left, right } = await read();
  const heard = `${call.id} ${call.outcome}: ${talkedMs} ms talked, ${durationMs(left)} ms on disk`;
  t.true(toneMs(left, CALLER_HZ) >= talkedMs - LOST_AT_A_CUT_MS_MAX, heard);
  t.true(toneMs(right, SHOP_HZ) >= talkedMs - LOST_AT_A_CUT_MS_MAX, heard);
}

wholeTest('a detector does not outlive an agent that was killed', async (t) => {
  const { box } = await openScene(t, { detector: true });
  await box.log.until(
    'listening',
    (line) => line.event === 'detectorState' && line['name'] === 'listening',
  );
  const detector = detectorOf(pidOf(box));
  t.not(detector, null);
  await box.kill();
  const deadlineMs = performance.now() + 3_000;
  while (detector !== null && isAlive(detector) && performance.now() < deadlineMs)
    await letPass(50);
  t.false(detector !== null && isAlive(detector));
});
