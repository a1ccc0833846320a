import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SHOP_HZ, sine, toneMs } from '../harness/audio.js';
import { startPhone } from '../harness/baresip.js';
import { startBox } from '../harness/box.js';
import { beHungUp, hangUp, startGateway, startTalkingGateway, upToAck } from '../harness/flows.js';
import { peerTest } from '../harness/peer-test.js';
import { openPlace } from '../harness/place.js';
import { planRtp } from '../harness/rtp-peer.js';
import { CALLERS, LineCall } from '../harness/sipp-messages.js';
import { pause, scenario } from '../harness/sipp-scenario.js';
import { answeringPhone, registerSippPhone, Sipp } from '../harness/sipp.js';

peerTest(
  ['sipp'],
  'a phone shows the number, or why there is none: withheld, payphone, other service, unavailable (TTC JJ-90.22)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { profile: 'hgw' });
    await registerSippPhone(t, place, '201', place.phone(1));
    const kinds = ['number', 'withheld', 'payphone', 'otherService', 'unavailable'] as const;
    const phone = await Sipp.start(t, place, {
      name: 'phone',
      address: place.phone(1),
      calls: kinds.length,
      scenario: answeringPhone({ ringMs: 50 }),
    });
    const callers = join(place.folder, 'callers.csv');
    // SIPp puts none of its words into a field's text.
    const fields = kinds.map((kind) => CALLERS[kind].from.replace('[local_ip]', place.gateway));
    await writeFile(callers, `SEQUENTIAL\n${fields.join(';\n')};\n`);
    const call = new LineCall({ caller: { from: '[field0]' } });
    const gateway = await startGateway(t, place, {
      calls: kinds.length,
      scenario: scenario(...upToAck(call), pause(2_500), ...hangUp(call)),
      more: ['-inf', callers],
    });
    await gateway.done();
    await phone.done();
    const invites = (await phone.messages()).split('INVITE sip:').slice(1);
    const names = invites.map((invite) => /^From: (.*?) ?</m.exec(invite)?.[1]);
    t.deepEqual(names, ['"090-0000-1234"', '"非通知"', '"公衆電話"', '"表示圏外"', '"表示圏外"']);
    await box.callsEnded(kinds.length);
    t.deepEqual(
      (await box.calls()).map((one) => one.caller.kind),
      [...kinds],
    );
  },
);

peerTest(
  ['sipp', 'baresip'],
  'an analog adapter says who calls in P-Asserted-Identity, and the digits that the caller dials reach the phone (RFC 3325, RFC 4733)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { profile: 'ht813' });
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const call = new LineCall({
      caller: {
        from: '"HT813" <sip:ht813@[local_ip]>',
        headers: ['P-Asserted-Identity: <sip:09000005678@[local_ip]>'],
      },
      headers: ['Supported: replaces, path, timer', 'User-Agent: Grandstream HT813 1.0.17.5'],
      formats: '0 8 101',
    });
    const [gateway, rtp] = await startTalkingGateway(t, place, {
      scenario: scenario(...upToAck(call), ...beHungUp()),
    });
    await phone.event('CALL_ESTABLISHED');
    await rtp.send(
      planRtp({
        audio: sine(900, 2_400),
        digits: [
          { digit: '1', atMs: 600 },
          { digit: '#', atMs: 1_400 },
        ],
      }),
    );
    await phone.command('hangup');
    await gateway.done();
    await phone.event('CALL_CLOSED');
    const digits = phone.events.all.filter((event) => event.type === 'CALL_DTMF_START');
    t.deepEqual(
      digits.map((event) => event.param),
      ['1', '#'],
    );
    t.true(toneMs(await phone.heardLast(), 900) >= 1_700);
    t.true(phone.child.lines.all.some((line) => line.includes('090-0000-5678')));
    await box.callsEnded();
    t.like((await box.onlyCall()).caller, { kind: 'number', number: '09000005678' });
  },
);

peerTest(
  ['sipp'],
  'an analog adapter that has no number says its own name instead, and that counts as withheld',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { profile: 'ht813' });
    const call = new LineCall({ caller: { from: '"HT813" <sip:HT813@[local_ip]>' } });
    const gateway = await startGateway(t, place, {
      scenario: scenario(...upToAck(call), pause(200), ...hangUp(call)),
    });
    await gateway.done();
    await box.callsEnded();
    t.is((await box.onlyCall()).caller.kind, 'withheld');
  },
);
