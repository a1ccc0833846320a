import { createSocket } from 'node:dgram';
import { CALLER_HZ, durationMs, SHOP_HZ, sine, toneMs, toneStartMs } from '../harness/audio.js';
import { startPhone } from '../harness/baresip.js';
import { startBox } from '../harness/box.js';
import {
  beHungUp,
  hangUp,
  reliableRinging,
  startCaller,
  dialBox,
  startGateway,
  startTalkingGateway,
  upToAck,
} from '../harness/flows.js';
import { peerTest } from '../harness/peer-test.js';
import { openPlace, SIP_PORT } from '../harness/place.js';
import { planRtp } from '../harness/rtp-peer.js';
import { CALLERS, LineCall, sdp } from '../harness/sipp-messages.js';
import { pause, receiveResponse, scenario, send } from '../harness/sipp-scenario.js';
import { answeringPhone, registering, registerSippPhone, Sipp } from '../harness/sipp.js';

peerTest(
  ['sipp'],
  'a quarter of all datagrams lost, ACK and 200 of the phone among them, and every call is still made and ended (RFC 3261 §17)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    await registerSippPhone(t, place, '201', place.phone(1));
    const calls = 2;
    const phone = await Sipp.start(t, place, {
      name: 'phone',
      address: place.phone(1),
      calls,
      scenario: answeringPhone({ ringMs: 50, okLostPercent: 25, ackLostPercent: 25 }),
    });
    const call = new LineCall();
    const lost = { repeats: true, lostPercent: 25 } as const;
    const gateway = await startGateway(t, place, {
      calls,
      scenario: scenario(
        send(call.invite(), lost),
        // Lost here is lost on its way to the gateway: the box cannot know, and must go on by itself.
        receiveResponse(100, { optional: true, lostPercent: 10 }),
        receiveResponse(180, { optional: true, lostPercent: 10 }),
        receiveResponse(200, { keepsRoute: true, lostPercent: 25 }),
        send(call.ack(), { lostPercent: 25 }),
        // Longer than the box needs to repeat its 200 until the ACK comes.
        pause(9_500),
        send(call.bye(), lost),
        receiveResponse(200, { lostPercent: 25 }),
      ),
    });
    await gateway.done(60_000);
    await phone.done(60_000);
    await box.callsEnded(calls);
    for (const { outcome, endedBy } of await box.calls()) {
      t.deepEqual({ outcome, endedBy }, { outcome: 'answered', endedBy: 'caller' });
    }
  },
);

peerTest(['sipp'], 'a 200 whose ACK does not come is repeated (RFC 3261 §13.3.1.4)', async (t) => {
  const place = await openPlace(t);
  const box = await startBox(t, place);
  const call = new LineCall();
  const gateway = await startGateway(t, place, {
    scenario: scenario(
      send(call.invite(), { repeats: true }),
      receiveResponse(100),
      receiveResponse(180),
      receiveResponse(200, { keepsRoute: true }),
      // SIPp's first ACK is lost for certain; each repetition of the 200 makes it try again.
      send(call.ack(), { lostPercent: 60 }),
      pause(4_000),
      ...hangUp(call),
    ),
  });
  await gateway.done();
  await box.callsEnded();
  const answers = (await gateway.messages()).match(/SIP\/2\.0 200 OK/g)?.length ?? 0;
  t.true(answers >= 2);
  t.is((await box.calls()).length, 1);
});

peerTest(
  ['sipp'],
  'an INVITE without SDP gets the offer in the 200, and the audio that its ACK names (RFC 3261 §13.2.1)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const call = new LineCall({ offer: 'none' });
    const [gateway, rtp] = await startTalkingGateway(t, place, {
      scenario: scenario(
        send(call.invite(), { repeats: true }),
        receiveResponse(100),
        receiveResponse(180),
        receiveResponse(200, {
          keepsRoute: true,
          check: { header: 'Content-Type', matches: 'application/sdp' },
        }),
        send([
          ...call.ack().slice(0, -2),
          'Content-Type: application/sdp',
          'Content-Length: [len]',
          '',
          ...sdp(),
        ]),
        ...beHungUp(),
      ),
    });
    await phone.event('CALL_ESTABLISHED');
    await rtp.send(planRtp({ audio: sine(CALLER_HZ, 1_500) }));
    await phone.command('hangup');
    await gateway.done();
    await box.callsEnded();
    t.true(toneMs(rtp.heard(), SHOP_HZ) >= 1_000);
    t.true(toneMs(await phone.heardLast(), CALLER_HZ) >= 1_000);
  },
);

peerTest(
  ['sipp'],
  'a caller that requires 100rel gets a reliable 180, and its PRACK is answered even when it comes late (RFC 3262 §3)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const call = new LineCall({ headers: ['Require: 100rel'] });
    const gateway = await startGateway(t, place, {
      scenario: scenario(
        send(call.invite(), { repeats: true, opens: 'invite' }),
        receiveResponse(100, { of: 'invite' }),
        reliableRinging(),
        receiveResponse(200, { of: 'invite', keepsRoute: true }),
        pause(700),
        send(call.inDialog('PRACK', 2, ['RAck: [$kept] 1 INVITE']), {
          repeats: true,
          opens: 'prack',
        }),
        receiveResponse(200, { of: 'prack' }),
        send(call.ack(), { acks: 'invite' }),
        pause(200),
        send(call.bye(3), { repeats: true, opens: 'bye' }),
        receiveResponse(200, { of: 'bye' }),
      ),
    });
    await gateway.done();
    t.regex(await gateway.receivedMessage('SIP/2.0 180'), /^Require: 100rel/m);
    await box.callsEnded();
    t.like(await box.onlyCall(), { endedBy: 'caller', endedHow: 'bye' });
  },
);

peerTest(
  ['sipp'],
  'UPDATE, re-INVITE and OPTIONS inside a call are answered, and the call goes on (RFC 3311, RFC 4028)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const timer = ['Supported: timer', 'Session-Expires: 90;refresher=uac'];
    const call = new LineCall({ headers: timer });
    const contact = 'Contact: <sip:[local_ip]:[local_port]>';
    const [gateway, rtp] = await startTalkingGateway(t, place, {
      scenario: scenario(
        send(call.invite(), { repeats: true }),
        receiveResponse(100),
        receiveResponse(180),
        receiveResponse(200, {
          keepsRoute: true,
          check: { header: 'Session-Expires', matches: '90' },
        }),
        send(call.ack()),
        pause(2_200),
        send(call.inDialog('UPDATE', 2, [...timer, contact]), { repeats: true }),
        receiveResponse(200, { check: { header: 'Session-Expires', matches: '90' } }),
        send(call.inDialog('INVITE', 3, [...timer, contact], sdp()), { repeats: true }),
        receiveResponse(100, { optional: true }),
        receiveResponse(200, { check: { header: 'Session-Expires', matches: '90' } }),
        send(call.ack(3)),
        send(call.inDialog('OPTIONS', 4), { repeats: true }),
        receiveResponse(200, { check: { header: 'Allow', matches: 'UPDATE' } }),
        ...beHungUp(),
      ),
    });
    await phone.event('CALL_ESTABLISHED');
    await rtp.send(planRtp({ audio: sine(CALLER_HZ, 2_500) }));
    await phone.command('hangup');
    await gateway.done();
    await box.callsEnded();
    const heard = await phone.heardLast();
    const talkMs = Math.min(2_500, durationMs(heard) - (toneStartMs(heard, CALLER_HZ) ?? 0));
    t.true(talkMs >= 1_000 && toneMs(heard, CALLER_HZ) >= talkMs - 250, 'nothing was interrupted');
    t.is((await box.onlyCall()).outcome, 'answered');
  },
);

peerTest(
  ['sipp'],
  'a session timer below 90 s is refused with 422 and Min-SE (RFC 4028 §6)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const call = new LineCall({ headers: ['Supported: timer', 'Session-Expires: 30'] });
    const gateway = await startGateway(t, place, {
      scenario: scenario(
        send(call.invite(), { repeats: true }),
        receiveResponse(100, { optional: true }),
        receiveResponse(422, { check: { header: 'Min-SE', matches: '90' } }),
        send(call.ackRefusal()),
      ),
    });
    await gateway.done();
    t.deepEqual(await box.calls(), []);
  },
);

peerTest(
  ['sipp'],
  'an extension nobody knows is refused with 420 and named (RFC 3261 §8.2.2.3)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const call = new LineCall({ headers: ['Require: 100rel, telepathy'] });
    const gateway = await startGateway(t, place, {
      scenario: scenario(
        send(call.invite(), { repeats: true }),
        receiveResponse(100, { optional: true }),
        receiveResponse(420, { check: { header: 'Unsupported', matches: 'telepathy' } }),
        send(call.ackRefusal()),
      ),
    });
    await gateway.done();
    t.deepEqual(await box.calls(), []);
  },
);

peerTest(
  ['sipp'],
  'OPTIONS of the gateway is answered with what the box can do (RFC 3261 §11)',
  async (t) => {
    const place = await openPlace(t);
    await startBox(t, place);
    const call = new LineCall();
    const options = call
      .invite()
      .filter((line) => line !== '')
      .map((line) =>
        line.replace('INVITE', 'OPTIONS').replace('CSeq: 1 INVITE', 'CSeq: 1 OPTIONS'),
      );
    const head = options.slice(
      0,
      options.findIndex((line) => line.startsWith('Content-Type')),
    );
    const gateway = await startGateway(t, place, {
      calls: 3,
      scenario: scenario(
        send([...head, 'Content-Length: 0'], { repeats: true }),
        receiveResponse(200, { check: { header: 'Allow', matches: 'INVITE.*' } }),
      ),
    });
    await gateway.done();
    t.regex(await gateway.receivedMessage('SIP/2.0 200'), /^Supported: .*100rel/m);
    t.regex(await gateway.receivedMessage('SIP/2.0 200'), /^Accept: application\/sdp/m);
  },
);

peerTest(
  ['sipp'],
  'a stranger who calls gets 403 each time, and no call comes of it',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const call = new LineCall({ caller: { from: '<sip:thief@[local_ip]>' } });
    const stranger = await Sipp.start(t, place, {
      name: 'stranger',
      address: place.stranger,
      remote: place.box,
      service: '0900000999',
      calls: 3,
      scenario: scenario(
        send(call.invite(), { repeats: true }),
        receiveResponse(100, { optional: true }),
        receiveResponse(403),
        send(call.ackRefusal()),
      ),
    });
    await stranger.done();
    t.deepEqual(await box.calls(), []);
  },
);

peerTest(
  ['sipp'],
  'a phone with a wrong password gets 403 after its third try, and the shop’s other phones still register',
  async (t) => {
    const place = await openPlace(t);
    await startBox(t, place, { phones: ['201', '202'] });
    const wrong = (name: string, ...last: readonly string[]): Promise<Sipp> =>
      Sipp.start(t, place, {
        name,
        address: place.phone(1),
        remote: place.box,
        service: '201',
        scenario: registering(...last),
        more: ['-au', '201', '-ap', 'guessed'],
      });
    const statuses: string[] = [];
    for (const name of ['guess-1', 'guess-2', 'guess-3', 'guess-4']) {
      const sipp = await wrong(
        name,
        receiveResponse(401, { optional: true, then: 'end' }),
        receiveResponse(403),
        '<label id="end"/>',
      );
      await sipp.done();
      statuses.push((await sipp.received()).at(-1) ?? '');
    }
    t.is(statuses.at(-1), '403', statuses.join(' '));
    t.true(statuses.indexOf('403') >= 2, `three tries: ${statuses.join(' ')}`);
    await registerSippPhone(t, place, '202', place.phone(2));
  },
);

peerTest(
  ['baresip'],
  'malformed datagrams by the hundred do not disturb a call that is going on',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const caller = await startCaller(t, place);
    await dialBox(caller, place);
    await phone.event('CALL_RTPESTAB');
    const attacker = createSocket('udp4');
    t.teardown(() => void attacker.close());
    await new Promise<void>((resolve) => attacker.bind(0, place.stranger, resolve));
    for (const bytes of hostile()) {
      await new Promise<void>((resolve) => {
        attacker.send(bytes, SIP_PORT, place.box, () => setTimeout(resolve, 4));
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 800));
    await caller.command('hangup');
    await box.callsEnded();
    const heard = await caller.heardLast();
    const talkMs = durationMs(heard) - (toneStartMs(heard, SHOP_HZ) ?? 0);
    t.true(talkMs >= 1_000 && toneMs(heard, SHOP_HZ) >= talkMs - 150, `${toneMs(heard, SHOP_HZ)}`);
    const call = await box.onlyCall();
    t.is(call.outcome, 'answered');
    t.is(call.health.caller?.packetsLost, 0);
    t.deepEqual(await box.stop(), { code: 0, signal: null });
  },
);

/** Each class of TELEPHONY's hostile datagrams, some at several sizes. */
function* hostile(): Generator<Uint8Array> {
  const invite = [
    'INVITE sip:3@127.0.0.1 SIP/2.0',
    'Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx',
    'From: <sip:a@b>;tag=1',
    'To: <sip:3@b>',
    'Call-ID: hostile',
    'CSeq: 1 INVITE',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  const bytes = Buffer.from(invite);
  for (let n = 0; n < bytes.length; n += 5) {
    yield bytes.subarray(0, n);
    const flipped = Buffer.from(bytes);
    flipped[n] = n & 0xff;
    yield flipped;
  }
  for (const size of [1_000, 10_000, 60_000]) {
    yield Buffer.alloc(size);
    yield Buffer.from(invite.replace('hostile', 'x'.repeat(size)));
    yield Buffer.from(invite.replace('To:', `To: ${' '.repeat(size)}`));
    yield Buffer.from(invite.replace('<sip:3@b>', `"${'\\"'.repeat(size / 3)}`));
    yield Buffer.from(invite.replace('CSeq: 1', `CSeq: ${'9'.repeat(size)}`));
    yield Buffer.from(invite.replace('Content-Length: 0', `Content-Length: ${2 ** 40}`));
    yield Buffer.from(invite.replace('\r\nTo', `\r\n${'v: x\r\n'.repeat(size / 8)}To`));
  }
}

peerTest(
  ['baresip', 'sipp'],
  'a phone registers and is called over TCP, and a call of the line over TCP passes too (RFC 3261 §18)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ, transport: 'tcp' });
    const call = new LineCall({ caller: CALLERS.number });
    const [gateway, rtp] = await startTalkingGateway(t, place, {
      transport: 'tcp',
      scenario: scenario(...upToAck(call), ...beHungUp()),
    });
    await phone.event('CALL_ESTABLISHED');
    await rtp.send(planRtp({ audio: sine(CALLER_HZ, 1_200) }));
    await phone.command('hangup');
    await gateway.done();
    await phone.event('CALL_CLOSED');
    await box.callsEnded();
    t.true(toneMs(await phone.heardLast(), CALLER_HZ) >= 900);
    t.true(phone.child.lines.all.some((line) => /INVITE .*transport=tcp/i.test(line)));
  },
);
