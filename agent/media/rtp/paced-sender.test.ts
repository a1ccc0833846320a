import test from 'ava';

import { CATCH_UP_FRAMES_MAX, PacedSender } from './paced-sender.js';
import { ManualClock } from './testing/manual-clock.js';
import { SeededBytes } from './testing/seeded-bytes.js';

function paced(clock: ManualClock): { pacer: PacedSender; sent: [slot: number, atMs: number][] } {
  const sent: [number, number][] = [];
  const pacer = new PacedSender({
    clock,
    onFrame: (slot) => void sent.push([slot, clock.monotonicMs()]),
  });
  return { pacer, sent };
}

test('frames go out at t0 + n × 20 ms', (t) => {
  const clock = new ManualClock(1_000);
  const { pacer, sent } = paced(clock);
  pacer.start();
  clock.advance(100);
  t.deepEqual(sent, [
    [0, 1_000],
    [1, 1_020],
    [2, 1_040],
    [3, 1_060],
    [4, 1_080],
    [5, 1_100],
  ]);
});

test('lateness of each wake-up never adds up', (t) => {
  const clock = new ManualClock();
  const { pacer, sent } = paced(clock);
  const random = new SeededBytes(3);
  pacer.start();
  for (let i = 0; i < 500; i++) {
    clock.stall(random.below(15));
    clock.advance(5);
  }
  t.is(pacer.anchorCount, 0);
  t.true(sent.every(([slot, atMs]) => atMs >= slot * 20 - 1 && atMs < slot * 20 + 20));
  t.true(sent.every(([slot], i) => slot === i));
});

test('after a stall three frames catch up, and the rest are skipped and counted', (t) => {
  const clock = new ManualClock();
  const { pacer, sent } = paced(clock);
  pacer.start();
  clock.advance(20);
  clock.stall(207);
  clock.advance(0);
  t.is(sent.length, 2 + CATCH_UP_FRAMES_MAX);
  clock.advance(40);
  // Slots 2…10 were due (40…220 ms): three sent, seven skipped, the next 20 ms after the burst.
  t.deepEqual(sent.slice(2), [
    [2, 227],
    [3, 227],
    [4, 227],
    [12, 247],
    [13, 267],
  ]);
  t.is(pacer.skippedCount, 7);
  t.is(pacer.anchorCount, 1);
});

test('three frames late is still no reason to anchor anew', (t) => {
  const clock = new ManualClock();
  const { pacer, sent } = paced(clock);
  pacer.start();
  clock.advance(0);
  clock.stall(70);
  clock.advance(0);
  clock.advance(10);
  t.deepEqual(
    sent.map(([, atMs]) => atMs),
    [0, 70, 70, 70, 80],
  );
  t.is(pacer.anchorCount, 0);
});

test('a frame may be the last: nothing follows stop, and no timer is left', (t) => {
  const clock = new ManualClock();
  let count = 0;
  const pacer = new PacedSender({
    clock,
    onFrame: () => {
      if (++count === 2) pacer.stop();
    },
  });
  pacer.start();
  pacer.start();
  clock.stall(500);
  clock.advance(1_000);
  t.is(count, 2);
  t.is(clock.pendingCount, 0);
});
