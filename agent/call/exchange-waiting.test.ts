import test from 'ava';
import { ExchangeBench } from './testing/exchange-bench.js';

async function settle(bench: ExchangeBench): Promise<readonly string[]> {
  await bench.run(400_000);
  return bench.leftovers;
}

test('while the only phone talks, a second caller gets busy, and the record keeps the attempt', async (t) => {
  const bench = new ExchangeBench({ phones: ['201'] });
  const { staff } = await bench.talk('201');
  const second = bench.callIn();
  await bench.run(100);
  t.is(second.end?.status, 486);
  t.like(bench.record, { outcome: 'busy', endedBy: 'box', recording: null });
  t.is(bench.phone('201').calls.length, 1);
  staff.hangUp();
  await bench.run(100_000);
  t.deepEqual(
    bench.news.slice(-2).map(({ news }) => news),
    ['rejected', 'ended'],
  );
});

test('a second caller waits with a message, is announced and put through when the phone is free; nobody hears the other call', async (t) => {
  const bench = new ExchangeBench({ phones: ['201'], call: { secondCall: 'wait' } });
  const { caller, staff } = await bench.talk('201');
  const second = bench.callIn();
  await bench.run(5_000);
  t.is(bench.hears(second), 'play waiting-ja');
  t.is(bench.hears(caller), '201');
  t.is(bench.record.announcement?.what, 'skipped');
  staff.hangUp();
  await bench.run(200);
  t.is(bench.hears(second), 'play announcement-ja');
  await bench.run(6_000);
  t.is(bench.hears(second), 'ringback');
  bench.phone('201').call.answer();
  await bench.run(100);
  t.is(bench.hears(second), '201');
  t.like(bench.record.announcement, { what: 'builtIn', completed: true });
  second.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('a caller who waits too long hears the apology; one who hangs up is gone', async (t) => {
  const bench = new ExchangeBench({
    phones: ['201'],
    call: { secondCall: 'wait', waitSeconds: 30 },
    line: { callsMax: 4 },
  });
  const { staff } = await bench.talk('201');
  const patient = bench.callIn();
  const hasty = bench.callIn();
  await bench.run(10_000);
  hasty.hangUp();
  await bench.run(21_000);
  t.is(bench.hears(patient), 'play apology-ja');
  await bench.run(6_000);
  t.true(patient.isOver);
  t.deepEqual(
    bench.records.map(({ outcome }) => outcome),
    ['inProgress', 'noAnswer', 'abandoned'],
  );
  staff.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('those who wait are served in their order, and nobody overtakes them', async (t) => {
  const bench = new ExchangeBench({
    phones: ['201'],
    call: { secondCall: 'wait' },
    line: { callsMax: 4 },
  });
  const { staff } = await bench.talk('201');
  const first = bench.callIn();
  await bench.run(1_000);
  const second = bench.callIn();
  await bench.run(1_000);
  staff.hangUp();
  await bench.run(1_000);
  const third = bench.callIn();
  await bench.run(7_000);
  t.is(bench.hears(first), 'ringback');
  t.is(bench.hears(second), 'play waiting-ja');
  t.is(bench.hears(third), 'play waiting-ja');
  bench.phone('201').call.answer();
  await bench.run(100);
  first.hangUp();
  await bench.run(7_000);
  t.is(bench.hears(second), 'ringback');
  t.is(bench.hears(third), 'play waiting-ja');
  bench.exchange.hangUpAll();
  t.deepEqual(await settle(bench), []);
});

test('a caller whose phone is taken while the announcement runs waits again, and is not announced twice', async (t) => {
  const bench = new ExchangeBench({ phones: ['201'], call: { secondCall: 'wait' } });
  const caller = bench.callIn();
  await bench.run(2_000);
  const { staff } = await bench.talkOut('201');
  await bench.run(5_000);
  t.is(bench.hears(caller), 'play waiting-ja');
  t.deepEqual(bench.faults, [], 'the phone is registered');
  staff.hangUp();
  await bench.run(200);
  t.is(bench.hears(caller), 'ringback');
  t.true(bench.record.direction === 'outgoing');
  bench.phone('201').call.answer();
  await bench.run(100);
  t.is(bench.hears(caller), '201');
  caller.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('two callers within the same announcement: one phone gives the second busy, three phones serve both', async (t) => {
  const small = new ExchangeBench({ phones: ['201'] });
  const winner = small.callIn();
  await small.run(2_000);
  const loser = small.callIn();
  await small.run(100);
  t.is(loser.end?.status, 486);
  await small.run(5_000);
  t.is(small.hears(winner), 'ringback');
  winner.hangUp();

  const bench = new ExchangeBench();
  const first = bench.callIn();
  await bench.run(2_000);
  const second = bench.callIn();
  await bench.run(7_000);
  t.is(bench.hears(first), 'ringback');
  t.is(bench.hears(second), 'play waiting-ja', 'every phone rings for the first');
  bench.phone('202').call.answer();
  await bench.run(200);
  t.is(bench.hears(second), 'ringback');
  bench.phone('203').call.answer();
  await bench.run(100);
  t.is(bench.hears(first), '202');
  t.is(bench.hears(second), '203');
  t.deepEqual(bench.faults, []);
  first.hangUp();
  second.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('the line takes as many calls as it has channels, and one who waits is served when one is free', async (t) => {
  const bench = new ExchangeBench({ line: { callsMax: 1 }, call: { secondCall: 'wait' } });
  const { staff } = await bench.talk('201');
  const second = bench.callIn();
  await bench.run(10_000);
  t.is(bench.hears(second), 'play waiting-ja');
  staff.hangUp();
  await bench.run(200);
  t.is(bench.hears(second), 'play announcement-ja');
  second.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('a phone that registers again takes the caller who waits', async (t) => {
  const bench = new ExchangeBench({ phones: ['201', '202'], call: { secondCall: 'wait' } });
  bench.unregistered.add('202');
  const { staff } = await bench.talk('201');
  const second = bench.callIn();
  await bench.run(3_000);
  bench.unregistered.delete('202');
  bench.exchange.phonesChanged();
  await bench.run(7_000);
  t.is(bench.hears(second), 'ringback');
  bench.phone('202').call.answer();
  await bench.run(100);
  t.is(bench.hears(second), '202');
  t.is(bench.phone('201').calls.length, 1);
  staff.hangUp();
  second.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('an allowed caller who finds no phone free at their turn waits without the announcement', async (t) => {
  const bench = new ExchangeBench({
    phones: ['201'],
    call: { secondCall: 'wait' },
    policy: { announce: false },
  });
  const first = bench.callIn();
  await bench.run(500);
  bench.phone('201').call.answer();
  await bench.run(100);
  const second = bench.callIn();
  await bench.run(500);
  t.is(bench.hears(second), 'play waiting-ja');
  first.hangUp();
  await bench.run(500);
  t.is(bench.hears(second), 'ringback');
  t.is(bench.record.announcement?.what, 'skipped');
  second.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('for 30 minutes after a call to 119 nobody is turned away: help may ring back', async (t) => {
  const bench = new ExchangeBench({ phones: ['201'] });
  const help = bench.phone('201').dial('119');
  await bench.run(100);
  bench.gateway.call.answer();
  await bench.run(100);
  const back = bench.callIn();
  await bench.run(1_000);
  t.is(back.end, null);
  help.hangUp();
  await bench.run(20_000);
  bench.phone('201').call.answer();
  await bench.run(100);
  t.is(bench.hears(back), '201');
  back.hangUp();
  await bench.run(31 * 60_000);
  const { staff } = await bench.talk('201');
  const late = bench.callIn();
  await bench.run(1_000);
  t.is(late.end?.status, 486);
  staff.hangUp();
  t.deepEqual(await settle(bench), []);
});
