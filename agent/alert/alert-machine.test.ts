import test from 'ava';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import type { Decision } from '../policy/index.js';
import type { AlertState } from './alert.js';
import {
  HITS_MAX,
  isUnacknowledged,
  openAlert,
  step,
  type AlertStepEvent,
} from './alert-machine.js';

const decision = (level: 1 | 2 | 3, act: 'raise' | 'note' = 'raise'): Decision => ({
  do: act,
  level,
  type: 'threat',
  source: 'keyword',
  reason: '「殺すぞ」と聞こえました（脅迫）',
  reasonUnquoted: '脅迫にあたる言葉が聞こえました',
  quote: '殺すぞ',
  line: 'お電話を切らせていただきます',
  atMs: 0,
});
const raised = (level: 1 | 2 | 3, act: 'raise' | 'note' = 'raise'): AlertStepEvent => ({
  name: 'raised',
  decision: decision(level, act),
  atMs: 5,
});
const ACKNOWLEDGED: AlertStepEvent = { name: 'acknowledged', by: '店長', via: 'button', atMs: 9 };

/** Runs events from a new alert of a call. */
function play(level: 1 | 2 | 3, events: readonly AlertStepEvent[]) {
  let [state, effects] = openAlert('a', 'call-1', decision(level), 1);
  for (const event of events) [state, effects] = step(state, event);
  return { state, told: effects.flatMap((effect) => (effect.do === 'tell' ? [effect.kind] : [])) };
}

test('an alert is told, acknowledged, and cleared when its call has ended', (t) => {
  const { state, told } = play(2, [{ name: 'announced' }, ACKNOWLEDGED, { name: 'callEnded' }]);
  t.is(state.name, 'cleared');
  t.deepEqual(told, ['cleared']);
  t.deepEqual(state.acknowledgements, [{ by: '店長', via: 'button', level: 2, atMs: 9 }]);
});

test('an alert outlives its call until somebody has seen it', (t) => {
  const ended = play(3, [{ name: 'announced' }, { name: 'callEnded' }]);
  t.true(isUnacknowledged(ended.state));
  const seen = play(3, [{ name: 'callEnded' }, ACKNOWLEDGED]);
  t.is(seen.state.name, 'cleared');
  t.deepEqual(seen.told, ['acknowledged', 'cleared']);
});

test('a higher level escalates and wants to be seen anew', (t) => {
  const { state, told } = play(1, [{ name: 'announced' }, ACKNOWLEDGED, raised(3)]);
  t.deepEqual([state.name, state.level], ['raised', 3]);
  t.deepEqual(told, ['escalated']);
});

test('the same level again is silent while unseen, and alarms again once seen', (t) => {
  t.deepEqual(play(3, [{ name: 'announced' }, raised(3)]).told, []);
  const again = play(3, [{ name: 'announced' }, ACKNOWLEDGED, raised(3)]);
  t.deepEqual([again.state.name, again.told], ['raised', ['raised']]);
});

test('a note is listed and alarms nobody', (t) => {
  const { state, told } = play(3, [ACKNOWLEDGED, raised(3, 'note')]);
  t.deepEqual([state.name, told, state.hits.length], ['acknowledged', [], 2]);
});

test('an escalation starts the stages of the unacknowledged anew', (t) => {
  const { state } = play(1, [{ name: 'overdue' }, { name: 'overdue' }, raised(2)]);
  t.is(state.overdueStage, 0);
});

test('a flood of words is listed to a limit, the newest last, the rest counted', (t) => {
  const { state } = play(
    3,
    Array.from({ length: 500 }, () => raised(3, 'note')),
  );
  t.is(state.hits.length, HITS_MAX);
  t.is(state.hitsDropped, 501 - HITS_MAX);
});

test('what comes after the end is counted and changes nothing', (t) => {
  const { state } = play(3, [{ name: 'callEnded' }, ACKNOWLEDGED]);
  t.deepEqual(step(state, raised(3)), [state, [{ do: 'countStray' }]]);
  t.deepEqual(step(state, ACKNOWLEDGED), [state, [{ do: 'countStray' }]]);
});

test('a random walk never lowers the level, never forgets an unseen alert, never tells twice in vain', (t) => {
  const random = new SeededRandom(7);
  for (let walk = 0; walk < 300; walk += 1) {
    let [state]: readonly [AlertState, unknown] = openAlert('a', 'c', decision(1), 0);
    for (let i = 0; i < 60; i += 1) {
      const event = random.pick<AlertStepEvent>([
        raised(random.pick([1, 2, 3] as const), random.pick(['raise', 'note'] as const)),
        { name: 'announced' },
        { name: 'overdue' },
        ACKNOWLEDGED,
        { name: 'callEnded' },
      ]);
      const [next, effects] = step(state, event);
      t.true(next.level >= state.level);
      const told = effects.filter((effect) => effect.do === 'tell').map((effect) => effect.kind);
      if (isUnacknowledged(state) && !isUnacknowledged(next)) t.is(told[0], 'acknowledged');
      if (!isUnacknowledged(state) && isUnacknowledged(next))
        t.regex(told[0] ?? '', /raised|escalated/);
      if (next.name === 'cleared' && state.name !== 'cleared') {
        t.true(next.callEnded);
        t.is(told.at(-1), 'cleared');
      }
      if (state.name === 'cleared') t.is(next, state);
      state = next;
    }
  }
});
