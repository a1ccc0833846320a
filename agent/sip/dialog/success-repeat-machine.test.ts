import test from 'ava';
import { FakeClock } from '../../../base/testing/fake-clock.js';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import {
  startSuccessRepeat,
  stepSuccessRepeat,
  type SuccessRepeatEvent,
} from './success-repeat-machine.js';

test('a 2xx is repeated until its ACK or for 64*T1, whichever comes first, and never after (RFC 3261 §13.3.1.4)', (t) => {
  const random = new SeededRandom(51);
  for (let run = 0; run < 500; run += 1) {
    const clock = new FakeClock();
    const copies: number[] = [0];
    const gaveUp: number[] = [];
    const [begun, first] = startSuccessRepeat();
    let state = begun;
    const perform = (effects: typeof first): void => {
      for (const effect of effects) {
        if (effect.do === 'wait') clock.after(effect.ms, () => step('due'));
        if (effect.do === 'sendAgain') copies.push(clock.monotonicMs());
        if (effect.do === 'giveUp') gaveUp.push(clock.monotonicMs());
      }
    };
    const step = (event: SuccessRepeatEvent): void => {
      const [next, effects] = stepSuccessRepeat(state, event);
      state = next;
      perform(effects);
    };
    perform(first);
    const ackAtMs = random.below(60_000);
    clock.after(ackAtMs, () => step(random.pick(['acked', 'stopped'] as const)));
    clock.advance(70_000);
    t.is(state.name, 'done');
    t.deepEqual(gaveUp, ackAtMs < 32_000 ? [] : [32_000]);
    t.true(copies.every((atMs) => atMs === 0 || atMs <= ackAtMs));
    if (ackAtMs >= 32_000) t.is(copies.length, 11);
    t.is(clock.pendingCount, 0);
  }
});
