import { CALLER_HZ, SHOP_HZ, sine, toneMs, toneStartMs } from '../harness/audio.js';
import type { Baresip } from '../harness/baresip.js';
import { startPhone } from '../harness/baresip.js';
import { startBox, type Box } from '../harness/box.js';
import {
  dialBox,
  startCaller,
  startGateway,
  startTalkingGateway,
  upToAck,
} from '../harness/flows.js';
import { peerTest } from '../harness/peer-test.js';
import { openPlace } from '../harness/place.js';
import { planRtp } from '../harness/rtp-peer.js';
import { answer, LineCall, sdp } from '../harness/sipp-messages.js';
import { pause, receiveRequest, scenario, send } from '../harness/sipp-scenario.js';
import { Sipp } from '../harness/sipp.js';

/** A gateway that takes a call from the box: early audio, answer, and the box hangs up. */
const takesCall = (options: { readonly early?: boolean; readonly ringMs?: number } = {}): string =>
  scenario(
    receiveRequest('INVITE', { keepsRoute: true }),
    send(answer(100, 'Trying')),
    send(
      options.early === true
        ? answer(183, 'Session Progress', { toTag: 'g', body: sdp() })
        : answer(180, 'Ringing', { toTag: 'g' }),
    ),
    pause(options.ringMs ?? 300),
    send(answer(200, 'OK', { toTag: 'g', body: sdp() }), { repeats: true }),
    receiveRequest('ACK'),
    receiveRequest('BYE'),
    send(answer(200, 'OK')),
  );

const dial = (phone: Baresip, box: Box, number: string): Promise<void> =>
  phone.command('dial', `sip:${number}@${box.place.box}`);

peerTest(
  ['sipp', 'baresip'],
  'a phone calls out: it hears the line before the answer, both talk, and both are recorded',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const [gateway, rtp] = await startTalkingGateway(t, place, {
      remote: undefined,
      scenario: takesCall({ early: true, ringMs: 1_500 }),
    });
    await dial(phone, box, '0300002222');
    await phone.event('CALL_PROGRESS');
    // The far end's own ringback, in band; the box has not yet sent anything that would tell where to.
    const early = planRtp({ audio: sine(480, 1_200), ssrc: 0x0e0e_0001 });
    await rtp.sendTo({ address: place.box, port: await gateway.offeredPort() }, early);
    await phone.event('CALL_ESTABLISHED');
    await rtp.send(planRtp({ audio: sine(CALLER_HZ, 1_800) }));
    await phone.command('hangup');
    await gateway.done();
    await box.callsEnded();
    t.regex(await gateway.receivedMessage('INVITE '), /^INVITE sip:0300002222@/m);
    const heard = await phone.heardLast();
    t.true(toneMs(heard, 480) >= 600, `${toneMs(heard, 480)} ms of early media`);
    t.true(toneMs(heard, CALLER_HZ) >= 1_400);
    t.true(toneMs(rtp.heard(), SHOP_HZ) >= 1_400);
    const call = await box.onlyCall();
    t.like(call, {
      direction: 'outgoing',
      extension: '201',
      called: '0300002222',
      endedBy: 'staff',
    });
    const { left, right } = await box.audio(call.id);
    const onLeft = { caller: toneMs(left, CALLER_HZ), shop: toneMs(left, SHOP_HZ) };
    const onRight = { caller: toneMs(right, CALLER_HZ), shop: toneMs(right, SHOP_HZ) };
    t.true(onLeft.caller >= 1_400 && onLeft.shop === 0, JSON.stringify([onLeft, onRight]));
    t.true(onRight.shop >= 1_400 && onRight.caller === 0, JSON.stringify([onLeft, onRight]));
  },
);

peerTest(
  ['sipp', 'baresip'],
  'a phone that gives up while the line rings cancels the call there (RFC 3261 §9.1)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const phone = await startPhone(t, place, '201');
    const gateway = await startGateway(t, place, {
      remote: undefined,
      scenario: scenario(
        receiveRequest('INVITE'),
        send(answer(180, 'Ringing', { toTag: 'p' })),
        receiveRequest('CANCEL'),
        send(answer(200, 'OK', { toTag: 'p' })),
        send(
          [
            'SIP/2.0 487 Request Terminated',
            '[last_Via:]',
            '[last_From:]',
            '[last_To:];tag=[pid]p[call_number]',
            '[last_Call-ID:]',
            'CSeq: [last_cseq_number] INVITE',
            'Content-Length: 0',
          ],
          { repeats: true },
        ),
        receiveRequest('ACK'),
      ),
    });
    await dial(phone, box, '0300002222');
    await phone.event('CALL_RINGING');
    await phone.command('hangup');
    await gateway.done();
    await box.callsEnded();
    t.like(await box.onlyCall(), { direction: 'outgoing', endedBy: 'staff', recording: null });
  },
);

peerTest(
  ['sipp', 'baresip'],
  'the line is busy: the phone is told 486, and one line that is taken gives 486 too, but 110 passes at once',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, {
      phones: ['201', '202'],
      more: { line: ['callsMax = 1'] },
    });
    const first = await startPhone(t, place, '201', { says: SHOP_HZ });
    const second = await startPhone(t, place, '202', { says: SHOP_HZ });
    const busy = await startGateway(t, place, {
      name: 'busy',
      remote: undefined,
      scenario: scenario(
        receiveRequest('INVITE'),
        send(answer(486, 'Busy Here', { toTag: 'b' }), { repeats: true }),
        receiveRequest('ACK'),
      ),
    });
    await dial(first, box, '0300002222');
    await busy.done();
    t.regex((await first.event('CALL_CLOSED')).param, /486/);
    const gateway = await startGateway(t, place, {
      name: 'talking',
      remote: undefined,
      calls: 2,
      // Two calls at once.
      more: ['-l', '2'],
      scenario: takesCall(),
    });
    await dial(first, box, '0300003333');
    await first.event('CALL_ESTABLISHED');
    await dial(second, box, '0300004444');
    t.regex((await second.event('CALL_CLOSED')).param, /486/);
    await dial(second, box, '110');
    await second.event('CALL_ESTABLISHED');
    await second.command('hangup');
    await first.command('hangup');
    await gateway.done();
    const calls = await box.calls();
    t.like(
      calls.find((call) => call.called === '110'),
      { emergency: true, announcement: null, direction: 'outgoing' },
    );
    t.is(calls.find((call) => call.called === '0300002222')?.outcome, 'busy');
  },
);

peerTest(
  ['baresip'],
  'one phone calls another by its extension, and both hear each other',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { phones: ['201', '202'] });
    const first = await startPhone(t, place, '201', { says: 500 });
    const second = await startPhone(t, place, '202', { says: 900 });
    await dial(first, box, '202');
    await first.event('CALL_ESTABLISHED');
    await second.event('CALL_RTPESTAB');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await first.command('hangup');
    await second.event('CALL_CLOSED');
    t.true(toneMs(await first.heardLast(), 900) >= 1_000);
    t.true(toneMs(await second.heardLast(), 500) >= 1_000);
    await box.callsEnded();
    t.like(await box.onlyCall(), { direction: 'internal', called: '202', extension: '201' });
  },
);

peerTest(
  ['baresip'],
  'a phone hands the caller on to another with REFER, and the caller goes on talking there (RFC 3515)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { phones: ['201', '202'] });
    const first = await startPhone(t, place, '201', { says: SHOP_HZ });
    const second = await startPhone(t, place, '202', { says: 900, answers: false });
    const caller = await startCaller(t, place);
    await dialBox(caller, place);
    await first.event('CALL_ESTABLISHED');
    await first.event('CALL_RTPESTAB');
    await first.command('transfer', `sip:202@${place.box}`);
    // It rang with 201 at first, and now again for itself.
    await second.event('CALL_INCOMING', 2);
    await second.command('accept');
    await second.event('CALL_ESTABLISHED');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await caller.command('hangup');
    await second.event('CALL_CLOSED', 2);
    await box.callsEnded();
    const heard = await caller.heardLast();
    t.true(toneMs(heard, 900) >= 1_000, `${toneMs(heard, 900)} ms of 202`);
    t.true(toneMs(await second.heardLast(), CALLER_HZ) >= 1_000);
    const call = await box.onlyCall();
    t.like(call, { answeredBy: '202', outcome: 'answered' });
    t.like(call.transfers[0], { from: '201', to: '202' });
  },
);

peerTest(['baresip', 'sipp'], 'while the only phone talks, a second caller gets 486', async (t) => {
  const place = await openPlace(t);
  const box = await startBox(t, place);
  const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
  const call = new LineCall();
  const first = await startGateway(t, place, {
    name: 'first',
    scenario: scenario(...upToAck(call), receiveRequest('BYE'), send(answer(200, 'OK'))),
  });
  await phone.event('CALL_ESTABLISHED');
  const second = await Sipp.start(t, place, {
    name: 'second',
    address: place.gateway,
    port: 5_070,
    remote: place.box,
    scenario: scenario(
      send(call.invite(), { repeats: true }),
      '<recv response="100" optional="true"/>',
      '<recv response="486"/>',
      send(call.ackRefusal()),
    ),
  });
  await second.done();
  await phone.command('hangup');
  await first.done();
  await box.callsEnded(2);
  const outcomes = (await box.calls()).map((one) => one.outcome);
  t.deepEqual(outcomes, ['answered', 'busy']);
});

peerTest(
  ['baresip', 'sipp'],
  'with secondCall = "wait" a second caller is asked to wait, and gets the phone when it is free, hearing nothing of the first call',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { more: { call: ['secondCall = "wait"'] } });
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const call = new LineCall();
    const [first, firstRtp] = await startTalkingGateway(t, place, {
      name: 'first',
      scenario: scenario(...upToAck(call), receiveRequest('BYE'), send(answer(200, 'OK'))),
    });
    await phone.event('CALL_ESTABLISHED');
    const talking = firstRtp.send(planRtp({ audio: sine(CALLER_HZ, 3_000) }));
    const [second, secondRtp] = await startTalkingGateway(t, place, {
      name: 'second',
      port: 5_070,
      scenario: scenario(
        send(call.invite(), { repeats: true }),
        '<recv response="100"/>',
        '<recv response="180" optional="true"/>',
        '<recv response="200" rrs="true"/>',
        send(call.ack()),
        ...[receiveRequest('BYE'), send(answer(200, 'OK'))],
      ),
    });
    await talking;
    const waitedUntil = secondRtp.heard();
    t.is(toneStartMs(waitedUntil, CALLER_HZ), null);
    t.is(toneStartMs(waitedUntil, SHOP_HZ), null);
    t.true(waitedUntil.length > 8_000, 'the one who waits hears something');
    await phone.command('hangup');
    await first.done();
    await phone.event('CALL_ESTABLISHED', 2);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await phone.command('hangup');
    await second.done();
    await box.callsEnded(2);
    t.true(toneMs(secondRtp.heard(), SHOP_HZ) >= 800);
    t.deepEqual(
      (await box.calls()).map((one) => one.outcome),
      ['answered', 'answered'],
    );
  },
);
