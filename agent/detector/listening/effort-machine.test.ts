import test from 'ava';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { FULL, stepEffort, type EffortState } from './effort-machine.js';

const LATE = { windowsDropped: 1, busyShare: 0.5 };
const BUSY = { windowsDropped: 0, busyShare: 0.95 };
const EASY = { windowsDropped: 0, busyShare: 0.1 };
const STEADY = { windowsDropped: 0, busyShare: 0.6 };

const after = (...seen: (typeof LATE)[]): EffortState => seen.reduce(stepEffort, FULL);

test('when late, windows come each second, then the staff are left out; the caller never is', (t) => {
  t.is(after(LATE).effort, 'slower');
  t.is(after(BUSY).effort, 'slower');
  t.is(after(LATE, BUSY).effort, 'callersOnly');
  t.is(after(LATE, LATE, LATE, LATE).effort, 'callersOnly');
});

test('effort comes back step by step after 15 s at ease, not sooner', (t) => {
  t.is(after(LATE, LATE, EASY, EASY).effort, 'callersOnly');
  t.is(after(LATE, LATE, EASY, EASY, EASY).effort, 'slower');
  t.is(after(LATE, LATE, EASY, EASY, STEADY, EASY).effort, 'callersOnly');
  t.is(after(LATE, LATE, EASY, EASY, EASY, EASY, EASY, EASY).effort, 'full');
});

test('random walk: effort moves one step at a time, down with each haste, up only after three at ease', (t) => {
  const random = new SeededRandom(3);
  const rank = { callersOnly: 0, slower: 1, full: 2 };
  let state = FULL;
  let easy = 0;
  for (let i = 0; i < 20_000; i += 1) {
    const seen = random.pick([LATE, BUSY, EASY, EASY, EASY, EASY, STEADY]);
    const next = stepEffort(state, seen);
    const change = rank[next.effort] - rank[state.effort];
    easy = seen === EASY ? easy + 1 : 0;
    if (seen === LATE || seen === BUSY) t.is(change, state.effort === 'callersOnly' ? 0 : -1);
    else t.true(change === 0 || (change === 1 && easy >= 3));
    state = next;
  }
});
