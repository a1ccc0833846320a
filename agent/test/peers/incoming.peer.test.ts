import {
  CALLER_HZ,
  findSpeech,
  SHOP_HZ,
  shareHeard,
  toneMs,
  toneStartMs,
} from '../harness/audio.js';
import { startPhone } from '../harness/baresip.js';
import { SHORT_ANNOUNCEMENT, startBox } from '../harness/box.js';
import {
  beHungUp,
  builtInPrompt,
  dialBox,
  hangUp,
  prackAndAck,
  reliableRinging,
  startCaller,
  startGateway,
  upToAck,
  wholeCall,
} from '../harness/flows.js';
import { peerTest } from '../harness/peer-test.js';
import { openPlace } from '../harness/place.js';
import { answer, LineCall } from '../harness/sipp-messages.js';
import {
  pause,
  receiveRequest,
  receiveResponse,
  scenario,
  send,
} from '../harness/sipp-scenario.js';
import { answeringPhone, registerSippPhone, ringingPhone, Sipp } from '../harness/sipp.js';

peerTest(
  ['sipp'],
  'a home gateway with short header names gets 100, a reliable 180 and 200, and its session timer back (RFC 3262, RFC 4028)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { profile: 'hgw' });
    const call = new LineCall({
      compact: true,
      headers: ['Supported: timer,100rel', 'Session-Expires: 300;refresher=uac', 'Min-SE: 300'],
    });
    const gateway = await startGateway(t, place, {
      scenario: scenario(
        send(call.invite(), { repeats: true, opens: 'invite' }),
        receiveResponse(100, { of: 'invite' }),
        reliableRinging(),
        ...prackAndAck(call, {
          check: { header: 'Session-Expires', matches: '300;refresher=uac' },
        }),
        pause(300),
        send(call.bye(3), { repeats: true, opens: 'bye' }),
        receiveResponse(200, { of: 'bye' }),
      ),
    });
    await gateway.done();
    const messages = await gateway.messages();
    const answerText = messages.slice(
      messages.lastIndexOf('SIP/2.0 200 OK\r\nVia', messages.indexOf('ACK sip:')),
    );
    t.notRegex(answerText.slice(0, 1_500), /^[a-z]: /m, 'the box writes long header names');
    await box.callsEnded();
    t.is((await box.onlyCall()).called, '0300001111');
    t.deepEqual(await box.stop(), { code: 0, signal: null });
  },
);

peerTest(
  ['baresip'],
  'a caller hears the whole announcement, and only then a phone rings and answers',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { announcement: 'builtIn' });
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const caller = await startCaller(t, place);
    await dialBox(caller, place);
    await phone.event('CALL_ESTABLISHED');
    await phone.event('CALL_RTPESTAB');
    await box.callEvent('answered');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await caller.command('hangup');
    await box.callsEnded();
    const heard = await caller.heardLast();
    const announcement = await builtInPrompt('announcement-ja');
    t.true(shareHeard(announcement, heard) >= 0.9, JSON.stringify(findSpeech(announcement, heard)));
    const end = findSpeech(announcement, heard).at(-1)?.atMs ?? 0;
    t.true((toneStartMs(heard, SHOP_HZ) ?? 0) > end);
    const call = await box.onlyCall();
    t.like(call.announcement, { what: 'builtIn', completed: true });
    t.is(call.answeredBy, '201');
  },
);

peerTest(
  ['baresip'],
  'both sides hear each other and not themselves, and the recording has the caller left and the staff right',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const caller = await startCaller(t, place, { says: CALLER_HZ });
    await dialBox(caller, place);
    await phone.event('CALL_RTPESTAB');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await caller.command('hangup');
    await phone.event('CALL_CLOSED');
    await box.callsEnded();
    const [atCaller, atPhone] = [await caller.heardLast(), await phone.heardLast()];
    t.true(toneMs(atCaller, SHORT_ANNOUNCEMENT.hz) >= SHORT_ANNOUNCEMENT.ms - 150);
    t.true(toneMs(atCaller, SHOP_HZ) >= 1_500);
    t.is(toneMs(atCaller, CALLER_HZ), 0);
    t.true(toneMs(atPhone, CALLER_HZ) >= 1_500);
    t.is(toneMs(atPhone, SHOP_HZ), 0);
    t.is(toneMs(atPhone, SHORT_ANNOUNCEMENT.hz), 0, 'the staff does not hear the announcement');
    const call = await box.onlyCall();
    t.like(call, { outcome: 'answered', endedBy: 'caller', endedHow: 'bye', answeredBy: '201' });
    const { left, right } = await box.audio(call.id);
    t.true(toneMs(left, CALLER_HZ) >= 2_000);
    t.is(toneMs(left, SHOP_HZ), 0);
    t.true(toneMs(right, SHOP_HZ) >= 2_000);
    t.is(toneMs(right, CALLER_HZ), 0);
    t.deepEqual(await box.stop(), { code: 0, signal: null });
  },
);

peerTest(
  ['sipp'],
  'every phone rings, the first to answer has the call, and the others are told that somebody did (RFC 3326)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { phones: ['201', '202', '203'] });
    for (const [n, extension] of ['201', '202', '203'].entries()) {
      await registerSippPhone(t, place, extension, place.phone(n + 1));
    }
    const start = (name: string, n: number, text: string): Promise<Sipp> =>
      Sipp.start(t, place, { name, address: place.phone(n), scenario: text });
    const first = await start('first', 1, ringingPhone());
    const second = await start('second', 2, answeringPhone({ ringMs: 400 }));
    const third = await start('third', 3, ringingPhone());
    const gateway = await startGateway(t, place, { scenario: wholeCall(new LineCall(), 2_500) });
    for (const sipp of [gateway, first, second, third]) await sipp.done();
    for (const loser of [first, third]) {
      t.regex(await loser.receivedMessage('CANCEL '), /^Reason: SIP\s*;\s*cause=200/im);
    }
    await box.callsEnded();
    t.is((await box.onlyCall()).answeredBy, '202');
  },
);

peerTest(
  ['sipp'],
  'a caller who hangs up during the announcement rings no phone and leaves a record without a recording',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { announcement: 'builtIn' });
    await registerSippPhone(t, place, '201', place.phone(1));
    const phone = await Sipp.start(t, place, {
      name: 'phone',
      address: place.phone(1),
      scenario: ringingPhone(),
    });
    const gateway = await startGateway(t, place, { scenario: wholeCall(new LineCall(), 900) });
    await gateway.done();
    await box.callsEnded();
    const call = await box.onlyCall();
    t.like(call, { outcome: 'abandonedInAnnouncement', endedBy: 'caller', recording: null });
    t.like(call.announcement, { what: 'builtIn', completed: false });
    t.deepEqual(await phone.received(), []);
  },
);

peerTest(
  ['sipp'],
  'a CANCEL that crossed the 200 is answered and changes nothing: the caller ends the call with BYE (RFC 3261 §9.2)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const call = new LineCall();
    const gateway = await startGateway(t, place, {
      scenario: scenario(
        send(call.invite(), { repeats: true }),
        receiveResponse(100),
        receiveResponse(180),
        receiveResponse(200, { keepsRoute: true }),
        send(call.cancel(), { repeats: true }),
        receiveResponse(200),
        send(call.ack()),
        pause(200),
        ...hangUp(call),
      ),
    });
    await gateway.done();
    await box.callsEnded();
    t.like(await box.onlyCall(), { endedBy: 'caller', endedHow: 'bye', recording: null });
  },
);

peerTest(['sipp'], 'when the staff hangs up first, the caller gets a BYE', async (t) => {
  const place = await openPlace(t);
  const box = await startBox(t, place);
  await registerSippPhone(t, place, '201', place.phone(1));
  const phone = await Sipp.start(t, place, {
    name: 'phone',
    address: place.phone(1),
    scenario: answeringPhone({ ringMs: 200, talkMs: 800 }),
  });
  const gateway = await startGateway(t, place, {
    scenario: scenario(...upToAck(new LineCall()), ...beHungUp()),
  });
  await phone.done();
  await gateway.done();
  await box.callsEnded();
  t.like(await box.onlyCall(), { outcome: 'answered', endedBy: 'staff', endedHow: 'bye' });
});

peerTest(
  ['baresip', 'sipp'],
  'when nobody answers in time, the phones stop ringing and the caller hears an apology, then BYE',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { more: { call: ['ringSeconds = 5'] } });
    await registerSippPhone(t, place, '201', place.phone(1));
    const phone = await Sipp.start(t, place, {
      name: 'phone',
      address: place.phone(1),
      scenario: ringingPhone(),
    });
    const caller = await startCaller(t, place);
    await dialBox(caller, place);
    await phone.done();
    await caller.events.until('BYE', (event) => event.type === 'CALL_CLOSED', {
      timeoutMs: 20_000,
    });
    const heard = await caller.heardLast();
    t.true(toneMs(heard, 400) >= 1_000, 'the caller hears our ringback');
    t.true(shareHeard(await builtInPrompt('apology-ja'), heard) >= 0.9);
    await box.callsEnded();
    t.like(await box.onlyCall(), { outcome: 'noAnswer', endedBy: 'box', recording: null });
  },
);

peerTest(
  ['baresip', 'sipp'],
  'a busy phone, and then no phone at all: the caller hears the announcement and an apology',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    await registerSippPhone(t, place, '201', place.phone(1));
    const phone = await Sipp.start(t, place, {
      name: 'busy',
      address: place.phone(1),
      scenario: scenario(
        receiveRequest('INVITE'),
        send(answer(486, 'Busy Here', { toTag: 'b' }), { repeats: true }),
        receiveRequest('ACK'),
      ),
    });
    const caller = await startCaller(t, place);
    await dialBox(caller, place);
    await phone.done();
    await caller.event('CALL_CLOSED');
    const heard = await caller.heardLast();
    t.true(toneMs(heard, SHORT_ANNOUNCEMENT.hz) >= SHORT_ANNOUNCEMENT.ms - 150);
    t.true(shareHeard(await builtInPrompt('apology-ja'), heard) >= 0.9);
    await box.callsEnded();
    t.like(await box.onlyCall(), { outcome: 'noAnswer', endedBy: 'box', endedHow: 'rejected' });
  },
);

peerTest(['baresip'], 'with no phone registered the caller hears an apology at once', async (t) => {
  const place = await openPlace(t);
  const box = await startBox(t, place);
  const caller = await startCaller(t, place);
  await dialBox(caller, place);
  await caller.event('CALL_CLOSED');
  const heard = await caller.heardLast();
  t.true(shareHeard(await builtInPrompt('apology-ja'), heard) >= 0.9);
  await box.callsEnded();
  t.like(await box.onlyCall(), { outcome: 'noAnswer', endedHow: 'noPhone', recording: null });
});

peerTest(
  ['baresip', 'sipp'],
  'the caller who hangs up while phones ring stops them, and no recording is kept',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    await registerSippPhone(t, place, '201', place.phone(1));
    const phone = await Sipp.start(t, place, {
      name: 'phone',
      address: place.phone(1),
      scenario: ringingPhone(),
    });
    const call = new LineCall();
    const gateway = await startGateway(t, place, {
      scenario: scenario(...upToAck(call), pause(2_000), ...hangUp(call)),
    });
    await gateway.done();
    await phone.done();
    t.notRegex(await phone.receivedMessage('CANCEL '), /cause=200/);
    await box.callsEnded();
    t.like(await box.onlyCall(), { outcome: 'abandoned', endedBy: 'caller', recording: null });
  },
);
