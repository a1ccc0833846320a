import test from 'ava';
import type { ExchangeBench as Bench } from './testing/exchange-bench.js';
import { sdpOf } from './testing/bench-peer.js';
import { OfferlessCaller } from './testing/offerless-caller.js';
import { CALLER, ExchangeBench, OUR_NUMBER } from './testing/exchange-bench.js';

/** Lets every timer run out, and returns what should not be there. */
async function settle(bench: Bench): Promise<readonly string[]> {
  await bench.run(200_000);
  return bench.leftovers;
}

const count = (list: readonly string[], item: string): number =>
  list.filter((one) => one === item).length;

test('a caller is told 100 and 180 at once, hears the announcement, the ring-back, then the shop; all of it is on the record', async (t) => {
  const bench = new ExchangeBench();
  const caller = bench.callIn();
  await bench.run(30);
  t.deepEqual(bench.wire('line').slice(0, 4), [
    '< INVITE',
    '> 100 INVITE',
    '> 180 INVITE',
    '> 200 INVITE',
  ]);
  const [ringing, answer] = bench.network.wire
    .map(({ message }) => message)
    .filter((message) => message.kind === 'response' && message.status >= 180);
  t.deepEqual(ringing?.to.params, answer?.to.params, 'the To-tag of the 180 is that of the 200');
  await bench.run(100);
  t.true(caller.isTalking);
  t.is(bench.hears(caller), 'play announcement-ja');
  t.is(bench.phone('201').calls.length, 0, 'nobody is rung before the announcement');
  await bench.run(6_000);
  t.is(bench.hears(caller), 'ringback');
  const calls = ['201', '202', '203'].map((name) => bench.phone(name).call);
  t.is(calls[0]?.session.invite.from.displayName, '090-0000-1234');
  await bench.run(3_000);
  calls[1]?.answer();
  await bench.run(100);
  t.is(calls[0]?.end?.how, 'cancel');
  t.is(calls[2]?.end?.reason?.cause, 200, 'completed elsewhere (RFC 3326)');
  t.is(bench.hears(caller), '202');
  const [, second] = calls;
  t.truthy(second);
  if (second !== undefined) t.is(bench.hears(second), 'line');
  await bench.run(60_000);
  caller.hangUp();
  await bench.run(100);
  t.true(second?.isOver);
  const { record } = bench;
  t.like(record, {
    direction: 'incoming',
    caller: { kind: 'number', number: CALLER },
    called: OUR_NUMBER,
    outcome: 'answered',
    answeredBy: '202',
    endedBy: 'caller',
    endedHow: 'bye',
  });
  const { announcement, startedAtMs, answeredAtMs, endedAtMs, health } = record;
  t.like(announcement, { what: 'builtIn', completed: true });
  t.is((announcement?.endedAtMs ?? 0) - (announcement?.startedAtMs ?? 0), 6_000);
  t.true((announcement?.startedAtMs ?? 0) > startedAtMs);
  t.true((answeredAtMs ?? 0) > (announcement?.endedAtMs ?? 0));
  t.true((endedAtMs ?? 0) - (answeredAtMs ?? 0) >= 60_000);
  t.is(health.caller?.packetsReceived, 16_384);
  t.is(health.staff?.packetsReceived, 16_386);
  t.deepEqual(record.recording?.files, [record.id]);
  t.deepEqual(
    bench.news.map(({ news }) => news),
    ['announcementPlayed', 'ringing', 'recordingStarted', 'answered', 'ended'],
  );
  t.deepEqual(await settle(bench), []);
});

test('a caller who cancels while the port is being opened gets 487, and nobody is rung (RFC 3261 §9.2)', async (t) => {
  const bench = new ExchangeBench({ policy: { announce: false } });
  const caller = bench.callIn();
  await bench.run(10);
  caller.hangUp();
  await bench.run(20_000);
  t.is(caller.end?.status, 487);
  t.is(bench.record.outcome, 'abandoned');
  t.like(bench.record, { endedBy: 'caller', endedHow: 'cancel', answeredAtMs: null });
  t.deepEqual(await settle(bench), []);
});

test('a CANCEL that crosses our 200 ends the call by BYE, whenever it comes (RFC 5407 §3.1.2)', async (t) => {
  for (let afterMs = 0; afterMs < 40; afterMs += 1) {
    const bench = new ExchangeBench();
    const caller = bench.callIn();
    await bench.run(afterMs);
    caller.hangUp();
    await bench.run(20_000);
    t.true(caller.isOver, `${afterMs} ms`);
    t.is(bench.phone('201').calls.length, 0, `${afterMs} ms`);
    t.deepEqual(await settle(bench), [], `${afterMs} ms`);
  }
});

test('a CANCEL that crosses the answer of a phone leaves no phone off the hook', async (t) => {
  for (let afterMs = 0; afterMs < 30; afterMs += 1) {
    const bench = new ExchangeBench({ policy: { announce: false } });
    const caller = bench.callIn();
    await bench.run(1_000);
    bench.phone('201').call.answer();
    await bench.run(afterMs);
    caller.hangUp();
    await bench.run(1_000);
    t.true(caller.isOver, `${afterMs} ms`);
    for (const phone of bench.phones.values()) t.true(phone.call.isOver, `${afterMs} ms`);
    t.deepEqual(await settle(bench), [], `${afterMs} ms`);
  }
});

test('a caller who hangs up on the announcement counts as abandoned in it, and no phone rings', async (t) => {
  const bench = new ExchangeBench();
  const caller = bench.callIn();
  await bench.run(3_000);
  caller.hangUp();
  await bench.run(10_000);
  t.like(bench.record, {
    outcome: 'abandonedInAnnouncement',
    endedBy: 'caller',
    endedHow: 'bye',
    recording: null,
  });
  t.like(bench.record.announcement, { completed: false });
  t.truthy(bench.record.announcement?.endedAtMs);
  t.is(bench.phone('201').calls.length, 0);
  t.deepEqual(await settle(bench), []);
});

test('two phones answer in the same instant: one talks, the other is ACKed and hung up (RFC 5407 §3.1.2)', async (t) => {
  for (let afterMs = 0; afterMs < 20; afterMs += 1) {
    const bench = new ExchangeBench();
    const caller = bench.callIn();
    await bench.run(7_000);
    const [first, second] = [bench.phone('201').call, bench.phone('202').call];
    first.answer();
    await bench.run(afterMs);
    if (!second.isOver) second.answer();
    await bench.run(1_000);
    t.true(first.isTalking);
    t.true(second.isOver, `${afterMs} ms`);
    t.is(bench.hears(caller), '201');
    t.is(bench.record.answeredBy, '201');
    first.hangUp();
    await bench.run(100);
    t.like(bench.record, { endedBy: 'staff', endedHow: 'bye' });
    t.deepEqual(await settle(bench), [], `${afterMs} ms`);
  }
});

test('all phones refuse: the caller hears an apology, then BYE', async (t) => {
  const bench = new ExchangeBench();
  for (const phone of bench.phones.values()) phone.onCalled = (call) => call.session.reject(486);
  const caller = bench.callIn();
  await bench.run(6_500);
  t.is(bench.hears(caller), 'play apology-ja');
  await bench.run(6_000);
  t.is(caller.end?.how, 'bye');
  t.like(bench.record, { outcome: 'busy', endedBy: 'box', answeredBy: null, recording: null });
  t.deepEqual(bench.faults, []);
  t.deepEqual(await settle(bench), []);
});

test('one phone that declines for everybody (603) does not speak for the others; neither does one that redirects', async (t) => {
  const bench = new ExchangeBench();
  bench.phone('201').onCalled = (call) => call.session.reject(603);
  bench.phone('202').onCalled = (call) => call.session.reject(302);
  const caller = bench.callIn();
  await bench.run(7_000);
  t.false(bench.phone('203').call.isOver);
  bench.phone('203').call.answer();
  await bench.run(100);
  t.is(bench.hears(caller), '203');
  t.like(bench.record, { answeredBy: '203' });
});

test('no phone is registered: an alarm, and the caller hears the apology', async (t) => {
  const bench = new ExchangeBench();
  for (const name of bench.phones.keys()) bench.unregistered.add(name);
  const caller = bench.callIn();
  await bench.run(6_500);
  t.is(bench.hears(caller), 'play apology-ja');
  await bench.run(6_000);
  t.true(caller.isOver);
  t.deepEqual(bench.faults, ['no-phone-registered']);
  t.like(bench.record, { outcome: 'noAnswer', endedHow: 'noPhone' });
  t.deepEqual(await settle(bench), []);
});

test('nobody answers for the set time: the phones stop, the caller hears an apology, then BYE', async (t) => {
  const bench = new ExchangeBench({ call: { ringSeconds: 20 } });
  const caller = bench.callIn();
  await bench.run(6_500 + 20_100);
  t.is(bench.hears(caller), 'play apology-ja');
  t.is(bench.phone('201').call.end?.how, 'cancel');
  await bench.run(6_000);
  t.is(caller.end?.how, 'bye');
  t.like(bench.record, { outcome: 'noAnswer', endedHow: 'noAnswer', endedBy: 'box' });
  t.deepEqual(await settle(bench), []);
});

test('a caller who hangs up during the apology was not answered', async (t) => {
  const bench = new ExchangeBench({ call: { ringSeconds: 20 } });
  const caller = bench.callIn();
  await bench.run(6_500 + 21_000);
  caller.hangUp();
  await bench.run(1_000);
  t.like(bench.record, { outcome: 'noAnswer', endedBy: 'caller', endedHow: 'bye' });
  t.deepEqual(await settle(bench), []);
});

test('a phone that was unplugged keeps nobody waiting: the others ring, and 408 after 32 s is not the end', async (t) => {
  const bench = new ExchangeBench();
  bench.network.loses = (_message, to) => to.address === bench.phone('201').address;
  const caller = bench.callIn();
  await bench.run(45_000);
  t.is(bench.hears(caller), 'ringback');
  bench.phone('202').call.answer();
  await bench.run(100);
  t.is(bench.hears(caller), '202');
  bench.phone('202').call.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('a phone whose port refuses our INVITE leaves the round at once', async (t) => {
  const bench = new ExchangeBench({ phones: ['201'] });
  bench.network.refuses = (message, to) =>
    message.kind === 'request' && to.address === bench.phone('201').address;
  const caller = bench.callIn();
  await bench.run(7_000);
  t.is(bench.hears(caller), 'play apology-ja');
  t.deepEqual(bench.faults, [], 'it is registered');
  t.deepEqual(await settle(bench), []);
});

test('a broken announcement: the caller hears a tone instead, the call passes, an alarm is raised', async (t) => {
  const bench = new ExchangeBench({ announcement: 'configured' });
  bench.worker.broken.add('configured');
  const caller = bench.callIn();
  await bench.run(100);
  t.is(bench.hears(caller), 'play tone:attention');
  await bench.run(1_100);
  t.is(bench.hears(caller), 'ringback');
  t.deepEqual(bench.faults, ['announcement-broken']);
  t.like(bench.record.announcement, { what: 'tone', completed: true });
  caller.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('known to be broken, the tone is played at once', async (t) => {
  const bench = new ExchangeBench({ announcement: 'tone' });
  const caller = bench.callIn();
  await bench.run(100);
  t.is(bench.hears(caller), 'play tone:attention');
  await bench.run(1_100);
  t.like(bench.record.announcement, { what: 'tone', completed: true });
  caller.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('without announcement the caller pays only when a phone answers: 180, then 200', async (t) => {
  const bench = new ExchangeBench({ policy: { announce: false } });
  const caller = bench.callIn();
  await bench.run(5_000);
  t.false(caller.isTalking);
  t.deepEqual([...caller.progress], [180]);
  bench.phone('203').call.answer();
  await bench.run(100);
  t.is(bench.hears(caller), '203');
  t.is(bench.record.announcement?.what, 'skipped');
  bench.phone('203').call.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('without announcement a caller whom nobody answers gets a status, no apology', async (t) => {
  const bench = new ExchangeBench({ policy: { announce: false }, call: { ringSeconds: 20 } });
  const caller = bench.callIn();
  await bench.run(25_000);
  t.is(caller.end?.status, 480);
  t.is(bench.record.outcome, 'noAnswer');
  t.deepEqual(await settle(bench), []);
});

test('an INVITE without SDP gets our offer in the 200, the ACK answers it, and the caller hears the announcement', async (t) => {
  const bench = new ExchangeBench();
  const offerless = offerlessCaller(bench);
  await bench.run(100);
  t.regex(offerless.offer, /m=audio 16384 RTP\/AVP 0/);
  t.is(bench.worker.legs.size, 1);
  t.is(bench.worker.legTo('192.0.2.2', 39_998), undefined, 'nothing is known of the caller');
  offerless.ack(sdpOf('192.0.2.2', 39_998, 1, {}));
  await bench.run(100);
  t.is(bench.worker.legTo('192.0.2.2', 39_998)?.source.kind, 'play');
  bench.exchange.hangUpAll();
  t.deepEqual(await settle(bench), []);
});

test('an ACK without a usable answer to our offer ends the call (RFC 3264 §7)', async (t) => {
  for (const body of ['', sdpOf('192.0.2.2', 39_998, 1, { payloadTypes: '18' })]) {
    const bench = new ExchangeBench();
    const offerless = offerlessCaller(bench);
    await bench.run(100);
    offerless.ack(body);
    await bench.run(100);
    t.true(bench.wire('line').includes('> BYE'));
    t.is(bench.record.outcome, 'failed');
    t.deepEqual(await settle(bench), []);
  }
});

/** A caller whose INVITE has no SDP has called. */
function offerlessCaller(bench: Bench): OfferlessCaller {
  const caller = new OfferlessCaller(bench.network, '192.0.2.2', bench.endpoint);
  caller.invite();
  return caller;
}

test('SDP that we cannot use is answered 488, nothing is played and nothing stays (RFC 3261 §21.4.26)', async (t) => {
  const bench = new ExchangeBench();
  const caller = bench.gateway.dial(OUR_NUMBER, { as: CALLER, sdp: { payloadTypes: '18' } });
  await bench.run(200);
  t.is(caller.end?.status, 488);
  t.like(bench.record, { outcome: 'failed', endedBy: 'box' });
  t.deepEqual(await settle(bench), []);
});

test('no port left: 503, an alarm, nothing stays', async (t) => {
  const bench = new ExchangeBench();
  bench.worker.legsMax = 0;
  const caller = bench.callIn();
  await bench.run(200);
  t.is(caller.end?.status, 503);
  t.deepEqual(bench.faults, ['no-media-port']);
  t.deepEqual(await settle(bench), []);
});

test('no port left for the phones: the caller hears the apology, and it is not said that no phone is registered', async (t) => {
  const bench = new ExchangeBench();
  bench.worker.legsMax = 1;
  const caller = bench.callIn();
  await bench.run(6_500);
  t.is(bench.hears(caller), 'play apology-ja');
  t.deepEqual(bench.faults, ['no-media-port']);
  t.deepEqual(await settle(bench), []);
});

test('a line that holds from the first INVITE on is on the record, and hears us when it takes the call back', async (t) => {
  const bench = new ExchangeBench();
  const caller = bench.gateway.dial(OUR_NUMBER, { as: CALLER, sdp: { hold: 'inactive' } });
  await bench.run(11_000);
  t.is(bench.record.holds.length, 1);
  t.is(bench.hears(caller), 'nothing');
  const staff = bench.phone('201').call.answer();
  await bench.run(100);
  t.is(bench.hears(staff), 'play hold-ja');
  caller.resume();
  await bench.run(100);
  t.is(bench.hears(staff), 'line');
  t.is(bench.hears(caller), '201');
  t.truthy(bench.record.holds[0]?.toMs);
  staff.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('the line may offer again during the announcement: it goes on', async (t) => {
  const bench = new ExchangeBench();
  const caller = bench.callIn();
  await bench.run(2_000);
  caller.resume();
  await bench.run(100);
  t.is(bench.hears(caller), 'play announcement-ja');
  await bench.run(5_000);
  t.is(bench.hears(caller), 'ringback');
  t.true(bench.record.announcement?.completed);
  caller.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('a fax ends the announcement, is never listened to, and passes', async (t) => {
  const bench = new ExchangeBench();
  const caller = bench.callIn();
  await bench.run(1_000);
  bench.exchange.onBridgeEvent({
    name: 'tone',
    legId: `${bench.record.id}:a`,
    tone: 'faxCalling',
    atWallMs: 0,
  });
  await bench.run(50);
  t.is(bench.hears(caller), 'ringback');
  bench.phone('201').call.answer();
  await bench.run(100);
  t.true([...bench.worker.legs.values()].every((leg) => !leg.isDetected && leg.isRecorded));
  t.like(bench.record, { fax: true, announcement: { completed: false } });
  t.truthy(bench.record.announcement?.endedAtMs);
  caller.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('a fax tone while it rings, or in the middle of a talk, stops the listening and nothing else', async (t) => {
  for (const answers of [false, true]) {
    const bench = new ExchangeBench();
    const { caller, staff } = await bench.talk('201');
    const tone = {
      name: 'tone',
      legId: `${bench.record.id}:a`,
      tone: 'faxCalling',
      atWallMs: 0,
    } as const;
    bench.exchange.onBridgeEvent(tone);
    await bench.run(50);
    t.is(bench.hears(caller), '201');
    t.true([...bench.worker.legs.values()].every((leg) => !leg.isDetected));
    (answers ? staff : caller).hangUp();
    t.deepEqual(await settle(bench), []);
  }
});

test('on an analog line a busy tone is the hang-up, and the record says so', async (t) => {
  const bench = new ExchangeBench({ line: { profile: 'ht813' } });
  const { staff } = await bench.talk('201');
  const legId = `${bench.record.id}:a`;
  t.deepEqual(
    bench.worker.commands
      .filter((one) => one.do === 'listenForTones' && one.legId === legId)
      .at(-1),
    { do: 'listenForTones', legId, tones: ['faxCalling', 'busy'] },
  );
  bench.exchange.onBridgeEvent({ name: 'tone', legId, tone: 'busy', atWallMs: 0 });
  await bench.run(100);
  t.true(staff.isOver);
  t.like(bench.record, { endedBy: 'caller', endedHow: 'busyTone', outcome: 'answered' });
  t.deepEqual(await settle(bench), []);
});

test('a line without any audio for the set time has hung up; a held one has not', async (t) => {
  const bench = new ExchangeBench({ line: { profile: 'ht813' }, call: { silenceEndsSeconds: 30 } });
  const { staff } = await bench.talk('201');
  const legId = `${bench.record.id}:a`;
  t.is(bench.worker.legs.get(legId)?.silenceAfterMs, 30_000);
  staff.hold();
  await bench.run(100);
  t.is(bench.worker.legs.get(legId)?.silenceAfterMs, null);
  staff.resume();
  await bench.run(100);
  bench.exchange.onBridgeEvent({ name: 'silence', legId, forMs: 30_000 });
  await bench.run(100);
  t.like(bench.record, { endedBy: 'caller', endedHow: 'silence' });
  t.deepEqual(await settle(bench), []);
});

test('digits by SIP INFO reach the other side and the panic key its listener (RFC 6086)', async (t) => {
  const bench = new ExchangeBench();
  const { staff } = await bench.talk('201');
  staff.info('application/dtmf-relay', 'Signal=*\r\nDuration=160\r\n');
  staff.info('application/dtmf', '1');
  await bench.run(100);
  t.deepEqual(bench.digits, ['201:*', '201:1']);
  t.deepEqual(
    bench.worker.sentDigits.map(({ legId, digit }) => `${legId.slice(-1)}${digit}`),
    ['a*', 'a1'],
  );
  bench.exchange.onBridgeEvent({
    name: 'digit',
    legId: `${bench.record.id}:b`,
    digit: '#',
    durationMs: 100,
    way: 'rfc4733',
  });
  t.is(bench.digits.at(-1), '201:#');
  staff.hangUp();
  t.deepEqual(await settle(bench), []);
});

test('a session timer that nobody refreshes ends the call, and the record says how (RFC 4028 §10)', async (t) => {
  const bench = new ExchangeBench({ sessionExpiresS: 90 });
  const { caller, staff } = await bench.talk('201');
  bench.network.loses = ({ via }, to) =>
    to.address === caller.peer.address || via[0]?.host === caller.peer.address;
  await bench.run(200_000);
  t.true(staff.isOver);
  t.is(bench.record.endedHow, 'sessionExpired');
  t.is(bench.record.outcome, 'answered');
  bench.network.loses = () => false;
  t.deepEqual(await settle(bench), []);
});

test('the box stops: calls in every phase are over, with everyone told and every recording closed', async (t) => {
  for (const atMs of [0, 6, 12, 50, 3_000, 6_300, 8_000]) {
    const bench = new ExchangeBench();
    const caller = bench.callIn();
    await bench.run(atMs);
    bench.exchange.hangUpAll();
    await bench.run(5_000);
    t.true(caller.isOver || atMs === 0, `${atMs} ms`);
    caller.hangUp();
    t.deepEqual(await settle(bench), [], `${atMs} ms`);
  }
  const bench = new ExchangeBench();
  const { caller, staff } = await bench.talk('201');
  staff.hold();
  await bench.run(100);
  bench.exchange.hangUpAll();
  await bench.run(1_000);
  t.true(caller.isOver && staff.isOver);
  t.like(bench.record, { endedBy: 'box', outcome: 'answered' });
  t.deepEqual(await settle(bench), []);
});

test('the box may stop once every recording is closed, and does not wait for ever', async (t) => {
  const bench = new ExchangeBench();
  const { caller } = await bench.talk('201');
  let isClosed = false;
  void bench.exchange.close(5_000).then(() => {
    isClosed = true;
  });
  t.false(isClosed);
  await bench.run(20);
  t.true(isClosed);
  t.true(caller.isOver);
  t.truthy(bench.record.recording);
  const stuck = new ExchangeBench();
  await stuck.talk('201');
  stuck.worker.onClosing = () => false;
  const closed = stuck.exchange.close(500);
  await stuck.run(501);
  await closed;
  await stuck.run(1_000);
  t.truthy(stuck.record.recording, 'a media worker that says nothing holds up no recording');
});

test('what is noted while the recording is being closed stays on the record', async (t) => {
  const bench = new ExchangeBench();
  const { caller } = await bench.talk('201');
  const [call] = bench.exchange.calls;
  caller.hangUp();
  bench.clock.advance(6);
  bench.clock.advance(2);
  call?.note({ alerts: [{ alertId: 'x', level: 3, type: 'threat', atMs: 1 }] });
  await bench.run(100);
  t.is(bench.record.alerts.length, 1);
  t.truthy(bench.record.recording);
});

test('the caller gets exactly one 200 a dialog and one BYE, however many packets the network doubles', async (t) => {
  const bench = new ExchangeBench({ network: { duplicateRate: 0.5 } });
  const { caller } = await bench.talk('201');
  caller.hangUp();
  await bench.run(1_000);
  t.is(count(bench.wire('line'), '> 200 INVITE'), 1);
  t.is(count(bench.wire('201'), '> BYE'), 1);
  t.deepEqual(await settle(bench), []);
});
