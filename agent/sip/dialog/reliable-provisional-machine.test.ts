import test from 'ava';
import { FakeClock } from '../../../base/testing/fake-clock.js';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import type { Timer } from '../../../base/index.js';
import {
  RELIABLE_QUEUE_MAX,
  startReliable,
  stepReliable,
  type ReliableEvent,
} from './reliable-provisional-machine.js';

const response = { status: 183, sdp: 'x', headers: [] };

test('reliable 1xx go out one at a time, their RSeq one up each, and never for longer than 64*T1', (t) => {
  const random = new SeededRandom(31);
  for (let run = 0; run < 500; run += 1) {
    const clock = new FakeClock();
    let state = startReliable(41);
    let timer: Timer | null = null;
    const sent: { atMs: number; rSeq: number }[] = [];
    const acknowledged: number[] = [];
    let gaveUp = 0;
    const step = (event: ReliableEvent): void => {
      const [next, effects] = stepReliable(state, event);
      state = next;
      for (const effect of effects) {
        if (effect.do === 'send') sent.push({ atMs: clock.monotonicMs(), rSeq: effect.rSeq });
        if (effect.do === 'wait') timer = clock.after(effect.ms, () => step({ name: 'due' }));
        if (effect.do === 'stopWaiting') timer?.cancel();
        if (effect.do === 'acknowledged') acknowledged.push(sent.at(-1)?.rSeq ?? 0);
        if (effect.do === 'giveUp') gaveUp += 1;
      }
      t.true(clock.pendingCount <= 1);
      t.is(clock.pendingCount === 1, state.waiting !== null);
      t.true(state.queue.length <= RELIABLE_QUEUE_MAX);
    };
    for (let n = 0; n < 30 && gaveUp === 0; n += 1) {
      const kind = random.below(4);
      if (kind === 0) step({ name: 'send', response });
      else if (kind === 1) step({ name: 'prack', rSeq: state.rSeq - random.below(2) });
      else clock.advance(random.below(3_000));
    }
    t.true(sent.every((one, i) => i === 0 || one.rSeq - (sent[i - 1]?.rSeq ?? 0) <= 1));
    t.is(new Set(acknowledged).size, acknowledged.length);
    step({ name: 'final' });
    t.is(clock.pendingCount, 0);
  }
});
