import { CALLER_HZ, SHOP_HZ, toneMs } from '../harness/audio.js';
import { startPhone } from '../harness/baresip.js';
import { startBox } from '../harness/box.js';
import { startCaller } from '../harness/flows.js';
import { GATEWAY_PASSWORD, Kamailio } from '../harness/kamailio.js';
import { peerTest } from '../harness/peer-test.js';
import { openPlace } from '../harness/place.js';
import { receiveRequest, scenario, send } from '../harness/sipp-scenario.js';
import { answer } from '../harness/sipp-messages.js';
import { Sipp } from '../harness/sipp.js';

const isLine = (state: string) => (heard: { readonly topic: string; readonly payload: string }) =>
  heard.topic.endsWith('/state') && heard.payload.includes(`"line":"${state}"`);

peerTest(
  ['kamailio', 'baresip'],
  'the box registers at a home gateway with digest, and a call that the gateway passes on is made (RFC 3261 §10, §16)',
  async (t) => {
    const place = await openPlace(t);
    const gateway = await Kamailio.start(t, place);
    const box = await startBox(t, place, { profile: 'hgw', linePassword: GATEWAY_PASSWORD });
    await gateway.accepted();
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const caller = await startCaller(t, place, {
      address: place.stranger,
      account: `;outbound="sip:${place.gateway}"`,
    });
    await caller.command('dial', `sip:3@${place.gateway}`);
    await phone.event('CALL_RTPESTAB');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await caller.command('hangup');
    await phone.event('CALL_CLOSED');
    await box.callsEnded();
    t.true(toneMs(await caller.heardLast(), SHOP_HZ) >= 900);
    t.true(toneMs(await phone.heardLast(), CALLER_HZ) >= 900);
    t.like(await box.onlyCall(), { outcome: 'answered', endedBy: 'caller' });
    t.deepEqual(await box.stop(), { code: 0, signal: null });
  },
);

peerTest(
  ['kamailio'],
  'a wrong password at the gateway is told to the shop, and the gateway is not flooded with tries',
  async (t) => {
    const place = await openPlace(t);
    const gateway = await Kamailio.start(t, place);
    const box = await startBox(t, place, { profile: 'hgw', linePassword: 'wrong' });
    await gateway.refused();
    await (
      await box.mqtt()
    ).until(
      'a line that is refused',
      (heard) => !isLine('up')(heard) && heard.topic.endsWith('/state'),
    );
    const { output } = await box.command('status', '--json');
    t.regex(output, /refused|rejected|password/i, output);
    t.true(box.log.count((line) => /regist/i.test(line.event)) > 0);
    t.true(gateway.refusals <= 2);
  },
);

peerTest(
  ['kamailio'],
  'a gateway that was switched off and on again has the box back by itself',
  async (t) => {
    const place = await openPlace(t);
    const gateway = await Kamailio.start(t, place, 12);
    const box = await startBox(t, place, { profile: 'hgw', linePassword: GATEWAY_PASSWORD });
    await gateway.accepted();
    await gateway.stop();
    await gateway.startAgain();
    // The new gateway knows nobody until the box refreshes; its timeouts, if any, are short.
    await gateway.accepted();
    t.deepEqual(await box.stop(), { code: 0, signal: null });
  },
);

peerTest(
  ['sipp'],
  'a gateway that answers OPTIONS is asked again and again, and the line is up (RFC 3261 §11)',
  async (t) => {
    const place = await openPlace(t);
    const gateway = await Sipp.start(t, place, {
      name: 'gateway',
      address: place.gateway,
      scenario: scenario(receiveRequest('OPTIONS'), send(answer(200, 'OK', { toTag: 'k' }))),
    });
    const box = await startBox(t, place);
    await gateway.done();
    await (await box.mqtt()).until('line up', isLine('up'));
    t.regex(await gateway.receivedMessage('OPTIONS'), /^Max-Forwards: 70/m);
  },
);

peerTest(
  ['baresip'],
  'phones come and go: the state on MQTT counts those that are registered',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { phones: ['201', '202'] });
    await box.waitForPhones(0);
    const first = await startPhone(t, place, '201');
    await box.waitForPhones(1);
    await startPhone(t, place, '202');
    await box.waitForPhones(2);
    const mqtt = await box.mqtt();
    const heardBefore = mqtt.heard.length;
    await first.stop();
    await mqtt.until(
      'one phone',
      (heard) => mqtt.heard.indexOf(heard) >= heardBefore && heard.payload.includes('"phones":1,'),
    );
    t.pass();
  },
);
