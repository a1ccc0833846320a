import test from 'ava';
import { ExchangeBench } from './testing/exchange-bench.js';

async function settle(bench: ExchangeBench): Promise<readonly string[]> {
  await bench.run(200_000);
  return bench.leftovers;
}

test('a call that goes out rings, is answered, recorded and ended like any other', async (t) => {
  const bench = new ExchangeBench();
  const staff = bench.phone('201').dial('0300002222');
  await bench.run(100);
  const callee = bench.gateway.call;
  t.is(callee.session.invite.uri.user, '0300002222');
  t.deepEqual([...staff.progress], [180]);
  callee.answer();
  await bench.run(100);
  t.is(bench.hears(staff), 'line');
  t.is(bench.hears(callee), '201');
  await bench.run(30_000);
  staff.hangUp();
  await bench.run(100);
  t.true(callee.isOver);
  t.like(bench.record, {
    direction: 'outgoing',
    extension: '201',
    called: '0300002222',
    answeredBy: '201',
    outcome: 'answered',
    endedBy: 'staff',
    endedHow: 'bye',
    announcement: null,
  });
  t.is(bench.record.health.staff?.packetsReceived, 16_384);
  t.is(bench.record.health.caller?.packetsReceived, 16_386);
  t.truthy(bench.record.recording);
  t.deepEqual(await settle(bench), []);
});

test('early media of the line is heard at the phone: 183 there is 183 here, with the same answer in the 200', async (t) => {
  const bench = new ExchangeBench();
  bench.gateway.onCalled = (call) => call.earlyMedia();
  const staff = bench.phone('201').dial('0300002222');
  await bench.run(200);
  t.deepEqual([...staff.progress], [183]);
  t.is(bench.hears(staff), 'line');
  bench.gateway.call.answer();
  await bench.run(200);
  t.is(bench.hears(staff), 'line');
  const answers = bench.network.wire.flatMap(({ from, message }) =>
    from.address === bench.endpoint.address &&
    message.kind === 'response' &&
    message.body.length > 0
      ? [Buffer.from(message.body).toString('utf8')]
      : [],
  );
  t.is(new Set(answers).size, 1, 'RFC 6337 §3.1.1');
  staff.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('what the line says to our INVITE the phone hears as it is; a challenge or redirection it does not', async (t) => {
  const cases = [
    [486, 486, 'busy'],
    [404, 404, 'rejected'],
    [603, 603, 'rejected'],
    [503, 503, 'rejected'],
    [302, 503, 'rejected'],
    [407, 503, 'rejected'],
  ] as const;
  for (const [said, heard, outcome] of cases) {
    const bench = new ExchangeBench();
    bench.gateway.onCalled = (call) => call.session.reject(said);
    const staff = bench.phone('201').dial('0300002222');
    await bench.run(500);
    t.is(staff.end?.status, heard, String(said));
    t.is(bench.record.outcome, outcome, String(said));
    t.is(bench.record.recording, null);
    t.deepEqual(await settle(bench), [], String(said));
  }
});

test('a gateway that is not there is told to the phone after 32 s (RFC 3261 §17.1.1.2)', async (t) => {
  const bench = new ExchangeBench();
  bench.network.loses = (_message, to) => to.address === bench.gateway.address;
  const staff = bench.phone('201').dial('0300002222');
  await bench.run(33_000);
  t.true(staff.isOver);
  t.like(bench.record, { outcome: 'failed', endedHow: 'timeout' });
  t.deepEqual(await settle(bench), []);
});

test('a phone that gives up while it rings outside, at whatever moment, leaves nobody ringing', async (t) => {
  for (const atMs of [0, 5, 11, 12, 16, 22, 30, 500, 501, 506, 511, 516]) {
    const bench = new ExchangeBench();
    const staff = bench.phone('201').dial('0300002222');
    bench.clock.after(500, () => {
      const call = bench.gateway.calls[0];
      if (call?.session.state === 'early') call.answer();
    });
    await bench.run(atMs);
    staff.hangUp();
    await bench.run(3_000);
    t.true(staff.isOver, `${atMs} ms`);
    for (const call of bench.gateway.calls) t.true(call.isOver, `${atMs} ms`);
    t.deepEqual(await settle(bench), [], `${atMs} ms`);
  }
});

test('a call outside may ring longer than a call to the shop; three minutes are the end of it', async (t) => {
  const bench = new ExchangeBench({ call: { ringSeconds: 20 } });
  const staff = bench.phone('201').dial('0300002222');
  await bench.run(120_000);
  t.false(staff.isOver);
  await bench.run(61_000);
  t.is(staff.end?.status, 480);
  t.is(bench.record.outcome, 'noAnswer');
  t.deepEqual(await settle(bench), []);
});

test('110, 118, 119 pass while the line is full, unannounced, unjudged, and ring as long as they must', async (t) => {
  for (const number of ['110', '118', '119', '184110', '0119']) {
    const bench = new ExchangeBench({ line: { callsMax: 1 } });
    const { staff } = await bench.talkOut('201');
    t.is(bench.phone('202').dial('0300003333').session.state, 'early');
    await bench.run(100);
    t.is(bench.phone('202').call.end?.status, 486, 'the line is full');
    const help = bench.phone('202').dial(number);
    await bench.run(100);
    const called = bench.gateway.call;
    t.is(called.session.invite.uri.user, number === '0119' ? '119' : number);
    await bench.run(600_000);
    t.false(help.isOver, 'it waits in a queue of theirs');
    called.answer();
    await bench.run(100);
    t.is(bench.hears(help), 'line');
    t.true(bench.record.emergency);
    t.is(bench.worker.legTo(help.peer.address, help.rtpPort)?.isDetected, false);
    help.hangUp();
    staff.hangUp();
    t.deepEqual(await settle(bench), []);
  }
});

test('a phone that rings may call 119 instead of answering', async (t) => {
  const bench = new ExchangeBench({ line: { callsMax: 1 } });
  const caller = bench.callIn();
  await bench.run(7_000);
  const help = bench.phone('201').dial('119');
  await bench.run(100);
  bench.gateway.call.answer();
  await bench.run(100);
  t.is(bench.hears(help), 'line');
  t.is(bench.hears(caller), 'ringback');
  bench.phone('202').call.answer();
  await bench.run(100);
  t.is(bench.hears(caller), '202');
  caller.hangUp();
  help.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('phone to phone by extension: nothing is announced, recorded or listened to', async (t) => {
  const bench = new ExchangeBench();
  const first = bench.phone('201').dial('202');
  await bench.run(100);
  t.deepEqual([...first.progress], [180]);
  t.is(bench.phone('202').call.session.invite.from.displayName, 'phone 201');
  t.is(bench.phone('203').calls.length, 0);
  const second = bench.phone('202').call.answer();
  await bench.run(100);
  t.is(bench.hears(first), '202');
  t.is(bench.hears(second), '201');
  t.true([...bench.worker.legs.values()].every((leg) => !leg.isRecorded && !leg.isDetected));
  second.hangUp();
  await bench.run(100);
  t.true(first.isOver);
  t.like(bench.record, { direction: 'internal', answeredBy: '202', recording: null });
  t.is(bench.recorder.size, 0);
  t.deepEqual(await settle(bench), []);
});

test('an extension that nobody has is not dialled on the line', async (t) => {
  const bench = new ExchangeBench();
  const staff = bench.phone('201').dial('299');
  await bench.run(100);
  t.is(staff.end?.status, 404);
  t.is(bench.gateway.calls.length, 0);
  t.deepEqual(await settle(bench), []);
});

test('an extension that is not registered, is busy, or is the phone itself says so at once', async (t) => {
  const bench = new ExchangeBench();
  bench.unregistered.add('202');
  const missing = bench.phone('201').dial('202');
  await bench.run(100);
  t.is(missing.end?.status, 480);
  const itself = bench.phone('201').dial('201');
  await bench.run(100);
  t.is(itself.end?.status, 486);
  t.is(bench.phone('201').calls.length, 2, 'it was not rung');
  bench.phone('203').onCalled = (call) => call.session.reject(486);
  const busy = bench.phone('201').dial('203');
  await bench.run(100);
  t.is(busy.end?.status, 486);
  t.deepEqual(bench.faults, []);
  t.deepEqual(await settle(bench), []);
});

test('what is no number is answered 404, and dialling the own number is a call like any other', async (t) => {
  const bench = new ExchangeBench();
  for (const text of ['*1', 'pizza', '']) {
    const call = bench.phone('201').dial(text);
    await bench.run(100);
    t.is(call.end?.status, 404, text);
  }
  bench.gateway.onCalled = (call) => call.session.reject(486);
  const own = bench.phone('201').dial('0300001111');
  await bench.run(100);
  t.is(own.end?.status, 486);
  t.deepEqual(await settle(bench), []);
});

test('a phone in a call holds it, asks somebody else, and takes the first call back: neither hears the other', async (t) => {
  const bench = new ExchangeBench();
  const { caller, staff } = await bench.talk('201');
  staff.hold();
  await bench.run(100);
  const question = bench.phone('201').dial('0300002222');
  await bench.run(100);
  const callee = bench.gateway.call.answer();
  await bench.run(100);
  t.is(bench.hears(caller), 'play hold-ja');
  t.is(bench.hears(callee), '201');
  t.is(bench.hears(question), 'line');
  question.hangUp();
  staff.resume();
  await bench.run(100);
  t.is(bench.hears(caller), '201');
  t.true(callee.isOver);
  caller.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('an answer of the line that cannot be heard, or that has no SDP at all, ends the call', async (t) => {
  const bench = new ExchangeBench();
  const staff = bench.phone('201').dial('0300002222');
  await bench.run(100);
  bench.gateway.call.answer({ payloadTypes: '18' });
  await bench.run(1_000);
  t.true(staff.isOver);
  t.false(staff.events.some((event) => event.name === 'answered'));
  t.true(bench.gateway.call.isOver);
  t.is(bench.record.answeredAtMs, null);
  t.deepEqual(await settle(bench), []);
});

test('a line that answers on hold lets the phone hear the hold music until it takes the call', async (t) => {
  const bench = new ExchangeBench();
  const staff = bench.phone('201').dial('0300002222');
  await bench.run(100);
  const callee = bench.gateway.call.answer({ hold: 'sendonly' });
  await bench.run(100);
  t.is(bench.hears(staff), 'play hold-ja');
  t.is(bench.record.holds.length, 1);
  callee.resume();
  await bench.run(100);
  t.is(bench.hears(staff), 'line');
  staff.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('more calls than the box takes: 486 to a phone, never to a call for help', async (t) => {
  const bench = new ExchangeBench({ line: { callsMax: 8 } });
  for (let i = 0; i < 17; i += 1) bench.phone('201').dial('202');
  await bench.run(100);
  t.is(bench.phone('201').call.end?.status, 486);
  const help = bench.phone('203').dial('119');
  await bench.run(100);
  t.deepEqual([...help.progress], [180]);
  bench.exchange.hangUpAll();
  t.deepEqual(await settle(bench), []);
});
