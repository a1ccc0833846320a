import test from 'ava';
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
