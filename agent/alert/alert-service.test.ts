import test from 'ava';
import { silentLog } from '../../base/index.js';
import { FakeClock } from '../../base/testing/fake-clock.js';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import { DEFAULT_POLICY, panicDecision, testDecision, type Decision } from '../policy/index.js';
import type { AlarmStatus, AlertSink, BoxEvent } from './alert.js';
import { STORE_HUNG_MS, STORE_RETRY_MS, STORE_WAIT_MAX_MS } from './alert-log.js';
import { AlertService, OPEN_ALERTS_MAX } from './alert-service.js';
import { CALL_EVENTS_MAX, DELIVERY_MAX_MS, RETRY_MAX_MS } from './outbox.js';
import { MemoryTable } from './testing/memory-table.js';

const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

const decision = (level: 1 | 2 | 3): Decision => ({
  do: 'raise',
  level,
  type: 'threat',
  source: 'keyword',
  reason: '「殺すぞ」と聞こえました（脅迫）',
  reasonUnquoted: '脅迫にあたる言葉が聞こえました',
  quote: '殺すぞ',
  line: 'お電話を切らせていただきます',
  atMs: 0,
});

/** A sink that remembers; `works` false is a dead one. */
class RecordingSink implements AlertSink {
  readonly events: BoxEvent[] = [];
  readonly shown: AlarmStatus[] = [];
  works = true;
  hangs = false;
  attempts = 0;
  readonly name: string;

  constructor(name = 'recording') {
    this.name = name;
  }

  show(status: AlarmStatus): void {
    this.shown.push(status);
  }

  deliver(event: BoxEvent): Promise<void> {
    this.attempts += 1;
    if (this.hangs) return new Promise(() => undefined);
    if (!this.works) return Promise.reject(new Error('no broker'));
    this.events.push(event);
    return Promise.resolve();
  }

  get kinds(): readonly string[] {
    return this.events.map((event) => event.kind);
  }
}

const box = async (table = new MemoryTable(), clock = new FakeClock(), seed = 1) => {
  const random = new SeededRandom(seed);
  const service = await AlertService.open({
    table,
    clock,
    random,
    log: silentLog,
    overdueAfterMs: [30_000, 60_000],
  });
  return { table, clock, service };
};
const notice = (callId: string) => ({
  callId,
  kind: 'ringing' as const,
  caller: { kind: 'number', number: '09000005678' },
});

test('an alert is on the disk before anyone hears of it', async (t) => {
  const { table, service } = await box();
  const stored: number[] = [];
  await service.subscribe({ name: 'lamp', show: () => void stored.push(table.rows.size) });
  await service.raise(decision(3), { callId: 'c1' });
  t.is(stored.length, 2);
  t.true((stored[1] ?? 0) > 0);
  t.is(service.level, 3);
});

test('one call has one alert that rises, is acknowledged by somebody, and clears with the call', async (t) => {
  const { service } = await box();
  const sink = new RecordingSink();
  await service.subscribe(sink);
  const first = await service.raise(decision(1), { callId: 'c1' });
  t.is(await service.raise(decision(3), { callId: 'c1' }), first);
  t.is(service.level, 3);
  t.deepEqual(await service.acknowledge({ alertId: 'all', by: '201', via: 'phone' }), [first]);
  t.is(service.level, 0);
  await service.callEnded('c1');
  await settle();
  t.deepEqual(sink.kinds, ['raised', 'escalated', 'acknowledged', 'cleared']);
  t.deepEqual(
    sink.events.map((event) => event.seq),
    [1, 2, 3, 4],
  );
  t.is(new Set(sink.events.map((event) => event.id)).size, 4);
  const acknowledged = sink.events[2];
  t.true(acknowledged?.what === 'alert' && acknowledged.by === '201');
});

test('the level is the highest of all calls that nobody has seen yet', async (t) => {
  const { service } = await box();
  const low = await service.raise(decision(1), { callId: 'c1' });
  const high = await service.raise(decision(3), { callId: 'c2' });
  await service.acknowledge({ alertId: high ?? '', by: 'a', via: 'b' });
  t.is(service.level, 1);
  t.deepEqual(await service.acknowledge({ alertId: 'unknown', by: 'a', via: 'b' }), []);
  t.deepEqual(await service.acknowledge({ alertId: 'all', by: 'a', via: 'b' }), [low]);
  t.is(service.level, 0);
});

test('an alert that nobody acknowledges goes on at 30 s and at 60 s, an acknowledged one does not', async (t) => {
  const { service, clock } = await box();
  await service.raise(decision(2), { callId: 'c1' });
  clock.advance(29_999);
  t.is(service.status.overdueStage, 0);
  clock.advance(1);
  t.is(service.status.overdueStage, 1);
  clock.advance(30_000);
  t.is(service.status.overdueStage, 2);
  await service.acknowledge({ alertId: 'all', by: 'a', via: 'b' });
  t.is(service.status.overdueStage, 0);
  t.is(clock.pendingCount, 0);
});

test('a jump of the wall clock neither hurries nor delays the second pattern', async (t) => {
  const { service, clock } = await box();
  await service.raise(decision(2), { callId: 'c1' });
  clock.jumpWall(86_400_000);
  clock.advance(29_999);
  t.is(service.status.overdueStage, 0);
  clock.jumpWall(-200_000_000);
  clock.advance(1);
  t.is(service.status.overdueStage, 1);
});

test('an unacknowledged alert stands again after a restart, with its number going on', async (t) => {
  const before = await box();
  await before.service.raise(decision(3), { callId: 'c1' });
  await before.service.recordCall(notice('c1'));
  // No close: the process was killed.
  const after = await box(before.table, new FakeClock(), 2);
  const sink = new RecordingSink();
  await after.service.subscribe(sink);
  t.is(sink.shown[0]?.level, 3);
  t.deepEqual(after.service.callIds, ['c1']);
  await after.service.callEnded('c1');
  await after.service.acknowledge({ alertId: 'all', by: 'a', via: 'b' });
  await settle();
  t.deepEqual(
    sink.events.map((event) => [event.kind, event.seq]),
    [
      ['acknowledged', 3],
      ['cleared', 4],
    ],
  );
  const third = await box(before.table, new FakeClock(), 3);
  t.is(third.service.level, 0);
});

test('a disk that refuses holds nothing back and is a fault of its own, once; then all is caught up', async (t) => {
  const { service, table, clock } = await box();
  const sink = new RecordingSink();
  await service.subscribe(sink);
  table.refuses = true;
  await service.raise(decision(3), { callId: 'c1' });
  await service.raise(decision(2), { callId: 'c2' });
  await settle();
  t.deepEqual(sink.kinds, ['raised', 'raised']);
  t.deepEqual(
    service.status.faults.map((fault) => fault.code),
    ['alert-storage'],
  );
  t.is(service.level, 3);
  table.refuses = false;
  clock.advance(STORE_RETRY_MS);
  await settle();
  t.deepEqual(service.status.faults, []);
  const after = await box(table, new FakeClock(), 2);
  t.is(after.service.status.open.length, 2);
  await after.service.recordCall(notice('c3'));
  t.is(table.rows.get('seq'), '3');
});

test('a disk that hangs holds an alarm back no longer than the limit', async (t) => {
  const { service, table, clock } = await box();
  const sink = new RecordingSink();
  await service.subscribe(sink);
  table.hangs = true;
  void service.raise(decision(3), { callId: 'c1' });
  await settle();
  t.deepEqual(sink.kinds, []);
  clock.advance(STORE_WAIT_MAX_MS);
  await settle();
  t.deepEqual(sink.kinds, ['raised']);
  clock.advance(STORE_HUNG_MS);
  t.is(service.status.faults[0]?.code, 'alert-storage');
  void service.raise(decision(3), { callId: 'c2' });
  await settle();
  t.deepEqual(sink.kinds, ['raised', 'raised']);
});

test('a dead sink, or one that throws, delays no other', async (t) => {
  const { service } = await box();
  const [dead, hung, live] = [
    new RecordingSink('dead'),
    new RecordingSink('hung'),
    new RecordingSink('live'),
  ];
  dead.works = false;
  hung.hangs = true;
  const throws = (): void => {
    throw new Error('lamp unplugged');
  };
  await service.subscribe({ name: 'broken', show: throws });
  for (const sink of [dead, hung, live]) await service.subscribe(sink);
  await service.raise(decision(3), { callId: 'c1' });
  await service.acknowledge({ alertId: 'all', by: 'a', via: 'b' });
  await settle();
  t.deepEqual(live.kinds, ['raised', 'acknowledged']);
  t.deepEqual([dead.kinds, hung.kinds], [[], []]);
});

test('a day without a broker, with restarts in it: everything arrives, once, in order', async (t) => {
  const random = new SeededRandom(99);
  const clock = new FakeClock();
  const table = new MemoryTable();
  const sink = new RecordingSink('mqtt');
  sink.works = false;
  let { service } = await box(table, clock, 1);
  await service.subscribe(sink);
  for (let hour = 0; hour < 24; hour += 1) {
    const callId = `c${hour}`;
    await service.recordCall(notice(callId));
    await service.raise(decision(random.pick([1, 2, 3] as const)), { callId });
    if (random.below(2) === 0) await service.acknowledge({ alertId: 'all', by: 'a', via: 'b' });
    await service.callEnded(callId);
    clock.advance(3_600_000);
    await settle();
    if (random.below(3) > 0) continue;
    await service.close();
    ({ service } = await box(table, clock, hour + 2));
    await service.subscribe(sink);
  }
  t.deepEqual(sink.events, []);
  sink.works = true;
  await settle();
  clock.advance(RETRY_MAX_MS);
  for (let i = 0; i < 100; i += 1) await settle();
  const seqs = sink.events.map((event) => event.seq);
  t.deepEqual(
    seqs,
    seqs.map((_, i) => i + 1),
  );
  t.true(seqs.length >= 48);
  t.is(String(seqs.length), table.rows.get('seq') ?? '');
  t.deepEqual(
    [...table.rows.keys()].filter((key) => key.startsWith('outbox/')),
    [],
  );
});

test('a sink that comes back is served at once, not after its back-off', async (t) => {
  const { service, clock } = await box();
  const sink = new RecordingSink();
  sink.works = false;
  const subscription = await service.subscribe(sink);
  await service.raise(decision(3), { callId: 'c1' });
  for (let i = 0; i < 10; i += 1) {
    clock.advance(RETRY_MAX_MS);
    await settle();
  }
  const { attempts } = sink;
  t.true(attempts <= 12);
  sink.works = true;
  subscription.wake();
  await settle();
  t.deepEqual(sink.kinds, ['raised']);
  t.is(subscription.waiting, 0);
});

test('a delivery that never answers is tried again', async (t) => {
  const { service, clock } = await box();
  const sink = new RecordingSink();
  sink.hangs = true;
  await service.subscribe(sink);
  await service.raise(decision(3), { callId: 'c1' });
  sink.hangs = false;
  clock.advance(DELIVERY_MAX_MS);
  await settle();
  clock.advance(RETRY_MAX_MS);
  await settle();
  t.deepEqual(sink.kinds, ['raised']);
});

test('a full queue drops the oldest call events, and no alert', async (t) => {
  const { service, clock } = await box();
  const sink = new RecordingSink();
  sink.works = false;
  const subscription = await service.subscribe(sink);
  await service.raise(decision(3), { callId: 'c0' });
  for (let i = 0; i < CALL_EVENTS_MAX + 10; i += 1) void service.recordCall(notice(`c${i}`));
  await settle();
  t.is(subscription.waiting, CALL_EVENTS_MAX + 1);
  t.deepEqual(service.status.faults, []);
  sink.works = true;
  clock.advance(RETRY_MAX_MS);
  await settle();
  t.deepEqual([sink.events[0]?.kind, sink.events[1]?.seq], ['raised', 12]);
});

test('help outside of a call is one alert, and a test alarm another', async (t) => {
  const { service } = await box();
  const panic = panicDecision(DEFAULT_POLICY, 'button', 0);
  const first = await service.raise(panic, { callId: null });
  t.is(await service.raise(panic, { callId: null }), first);
  t.not(await service.raise(testDecision(DEFAULT_POLICY, 1, 0), { callId: null }), first);
  await service.acknowledge({ alertId: 'all', by: 'a', via: 'button' });
  t.deepEqual(service.status.open, []);
});

test('a note without an alert raises none', async (t) => {
  const { service } = await box();
  t.is(await service.raise({ ...decision(3), do: 'note' }, { callId: 'c1' }), null);
  t.is(service.level, 0);
});

test('a shop that never acknowledges keeps a bounded number of alerts', async (t) => {
  const { service } = await box();
  for (let i = 0; i < OPEN_ALERTS_MAX + 20; i += 1) {
    await service.raise(decision(1), { callId: `c${i}` });
  }
  t.is(service.status.open.length, OPEN_ALERTS_MAX);
});

test('a fault of the box is shown, once, and is not an alert', async (t) => {
  const { service } = await box();
  const sink = new RecordingSink();
  await service.subscribe(sink);
  service.raiseFault('announcement-missing');
  service.raiseFault('announcement-missing');
  t.is(sink.shown.length, 2);
  t.is(service.level, 0);
  service.clearFault('announcement-missing');
  t.deepEqual(sink.shown.at(-1)?.faults, []);
});

test('killed between any two steps, no event is lost and no number is used twice', async (t) => {
  const random = new SeededRandom(2026);
  for (let run = 0; run < 60; run += 1) {
    let table = new MemoryTable();
    const received = new Map<string, number>();
    const told = new Set<string>();
    for (let life = 0; life < 5; life += 1) {
      const clock = new FakeClock();
      const isLast = life === 4;
      const { service } = await box(table, clock, run * 10 + life);
      let isAlive = true;
      const subscription = await service.subscribe({
        name: 'mqtt',
        deliver: (event) => {
          if (!isAlive || (!isLast && random.below(3) === 0))
            return Promise.reject(new Error('away'));
          received.set(event.id, event.seq);
          return Promise.resolve();
        },
      });
      for (let i = random.below(5); i > 0; i -= 1) {
        const callId = `${life}-${i}`;
        const raising = service.raise(decision(3), { callId }).then(() => {
          if (isAlive) told.add(callId);
        });
        if (random.below(3) > 0) await raising;
        if (random.below(2) === 0) clock.advance(1_000);
      }
      if (!isLast) {
        // Killed here: what is on the disk now is all that the next life has.
        const disk = new MemoryTable();
        for (const [key, value] of table.rows) disk.rows.set(key, value);
        isAlive = false;
        table = disk;
        continue;
      }
      for (let i = 0; i < 50 && subscription.waiting > 0; i += 1) {
        clock.advance(RETRY_MAX_MS);
        await settle();
      }
      t.is(subscription.waiting, 0);
      await settle();
      t.true(service.status.open.length >= told.size);
    }
    const seqs = [...received.values()].sort((a, b) => a - b);
    t.deepEqual(
      seqs,
      seqs.map((_, i) => i + 1),
    );
    t.true(seqs.length >= told.size);
  }
});
