import test from 'ava';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import {
  DEBOUNCE_MS,
  step,
  UP,
  type ButtonEvent,
  type ButtonRule,
  type ButtonState,
} from './button-press-machine.js';
import { BUTTON_RULES } from './button-press.js';

interface Told {
  readonly atMs: number;
  readonly heldMs: number;
}

/** Plays edges at their times, with the timer that the machine asks for. */
function play(
  rule: ButtonRule,
  edges: readonly (readonly [atMs: number, name: 'down' | 'up'])[],
): readonly Told[] {
  const told: Told[] = [];
  let state: ButtonState = UP;
  let wakeAtMs = Infinity;
  const take = (event: ButtonEvent): void => {
    const [next, effects] = step(rule, state, event);
    state = next;
    for (const effect of effects) {
      if (effect.do === 'tell') told.push({ atMs: event.atMs, heldMs: effect.heldMs });
      else wakeAtMs = effect.atMs;
    }
  };
  const runTimers = (untilMs: number): void => {
    while (wakeAtMs <= untilMs) {
      const atMs = wakeAtMs;
      wakeAtMs = Infinity;
      take({ name: 'timer', atMs });
    }
  };
  for (const [atMs, name] of edges) {
    runTimers(atMs);
    take({ name, atMs });
  }
  runTimers(1e9);
  return told;
}

test('SOS is told at the press, 20 ms after the contact, and waits for no release', (t) => {
  t.deepEqual(play(BUTTON_RULES.sos, [[1_000, 'down']])[0], {
    atMs: 1_000 + DEBOUNCE_MS,
    heldMs: 0,
  });
});

test('SOS held for three seconds is told once more, however long it is held', (t) => {
  const told = play(BUTTON_RULES.sos, [
    [0, 'down'],
    [60_000, 'up'],
  ]);
  t.deepEqual(told, [
    { atMs: DEBOUNCE_MS, heldMs: 0 },
    { atMs: 3_000, heldMs: 3_000 },
  ]);
});

test('a contact that bounces, at the press or at the release, is one press', (t) => {
  const bouncing: (readonly [number, 'down' | 'up'])[] = [];
  for (let ms = 0; ms < 15; ms += 1) bouncing.push([ms, ms % 2 === 0 ? 'down' : 'up']);
  bouncing.push([15, 'down']);
  for (let ms = 0; ms < 15; ms += 1) bouncing.push([500 + ms, ms % 2 === 0 ? 'up' : 'down']);
  bouncing.push([515, 'up']);
  t.is(play(BUTTON_RULES.sos, bouncing).length, 1);
});

test('a spark shorter than the debounce is no press', (t) => {
  t.deepEqual(
    play(BUTTON_RULES.sos, [
      [0, 'down'],
      [3, 'up'],
    ]),
    [],
  );
});

test('reset means nothing at 9.9 s and is told at 10 s', (t) => {
  const heldFor = (ms: number): readonly Told[] =>
    play(BUTTON_RULES.reset, [
      [0, 'down'],
      [ms, 'up'],
    ]);
  t.deepEqual(heldFor(9_900), []);
  t.deepEqual(heldFor(10_100), [{ atMs: 10_000, heldMs: 10_000 }]);
});

test('a random walk tells each steady press once, long ones twice, and sparks never', (t) => {
  for (let seed = 0; seed < 100; seed += 1) {
    const random = new SeededRandom(seed);
    const edges: (readonly [number, 'down' | 'up'])[] = [];
    let atMs = 0;
    let expected = 0;
    const bounce = (last: 'down' | 'up'): void => {
      for (let i = random.below(6); i > 0; i -= 1) {
        edges.push([(atMs += 1), last], [(atMs += 1), last === 'down' ? 'up' : 'down']);
      }
      edges.push([(atMs += 1), last]);
    };
    for (let i = 0; i < 30; i += 1) {
      atMs += 50 + random.below(2_000);
      if (random.below(4) === 0) {
        edges.push([atMs, 'down'], [atMs + 5, 'up']);
        atMs += 5;
        continue;
      }
      bounce('down');
      const isLong = random.below(3) === 0;
      expected += isLong ? 2 : 1;
      atMs += isLong ? 3_000 + random.below(5_000) : 50 + random.below(2_000);
      bounce('up');
    }
    t.is(play(BUTTON_RULES.sos, edges).length, expected, `seed ${seed}`);
  }
});

test('whatever comes in whatever order, time standing still or running back, the machine lives', (t) => {
  const random = new SeededRandom(7);
  let state: ButtonState = UP;
  for (let i = 0; i < 20_000; i += 1) {
    const name = random.pick(['down', 'up', 'timer'] as const);
    [state] = step(BUTTON_RULES[random.pick(['sos', 'reset'] as const)], state, {
      name,
      atMs: random.below(20_000),
    });
    t.truthy(state.name);
  }
});
