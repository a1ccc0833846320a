import test from 'ava';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import {
  AGENT_START_MAX_MS,
  beginLease,
  LEASE_MAX_MS,
  step,
  type LeaseEffect,
  type LeaseState,
} from './relay-lease-machine.js';

const done = (effects: readonly LeaseEffect[]): readonly string[] => effects.map((one) => one.do);

test('the line comes to the box with the first lease and leaves it when none is renewed', (t) => {
  const [waiting] = beginLease(0);
  const [held, first] = step(waiting, { name: 'renewed', atMs: 100, leaseMs: 3_000 });
  t.deepEqual(first, [{ do: 'holdLine' }, { do: 'clearFault' }, { do: 'wakeAt', atMs: 3_100 }]);
  const [early, rest] = step(held, { name: 'timer', atMs: 3_099 });
  t.deepEqual([early, rest], [held, [{ do: 'wakeAt', atMs: 3_100 }]]);
  const [bypassed, lapse] = step(held, { name: 'timer', atMs: 3_100 });
  t.deepEqual(bypassed, { name: 'bypassed' });
  t.deepEqual(done(lapse), ['releaseLine', 'showFault']);
});

test('an agent that never comes is a fault after its time to start, not before', (t) => {
  const [waiting] = beginLease(50);
  t.deepEqual(done(step(waiting, { name: 'timer', atMs: 49 + AGENT_START_MAX_MS })[1]), ['wakeAt']);
  t.deepEqual(step(waiting, { name: 'timer', atMs: 50 + AGENT_START_MAX_MS }), [
    { name: 'bypassed' },
    [{ do: 'showFault' }],
  ]);
});

test('no lease lasts longer than ten seconds, whatever was asked', (t) => {
  const [waiting] = beginLease(0);
  const [held] = step(waiting, { name: 'renewed', atMs: 0, leaseMs: 1e9 });
  t.deepEqual(held, { name: 'held', untilMs: LEASE_MAX_MS });
});

test('a random walk never holds the line without a lease, nor forgets to wake', (t) => {
  for (let seed = 0; seed < 50; seed += 1) {
    const random = new SeededRandom(seed);
    let atMs = 0;
    let [state, effects]: readonly [LeaseState, readonly LeaseEffect[]] = beginLease(atMs);
    let wakeAtMs = Infinity;
    const seen = { isLineHeld: false, isFault: false };
    let leaseUntilMs = 0;
    const perform = (): void => {
      for (const effect of effects) {
        if (effect.do === 'wakeAt') wakeAtMs = effect.atMs;
        if (effect.do === 'holdLine' || effect.do === 'releaseLine') {
          t.not(seen.isLineHeld, effect.do === 'holdLine', 'told twice');
          seen.isLineHeld = effect.do === 'holdLine';
        }
        if (effect.do === 'showFault') seen.isFault = true;
        if (effect.do === 'clearFault') seen.isFault = false;
      }
    };
    perform();
    for (let i = 0; i < 400; i += 1) {
      atMs += random.below(2_500);
      if (wakeAtMs <= atMs) {
        const dueMs = wakeAtMs;
        wakeAtMs = Infinity;
        [state, effects] = step(state, { name: 'timer', atMs: dueMs });
        perform();
      }
      const kind = random.below(10);
      if (kind < 4) {
        const leaseMs = 1 + random.below(LEASE_MAX_MS);
        leaseUntilMs = atMs + leaseMs;
        [state, effects] = step(state, { name: 'renewed', atMs, leaseMs });
      } else if (kind < 9) [state, effects] = step(state, { name: 'timer', atMs });
      else {
        leaseUntilMs = 0;
        [state, effects] = step(state, { name: 'stopped' });
      }
      perform();
      t.is(seen.isLineHeld, state.name === 'held');
      t.is(seen.isLineHeld, leaseUntilMs > atMs);
      t.false(seen.isLineHeld && seen.isFault);
      if (state.name === 'held') t.is(wakeAtMs, state.untilMs);
    }
  }
});
