import test from 'ava';
import type { Hold, PeerCall } from './testing/bench-peer.js';
import { ExchangeBench } from './testing/exchange-bench.js';

async function settle(bench: ExchangeBench): Promise<readonly string[]> {
  await bench.run(200_000);
  return bench.leftovers;
}

/** What NOTIFYs said to a phone of its REFER (RFC 3515 §2.4.5). */
function notified(bench: ExchangeBench, name: string): readonly string[] {
  return bench.network.wire.flatMap(({ to, message }) =>
    message.kind === 'request' &&
    message.method === 'NOTIFY' &&
    to.address === bench.phone(name).address
      ? [Buffer.from(message.body).toString('utf8').trim()]
      : [],
  );
}

/** An internal call that `from` made and `to` answered. */
async function consult(
  bench: ExchangeBench,
  from: string,
  to: string,
): Promise<{ readonly asker: PeerCall; readonly asked: PeerCall }> {
  const asker = bench.phone(from).dial(to);
  await bench.run(100);
  const asked = bench.phone(to).call.answer();
  await bench.run(100);
  return { asker, asked };
}

test('hold in each of its three spellings lets the other side hear music, and the record says when', async (t) => {
  const spellings: readonly Hold[] = ['sendonly', 'inactive', 'nullAddress'];
  for (const hold of spellings) {
    for (const byStaff of [true, false]) {
      const bench = new ExchangeBench();
      const { caller, staff } = await bench.talk('201');
      const [holder, held] = byStaff ? [staff, caller] : [caller, staff];
      holder.hold(hold);
      await bench.run(1_000);
      t.is(bench.hears(held), 'play hold-ja', hold);
      t.is(bench.hears(holder), 'nothing', hold);
      holder.resume();
      await bench.run(1_000);
      t.is(bench.hears(held), holder.peer.name, hold);
      t.is(bench.hears(holder), held.peer.name, hold);
      const [one, ...more] = bench.record.holds;
      t.deepEqual(more, []);
      t.is(one?.by, byStaff ? '201' : 'line');
      t.is((one?.toMs ?? 0) - (one?.fromMs ?? 0), 1_000);
      t.deepEqual(
        held.events.filter((event) => event.name === 'offer'),
        [],
        'the other side is left alone',
      );
      held.hangUp();
      t.deepEqual(await settle(bench), []);
    }
  }
});

test('both sides hold: neither hears the other until both have taken the call back', async (t) => {
  const bench = new ExchangeBench();
  const { caller, staff } = await bench.talk('201');
  caller.hold('inactive');
  staff.hold('sendonly');
  await bench.run(500);
  t.is(bench.hears(caller), 'nothing');
  t.is(bench.hears(staff), 'nothing');
  caller.resume();
  await bench.run(500);
  t.is(bench.hears(caller), 'play hold-ja');
  staff.resume();
  await bench.run(500);
  t.is(bench.hears(caller), '201');
  t.is(bench.hears(staff), 'line');
  t.is(bench.record.holds.length, 2);
  staff.hold();
  await bench.run(500);
  caller.hangUp();
  t.deepEqual(await settle(bench), []);
  t.true(bench.record.holds.every(({ toMs }) => toMs !== null));
});

test('a blind transfer: the other phone rings with the name of the caller, takes over, and the first is released', async (t) => {
  const bench = new ExchangeBench();
  const { caller, staff } = await bench.talk('201');
  staff.hold();
  await bench.run(100);
  staff.refer('203');
  await bench.run(500);
  t.is(bench.hears(caller), 'play hold-ja');
  const third = bench.phone('203').call;
  t.is(third.session.invite.from.displayName, '090-0000-1234');
  third.answer();
  await bench.run(500);
  t.is(bench.hears(caller), '203');
  t.is(bench.hears(third), 'line');
  t.true(staff.isOver);
  t.deepEqual(staff.statuses, ['REFER 202']);
  t.deepEqual(notified(bench, '201'), [
    'SIP/2.0 100 Trying',
    'SIP/2.0 180 Ringing',
    'SIP/2.0 200 OK',
  ]);
  t.like(bench.record, { answeredBy: '203' });
  t.like(bench.record.transfers[0], { from: '201', to: '203', how: 'blind' });
  t.is(bench.record.holds.length, 1);
  t.truthy(bench.record.holds[0]?.toMs, 'who is gone holds no more');
  t.is(bench.wire('line').filter((line) => line === '> INVITE' || line === '> REFER').length, 0);
  caller.hangUp();
  t.deepEqual(await settle(bench), []);
  t.is(bench.record.health.staff?.packetsReceived, 16_388, 'the last who talked');
});

test('a blind transfer to a phone that is busy, or does not answer, leaves the call where it was', async (t) => {
  for (const how of ['busy', 'silent', 'unregistered'] as const) {
    const bench = new ExchangeBench({ call: { ringSeconds: 20 } });
    const { caller, staff } = await bench.talk('201');
    if (how === 'busy') bench.phone('203').onCalled = (call) => call.session.reject(486);
    if (how === 'unregistered') bench.unregistered.add('203');
    staff.refer('203');
    await bench.run(25_000);
    t.is(bench.hears(caller), '201', how);
    t.true(staff.isTalking);
    const status = { busy: 486, silent: 408, unregistered: 480 }[how];
    t.is(notified(bench, '201').at(-1), `SIP/2.0 ${status} Failed`);
    t.deepEqual(bench.record.transfers, []);
    t.deepEqual(bench.faults, []);
    staff.hangUp();
    t.deepEqual(await settle(bench), []);
  }
});

test('the one who transfers hangs up at once: the caller hears ring-back, then the new phone, or an apology', async (t) => {
  for (const answers of [true, false]) {
    const bench = new ExchangeBench({ call: { ringSeconds: 20 } });
    const { caller, staff } = await bench.talk('201');
    staff.refer('203');
    await bench.run(20);
    staff.hangUp();
    await bench.run(500);
    t.is(bench.hears(caller), 'ringback');
    if (answers) bench.phone('203').call.answer();
    await bench.run(answers ? 500 : 21_000);
    t.is(bench.hears(caller), answers ? '203' : 'play apology-ja');
    if (answers) caller.hangUp();
    t.deepEqual(await settle(bench), []);
    t.true(caller.isOver);
    t.is(bench.record.outcome, 'answered');
    t.is(bench.record.answeredBy, answers ? '203' : '201');
  }
});

test('a caller who hangs up during a transfer takes everybody along', async (t) => {
  const bench = new ExchangeBench();
  const { caller, staff } = await bench.talk('201');
  staff.refer('203');
  await bench.run(500);
  caller.hangUp();
  await bench.run(500);
  t.true(staff.isOver);
  t.is(bench.phone('203').call.end?.how, 'cancel');
  t.deepEqual(await settle(bench), []);
});

test('a transfer to nobody, to the line, to itself, or by the line is refused, and the call stays', async (t) => {
  const bench = new ExchangeBench();
  const { caller, staff } = await bench.talk('201');
  staff.refer('299');
  await bench.run(100);
  staff.refer('0300002222');
  await bench.run(100);
  staff.refer('201');
  await bench.run(100);
  caller.refer('203');
  await bench.run(100);
  t.deepEqual(staff.statuses, ['REFER 404', 'REFER 404', 'REFER 403']);
  t.deepEqual(caller.statuses, ['REFER 403']);
  t.is(bench.hears(caller), '201');
  staff.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('a call that went out is transferred like one that came in', async (t) => {
  for (const goesAtOnce of [false, true]) {
    const bench = new ExchangeBench();
    const { staff, callee } = await bench.talkOut('201');
    staff.refer('202');
    await bench.run(100);
    if (goesAtOnce) staff.hangUp();
    await bench.run(400);
    t.is(bench.hears(callee), goesAtOnce ? 'ringback' : '201');
    const second = bench.phone('202').call.answer();
    await bench.run(500);
    t.is(bench.hears(callee), '202');
    t.is(bench.hears(second), 'line');
    t.true(staff.isOver);
    t.like(bench.record, { direction: 'outgoing', extension: '201', answeredBy: '202' });
    second.hangUp();
    await bench.run(100);
    t.like(bench.record, { endedBy: 'staff', outcome: 'answered' });
    t.deepEqual(await settle(bench), []);
  }
});

test('an attended transfer joins the far ends, from whichever of the two dialogs it is asked (RFC 5589 §7)', async (t) => {
  for (const first of ['incoming', 'outgoing'] as const) {
    for (const from of ['line', 'internal'] as const) {
      const title = `${first}, asked in the ${from} dialog`;
      const bench = new ExchangeBench();
      const { staff, outside } =
        first === 'incoming'
          ? await bench.talk('201').then((talk) => ({ staff: talk.staff, outside: talk.caller }))
          : await bench
              .talkOut('201')
              .then((talk) => ({ staff: talk.staff, outside: talk.callee }));
      const lineCall = bench.record.id;
      staff.hold();
      await bench.run(100);
      const { asker, asked } = await consult(bench, '201', '202');
      t.is(bench.hears(outside), 'play hold-ja', title);
      t.is(bench.hears(asked), '201', title);
      if (from === 'line') staff.refer('202', asker);
      else asker.refer('0900000', staff);
      await bench.run(500);
      t.is(bench.hears(outside), '202', title);
      t.is(bench.hears(asked), 'line', title);
      t.true(staff.isOver && asker.isOver, title);
      t.is(notified(bench, '201').at(-1), 'SIP/2.0 200 OK', title);
      const record = bench.stored.get(lineCall)?.state.record;
      t.is(record?.answeredBy, '202', title);
      t.like(record?.transfers[0], { from: '201', to: '202', how: 'attended' }, title);
      t.truthy(record?.holds[0]?.toMs, title);
      const leg = bench.worker.legTo(asked.peer.address, asked.rtpPort);
      t.like(leg, { callId: lineCall, isRecorded: true, speaker: 'staff' }, title);
      asked.hangUp();
      await bench.run(500);
      t.true(outside.isOver, title);
      t.deepEqual(await settle(bench), [], title);
    }
  }
});

test('a phone that was called by another one may hand the caller over to it: internal first, then incoming', async (t) => {
  const bench = new ExchangeBench();
  const { asker, asked } = await consult(bench, '202', '201');
  asked.hold();
  await bench.run(100);
  const caller = bench.callIn();
  await bench.run(6_500);
  const staff = bench.phone('203').call.answer();
  await bench.run(100);
  staff.refer('201');
  await bench.run(100);
  const second = bench.phone('201').call.answer();
  await bench.run(100);
  t.is(bench.hears(caller), '201');
  asked.refer('x', second);
  await bench.run(500);
  t.is(bench.hears(caller), '202');
  t.is(bench.hears(asker), 'line');
  t.true(asked.isOver && second.isOver);
  caller.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('two callers of the line are not joined: nobody of the shop would be left to hang up', async (t) => {
  const bench = new ExchangeBench({ line: { callsMax: 4 } });
  const { caller, staff } = await bench.talk('201');
  staff.hold();
  await bench.run(100);
  const { staff: other, callee } = await bench.talkOut('201');
  staff.refer('0300002222', other);
  await bench.run(500);
  t.deepEqual(staff.statuses, ['REFER 403']);
  t.is(bench.hears(caller), 'play hold-ja');
  t.is(bench.hears(callee), '201');
  staff.hangUp();
  other.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('a half-attended transfer: the other phone, still ringing for the first, rings for the caller instead', async (t) => {
  const bench = new ExchangeBench();
  const { caller, staff } = await bench.talk('201');
  staff.hold();
  await bench.run(100);
  const asker = bench.phone('201').dial('202');
  await bench.run(500);
  const before = bench.phone('202').call;
  staff.refer('202', asker);
  await bench.run(500);
  t.true(before.isOver);
  t.true(asker.isOver);
  const after = bench.phone('202').call;
  t.not(after, before);
  after.answer();
  await bench.run(500);
  t.is(bench.hears(caller), '202');
  t.true(staff.isOver);
  caller.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('an INVITE with Replaces takes a call over from another phone (RFC 3891)', async (t) => {
  const bench = new ExchangeBench();
  const { caller, staff } = await bench.talk('201');
  const taker = bench.phone('203').dial('201', {
    headers: [{ name: 'Replaces', value: staff.tags }],
  });
  await bench.run(500);
  t.true(taker.isTalking);
  t.true(staff.isOver);
  t.is(bench.hears(caller), '203');
  t.is(bench.hears(taker), 'line');
  t.like(bench.record.transfers[0], { from: '201', to: '203', how: 'pickUp' });
  caller.hangUp();
  await bench.run(100);
  t.true(taker.isOver);
  t.deepEqual(await settle(bench), []);
});

test('a Replaces that names nothing, the line itself, or comes from the line is answered 481', async (t) => {
  const bench = new ExchangeBench();
  const { caller, staff } = await bench.talk('201');
  const replaces = (value: string): readonly { name: string; value: string }[] => [
    { name: 'Replaces', value },
  ];
  const nobody = bench.phone('203').dial('201', {
    headers: replaces('nothing;to-tag=1;from-tag=2'),
  });
  const line = bench.phone('203').dial('201', { headers: replaces(caller.tags) });
  const stranger = bench.gateway.dial('201', { headers: replaces(staff.tags) });
  await bench.run(500);
  for (const call of [nobody, line, stranger]) t.is(call.end?.status, 481);
  t.is(bench.hears(caller), '201');
  caller.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('whoever picks up and gives up, or is overtaken by the end of the call, leaves nothing behind', async (t) => {
  for (let atMs = 0; atMs < 18; atMs += 3) {
    for (const who of ['taker', 'caller', 'both', 'hold'] as const) {
      const bench = new ExchangeBench();
      const { caller, staff } = await bench.talk('201');
      const taker = bench.phone('203').dial('201', {
        headers: [{ name: 'Replaces', value: staff.tags }],
      });
      await bench.run(atMs);
      if (who === 'taker' || who === 'both') taker.hangUp();
      if (who === 'caller' || who === 'both') caller.hangUp();
      if (who === 'hold') caller.hold();
      await bench.run(1_000);
      t.is(taker.isTalking, who === 'hold', `${who} ${atMs}`);
      caller.hangUp();
      staff.hangUp();
      t.deepEqual(await settle(bench), [], `${who} ${atMs}`);
    }
  }
});

test('a call that is picked up while its phone transfers it: the transfer is called back', async (t) => {
  const bench = new ExchangeBench();
  const { caller, staff } = await bench.talk('201');
  staff.refer('202');
  await bench.run(500);
  const taker = bench.phone('203').dial('201', {
    headers: [{ name: 'Replaces', value: staff.tags }],
  });
  await bench.run(500);
  t.true(bench.phone('202').call.isOver);
  t.is(bench.hears(caller), '203');
  taker.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('a REFER while another transfer rings is refused, the first goes on', async (t) => {
  const bench = new ExchangeBench();
  const { caller, staff } = await bench.talk('201');
  staff.refer('202');
  await bench.run(100);
  staff.refer('203');
  await bench.run(100);
  t.deepEqual(staff.statuses, ['REFER 202', 'REFER 403']);
  bench.phone('202').call.answer();
  await bench.run(500);
  t.is(bench.hears(caller), '202');
  caller.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('two phones that talk to each other transfer as well, whichever of them dialled', async (t) => {
  for (const byAsker of [true, false]) {
    const bench = new ExchangeBench();
    const { asker, asked } = await consult(bench, '201', '202');
    (byAsker ? asker : asked).refer('203');
    await bench.run(100);
    const third = bench.phone('203').call.answer();
    await bench.run(500);
    const left = byAsker ? asked : asker;
    t.is(bench.hears(third), left.peer.name);
    t.is(bench.hears(left), '203');
    left.hangUp();
    t.deepEqual(await settle(bench), []);
  }
});
