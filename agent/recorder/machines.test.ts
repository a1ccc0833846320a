import test from 'ava';

import { SeededRandom } from '../../base/testing/seeded-random.js';
import {
  RECORDING_HELD,
  step as stepRecording,
  type RecordingEvent,
  type RecordingState,
} from './recording-machine.js';
import { step as stepStorage, STORAGE_WRITING, type StorageEvent } from './storage-machine.js';

test('alarm and all-clear of the disk alternate, and a failed disk always has a retry under way', (t) => {
  const random = new SeededRandom(1);
  const events: StorageEvent[] = [
    { name: 'wrote' },
    { name: 'retryDue' },
    { name: 'failed', reason: 'ENOSPC' },
  ];
  let state = STORAGE_WRITING;
  let alarmed = false;
  let retries = 0;
  for (let n = 0; n < 20_000; n += 1) {
    const event = random.pick(events);
    // The clock runs a retry only when one was scheduled.
    if (event.name === 'retryDue' && retries === 0) continue;
    if (event.name === 'retryDue') retries -= 1;
    const [next, effects] = stepStorage(state, event);
    for (const effect of effects) {
      if (effect.do === 'scheduleRetry') retries += 1;
      if (effect.do === 'scheduleRetry') continue;
      t.not(effect.do === 'raiseAlarm', alarmed);
      alarmed = effect.do === 'raiseAlarm';
    }
    state = next;
    t.is(retries, state.name === 'waiting' ? 1 : 0);
    t.is(alarmed, state.name !== 'writing');
  }
});

test('whatever comes in whatever order, a recording is reported and forgotten once at most', (t) => {
  const names = ['commit', 'discard', 'end', 'settled', 'drained', 'gaveUp'] as const;
  for (let seed = 0; seed < 500; seed += 1) {
    const random = new SeededRandom(seed);
    let state: RecordingState = RECORDING_HELD;
    const done: string[] = [];
    for (let n = 0; n < 40; n += 1) {
      const event: RecordingEvent = { name: random.pick(names) };
      const [next, effects] = stepRecording(state, event);
      state = next;
      done.push(...effects.map((effect) => effect.do));
    }
    const count = (name: string): number => done.filter((one) => one === name).length;
    t.true(count('report') <= 1);
    t.true(count('forget') <= 1);
    if (state.name === 'ended') t.is(count('report'), 1);
    if (count('closeTracks') > 0) t.is(count('flush'), 1, 'nothing is closed that was never begun');
    if (state.name === 'ended' || state.name === 'discarded') t.is(done.at(-1), 'forget');
  }
});

test('a call answered in the moment it is given up stays recorded', (t) => {
  const [live] = stepRecording(RECORDING_HELD, { name: 'commit' });
  const [state, effects] = stepRecording(live, { name: 'discard' });
  t.is(state.name, 'live');
  t.deepEqual(effects, []);
});
