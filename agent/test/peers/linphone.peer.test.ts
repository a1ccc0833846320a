import { CALLER_HZ, SHOP_HZ, toneMs } from '../harness/audio.js';
import { startBox } from '../harness/box.js';
import { dialBox, startCaller } from '../harness/flows.js';
import { startLinphone } from '../harness/linphone.js';
import { peerTest } from '../harness/peer-test.js';
import { openPlace } from '../harness/place.js';

peerTest(
  ['linphonec', 'baresip'],
  'linphone registers, answers the ring, and both sides hear each other and stand on their own channels',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { announcement: 'short' });
    await startLinphone(t, place, { extension: '201', says: SHOP_HZ });
    await box.waitForPhones(1);
    const caller = await startCaller(t, place);
    await dialBox(caller, place);
    await box.callEvent('answered');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await caller.command('hangup');
    await box.callsEnded();
    const call = await box.onlyCall();
    t.is(call.answeredBy, '201');
    t.is(call.outcome, 'answered');
    const { left, right } = await box.audio(call.id);
    t.true(toneMs(left, CALLER_HZ) > 1_500, 'the caller is on the left');
    t.true(toneMs(right, SHOP_HZ) > 1_500, 'the staff is on the right');
    t.true(toneMs(left, SHOP_HZ) < 100 && toneMs(right, CALLER_HZ) < 100);
    t.true(toneMs(await caller.heardLast(), SHOP_HZ) > 1_500, 'the caller hears the staff');
  },
);
