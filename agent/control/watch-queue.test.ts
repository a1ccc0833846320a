import test from 'ava';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import { WatchQueue } from './watch-queue.js';

test('a slow reader loses the oldest levels first, and is told how many before it reads on', (t) => {
  const queue = new WatchQueue(3);
  for (const [i, kind] of ['levels', 'raised', 'levels', 'levels', 'ended'].entries()) {
    queue.push({ kind, i });
  }
  t.is(queue.size, 3);
  const read = [];
  for (let event = queue.take(); event !== undefined; event = queue.take()) read.push(event);
  t.deepEqual(read, [
    { kind: 'dropped', levels: 2, events: 0 },
    { kind: 'raised', i: 1 },
    { kind: 'levels', i: 3 },
    { kind: 'ended', i: 4 },
  ]);
});

test('a random walk: never more than the maximum, order kept, and every loss counted', (t) => {
  for (let seed = 0; seed < 50; seed += 1) {
    const random = new SeededRandom(seed);
    const queue = new WatchQueue(8);
    const pushed = { levels: 0, events: 0 };
    const read = { levels: 0, events: 0 };
    const told = { levels: 0, events: 0 };
    let lastRead = -1;
    const take = (): boolean => {
      const event = queue.take();
      if (event === undefined) return false;
      if (event.kind === 'dropped') {
        told.levels += Number(event['levels']);
        told.events += Number(event['events']);
        return true;
      }
      t.true(Number(event['i']) > lastRead);
      lastRead = Number(event['i']);
      read[event.kind === 'levels' ? 'levels' : 'events'] += 1;
      return true;
    };
    for (let i = 0; i < 500; i += 1) {
      if (random.below(5) < 3) {
        const kind = random.below(3) > 0 ? 'levels' : 'raised';
        queue.push({ kind, i });
        pushed[kind === 'levels' ? 'levels' : 'events'] += 1;
      } else take();
      t.true(queue.size <= 8);
    }
    while (take());
    t.deepEqual(pushed, { levels: read.levels + told.levels, events: read.events + told.events });
  }
});
