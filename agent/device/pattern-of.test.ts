import test from 'ava';
import { Pattern } from '../../proto/index.js';
import { patternOf } from './pattern-of.js';

const IDLE = { callsActive: 0, isUpdating: false };
const QUIET = { level: 0, overdueStage: 0, faults: [] } as const;
const FAULTS = [{ code: 'line-down', sinceMs: 0 }];

test('an alarm shows before a fault, a fault before a call, a call before readiness', (t) => {
  t.is(patternOf(QUIET, IDLE), Pattern.PATTERN_READY);
  t.is(patternOf(QUIET, { ...IDLE, callsActive: 1 }), Pattern.PATTERN_ON_CALL);
  t.is(patternOf(QUIET, { callsActive: 1, isUpdating: true }), Pattern.PATTERN_UPDATING);
  const faulty = { ...QUIET, faults: FAULTS };
  t.is(patternOf(faulty, { callsActive: 1, isUpdating: true }), Pattern.PATTERN_FAULT);
  t.is(patternOf({ ...faulty, level: 1 }, IDLE), Pattern.PATTERN_LEVEL_1);
  t.is(patternOf({ ...faulty, level: 2 }, IDLE), Pattern.PATTERN_LEVEL_2);
  t.is(patternOf({ ...faulty, level: 3 }, IDLE), Pattern.PATTERN_LEVEL_3);
});

test('a warning or emergency that nobody acknowledges in time gets the second pattern, a caution never', (t) => {
  for (const overdueStage of [1, 2]) {
    t.is(patternOf({ ...QUIET, level: 1, overdueStage }, IDLE), Pattern.PATTERN_LEVEL_1);
    for (const level of [2, 3] as const) {
      t.is(patternOf({ ...QUIET, level, overdueStage }, IDLE), Pattern.PATTERN_UNACKNOWLEDGED);
    }
  }
});
