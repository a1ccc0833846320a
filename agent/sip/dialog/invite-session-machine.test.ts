import test from 'ava';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import type { LifeEffect, LifeEvent, LifeState } from './invite-session-life.js';
import { stepLife } from './invite-session-machine.js';

const CALLING: LifeState = { name: 'calling', tries: 1 };
const RINGING: LifeState = { name: 'ringing' };

const EVENTS: readonly LifeEvent[] = [
  { name: 'provisional' },
  { name: 'answered', tag: 'a' },
  { name: 'answered', tag: 'b' },
  { name: 'refused', status: 407, retry: 'credentials' },
  { name: 'refused', status: 486, retry: null },
  { name: 'noAnswer' },
  { name: 'noFinal' },
  { name: 'accept', mustWait: false },
  { name: 'accept', mustWait: true },
  { name: 'reject', status: 486 },
  { name: 'pracked' },
  { name: 'noPrack' },
  { name: 'cancelled' },
  { name: 'acked' },
  { name: 'noAck' },
  { name: 'hangUp' },
  { name: 'byeReceived' },
  { name: 'sendFailed' },
  { name: 'expired' },
  { name: 'broken', status: 481 },
];

const startOf = (isUac: boolean): LifeState => (isUac ? CALLING : RINGING);

function walk(start: LifeState, events: readonly LifeEvent[]): [LifeState, LifeEffect[]] {
  let state = start;
  const done: LifeEffect[] = [];
  for (const event of events) {
    const [next, effects] = stepLife(state, event);
    state = next;
    done.push(...effects);
  }
  return [state, done];
}

test('whatever happens in whatever order, a session ends at most once and says nothing after it', (t) => {
  const random = new SeededRandom(11);
  for (let run = 0; run < 4_000; run += 1) {
    const isUac = random.below(2) === 0;
    let state = startOf(isUac);
    const events = EVENTS.filter((event) => isUac || event.name !== 'answered');
    let ends = 0;
    let finals = 0;
    let byes = 0;
    for (let n = 0; n < 25; n += 1) {
      const event = random.pick(events);
      const wasEnded = state.name === 'ended';
      const [next, effects] = stepLife(state, event);
      const dos = effects.map((effect) => effect.do);
      ends += dos.filter((one) => one === 'end').length;
      finals += dos.filter((one) => one === 'sendSuccess' || one === 'respondFinal').length;
      if (!isUac) byes += dos.filter((one) => one === 'bye').length;
      t.is(ends > 0, next.name === 'ended');
      if (wasEnded) t.true(dos.every((one) => ['ack', 'bye', 'countStray'].includes(one)));
      if (dos.includes('ack') || dos.includes('confirm')) t.is(event.name, 'answered');
      if (dos.includes('respondFinal')) t.is(finals, 1);
      state = next;
    }
    t.true(ends <= 1 && finals <= 1 && byes <= 1);
  }
});

test('hanging up always ends a session once the wire or the clock has had its say', (t) => {
  const random = new SeededRandom(12);
  const last: readonly LifeEvent[] = [
    { name: 'hangUp' },
    { name: 'noFinal' },
    { name: 'noAck' },
    { name: 'noPrack' },
  ];
  for (let run = 0; run < 2_000; run += 1) {
    const start = random.pick([CALLING, RINGING]);
    const events = Array.from({ length: random.below(10) }, () => random.pick(EVENTS));
    const [state, effects] = walk(start, [...events, ...last]);
    t.is(state.name, 'ended');
    t.is(effects.filter((effect) => effect.do === 'end').length, 1);
  }
});

test('credentials are tried a limited number of times', (t) => {
  const again: LifeEvent = { name: 'refused', status: 407, retry: 'credentials' };
  const [state, effects] = walk(CALLING, [again, again, again, again]);
  t.is(state.name, 'ended');
  t.is(effects.filter((effect) => effect.do === 'sendInvite').length, 3);
});

test('our CANCEL waits for a 1xx, and the wait for a final response begins with it (RFC 3261 §9.1)', (t) => {
  const [, before] = walk(CALLING, [{ name: 'hangUp' }]);
  t.deepEqual(before, [{ do: 'sendCancel' }]);
  const [, after] = walk(CALLING, [
    { name: 'hangUp' },
    { name: 'provisional' },
    { name: 'provisional' },
  ]);
  t.deepEqual(after, [{ do: 'sendCancel' }, { do: 'waitForFinal' }]);
});
