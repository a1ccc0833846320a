import test from 'ava';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import {
  FIRST_STATE,
  OFF_RETRY_MS,
  stepClient,
  type ClientEffect,
  type ClientEvent,
  type ClientState,
} from './client-machine.js';

const DIED: ClientEvent = { name: 'exited', reason: 'SIGKILL' };
const retryOf = (effects: readonly ClientEffect[]): number | undefined =>
  effects.flatMap((effect) => (effect.do === 'retryIn' ? [effect.afterMs] : []))[0];

test('a detector that dies while listening is started again at once', (t) => {
  const [state, effects] = stepClient({ name: 'listening' }, DIED);
  t.deepEqual(state, { name: 'restarting', failures: 1 });
  t.is(retryOf(effects), 0);
  t.deepEqual(stepClient(state, { name: 'retryDue' })[1], [{ do: 'spawn' }]);
});

test('a broken model is tried again each minute, not in a loop', (t) => {
  const [state, effects] = stepClient(FIRST_STATE, { name: 'refused', reason: 'SHA-256' });
  t.deepEqual(state, { name: 'off', reason: 'SHA-256' });
  t.is(retryOf(effects), OFF_RETRY_MS);
});

test('a detector that never comes up is given up for a minute after six tries in some seconds', (t) => {
  let state: ClientState = FIRST_STATE;
  const waits: (number | undefined)[] = [];
  while (state.name !== 'off') {
    const [next, effects]: readonly [ClientState, readonly ClientEffect[]] = stepClient(
      state,
      DIED,
    );
    waits.push(retryOf(effects));
    state = next.name === 'off' ? next : stepClient(next, { name: 'retryDue' })[0];
  }
  t.deepEqual(waits, [0, 250, 500, 1_000, 2_000, 2_000, OFF_RETRY_MS]);
});

test('random walk: a process is never started beside another, and always another try is due', (t) => {
  const random = new SeededRandom(5);
  const events: readonly ClientEvent[] = [
    { name: 'ready' },
    { name: 'stuck' },
    { name: 'retryDue' },
    DIED,
    { name: 'refused', reason: 'r' },
  ];
  let state: ClientState = FIRST_STATE;
  let alive = true;
  for (let i = 0; i < 50_000; i += 1) {
    const [next, effects] = stepClient(state, random.pick(events));
    for (const effect of effects) {
      if (effect.do === 'spawn') t.false(alive);
      if (effect.do === 'spawn' || effect.do === 'kill') alive = effect.do === 'spawn';
    }
    const waits = next.name === 'restarting' || next.name === 'off';
    t.is(alive, !waits);
    if (next.name !== state.name && waits) t.not(retryOf(effects), undefined);
    state = next;
  }
  t.deepEqual(stepClient(state, { name: 'stop' }), [{ name: 'stopped' }, [{ do: 'kill' }]]);
  t.deepEqual(stepClient({ name: 'stopped' }, DIED), [{ name: 'stopped' }, []]);
});
