import test from 'ava';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { QUIET, stepGate, type GateEvent, type GateState } from './speech-gate.js';

const LIMITS = { speechStarts: 0.5, speechEnds: 0.35, startsAfterSteps: 3, endsAfterSteps: 4 };

function run(probabilities: readonly number[]): { state: GateState; events: GateEvent[] } {
  let state: GateState = QUIET;
  const events: GateEvent[] = [];
  probabilities.forEach((probability, step) => {
    const [next, event] = stepGate(state, { step, probability }, LIMITS);
    state = next;
    if (event !== null) events.push(event);
  });
  return { state, events };
}

test('speech has begun where it began, once it has lasted', (t) => {
  t.deepEqual(run([0, 0.9, 0.9, 0.9]).events, [{ name: 'started', atStep: 1 }]);
  t.deepEqual(run([0, 0.9, 0.9, 0.1]).events, []);
});

test('between the two limits nothing begins and nothing ends', (t) => {
  t.deepEqual(run([0.4, 0.4, 0.4, 0.4]).events, []);
  t.deepEqual(run([0.9, 0.9, 0.9, 0.4, 0.4, 0.4, 0.4, 0.4]).state, { name: 'speech' });
});

test('a short pause does not end speech; a long one ends it where the pause began', (t) => {
  t.is(run([0.9, 0.9, 0.9, 0, 0, 0, 0.9]).events.length, 1);
  t.deepEqual(run([0.9, 0.9, 0.9, 0, 0, 0, 0]).events.at(-1), { name: 'ended', atStep: 3 });
});

test('on any stream started and ended take turns, in order of time', (t) => {
  const random = new SeededRandom(11);
  const stream = Array.from({ length: 20_000 }, () => random.fraction() ** (random.below(3) + 0.3));
  const { events } = run(stream);
  t.true(events.length > 100);
  events.forEach((event, i) => {
    t.is(event.name, i % 2 === 0 ? 'started' : 'ended');
    t.true(i === 0 || event.atStep > (events[i - 1]?.atStep ?? 0));
  });
});
