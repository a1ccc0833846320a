import {
  CALLER_HZ,
  durationMs,
  joined,
  SHOP_HZ,
  shareHeard,
  silence,
  sine,
  toneMs,
  toneStartMs,
} from '../harness/audio.js';
import { startPhone } from '../harness/baresip.js';
import { startBox } from '../harness/box.js';
import {
  beHungUp,
  builtInPrompt,
  dialBox,
  startCaller,
  startTalkingGateway,
  upToAck,
} from '../harness/flows.js';
import { peerTest } from '../harness/peer-test.js';
import { openPlace } from '../harness/place.js';
import { planRtp, RtpPeer } from '../harness/rtp-peer.js';
import { LineCall } from '../harness/sipp-messages.js';
import { scenario } from '../harness/sipp-scenario.js';

peerTest(
  ['baresip'],
  'a phone that holds: the caller hears the music, the phone comes back, and the record says who held (RFC 3264 §8.4)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const caller = await startCaller(t, place);
    await dialBox(caller, place);
    await phone.event('CALL_RTPESTAB');
    await new Promise((resolve) => setTimeout(resolve, 800));
    await phone.command('hold');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await phone.command('resume');
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await caller.command('hangup');
    await box.callsEnded();
    const heard = await caller.heardLast();
    const music = (await builtInPrompt('hold-ja')).subarray(0, 8_000);
    t.true(shareHeard(music, heard) >= 0.9, 'the music');
    const talk = toneStartMs(heard, SHOP_HZ) ?? 0;
    t.true(toneMs(heard, SHOP_HZ) >= 1_400, `the shop before and after, from ${talk} ms`);
    t.true(toneMs(heard.subarray(-4_000), SHOP_HZ) >= 350, 'the shop is back at the end');
    const call = await box.onlyCall();
    t.like(call.holds[0], { by: '201' });
    t.truthy(call.holds[0]?.toMs);
    const { left } = await box.audio(call.id);
    t.true(toneMs(left, CALLER_HZ) >= 3_000, 'the recording went on while they held');
  },
);

peerTest(
  ['sipp'],
  'a fax tone ends the announcement, and its call is passed on and marked (ITU-T T.30)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { announcement: 'builtIn' });
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const call = new LineCall();
    const [gateway, rtp] = await startTalkingGateway(t, place, {
      scenario: scenario(...upToAck(call), ...beHungUp()),
    });
    const calling = sine(1_100, 500);
    const sent = rtp.send(
      planRtp({ audio: joined(silence(200), calling, silence(3_000), calling, silence(1_000)) }),
    );
    await phone.event('CALL_ESTABLISHED');
    const heardOfAnnouncementMs = durationMs(rtp.heard());
    t.true(heardOfAnnouncementMs < 5_000, `${heardOfAnnouncementMs} ms`);
    await sent;
    await phone.command('hangup');
    await gateway.done();
    await box.callsEnded();
    const record = await box.onlyCall();
    t.true(record.fax);
    t.is(record.announcement?.completed, false);
    t.true(toneMs(await phone.heardLast(), 1_100) >= 400, 'the second tone reached the machine');
  },
);

peerTest(
  ['sipp', 'baresip'],
  'on an analog line a busy tone of 400 Hz is how the caller hangs up, and the box hangs up too',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { profile: 'ht813' });
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const call = new LineCall();
    const [gateway, rtp] = await startTalkingGateway(t, place, {
      scenario: scenario(...upToAck(call), ...beHungUp()),
    });
    await phone.event('CALL_ESTABLISHED');
    const cadence = joined(sine(400, 500, 0.1), silence(500));
    const busy = Array.from({ length: 7 }, () => cadence);
    void rtp.send(planRtp({ audio: joined(sine(CALLER_HZ, 800), ...busy) }));
    await gateway.done();
    await phone.event('CALL_CLOSED');
    await box.callsEnded();
    t.like(await box.onlyCall(), { outcome: 'answered', endedBy: 'caller', endedHow: 'busyTone' });
  },
);

peerTest(
  ['sipp', 'baresip'],
  'loss, reordering and a new SSRC in the middle: the phone hears on, the recording keeps its time, and the loss is on the record (RFC 3550)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const call = new LineCall();
    const [gateway, rtp] = await startTalkingGateway(t, place, {
      scenario: scenario(...upToAck(call), ...beHungUp()),
    });
    await phone.event('CALL_ESTABLISHED');
    await rtp.send(
      planRtp({
        audio: sine(CALLER_HZ, 4_000),
        lossPercent: 5,
        swapEvery: 17,
        newSsrcAtMs: 2_000,
      }),
    );
    await phone.command('hangup');
    await gateway.done();
    await box.callsEnded();
    t.true(toneMs(await phone.heardLast(), CALLER_HZ) >= 3_000);
    const record = await box.onlyCall();
    const { left, right } = await box.audio(record.id);
    t.true(toneMs(left, CALLER_HZ) >= 3_000);
    t.true(Math.abs(durationMs(left) - durationMs(right)) < 1);
    const [from, end] = [toneStartMs(left, CALLER_HZ) ?? 0, left.length / 8];
    t.true(end - from >= 3_800, `tone from ${from} to ${end} ms`);
    const lost = record.health.caller?.packetsLost ?? 0;
    t.true(lost >= 6 && lost <= 14, `${lost} of 200 lost`);
  },
);

peerTest(
  ['sipp', 'baresip'],
  'audio from a stranger’s address is not let into a call (RFC 3550 §A.1)',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const call = new LineCall();
    const [gateway, rtp] = await startTalkingGateway(t, place, {
      scenario: scenario(...upToAck(call), ...beHungUp()),
    });
    await phone.event('CALL_ESTABLISHED');
    const stranger = await RtpPeer.open(t, place.stranger);
    await Promise.all([
      rtp.send(planRtp({ audio: sine(CALLER_HZ, 1_500) })),
      stranger.sendTo(await rtp.remote(), planRtp({ audio: sine(2_000, 1_500) })),
    ]);
    await phone.command('hangup');
    await gateway.done();
    await box.callsEnded();
    const heard = await phone.heardLast();
    t.is(toneMs(heard, 2_000), 0);
    t.true(toneMs(heard, CALLER_HZ) >= 1_000);
    const record = await box.onlyCall();
    t.is(toneMs((await box.audio(record.id)).left, 2_000), 0);
  },
);

peerTest(
  ['baresip'],
  'power off in the middle of a call: after the start the record says it was cut, and all but the last 2 s can be heard',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place);
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const caller = await startCaller(t, place);
    await dialBox(caller, place);
    await phone.event('CALL_RTPESTAB');
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    await box.kill();
    await box.startAgain();
    const call = await box.onlyCall();
    t.like(call, { outcome: 'cut', direction: 'incoming' });
    const { left, right } = await box.audio(call.id);
    t.true(toneMs(left, CALLER_HZ) >= 2_400, `${toneMs(left, CALLER_HZ)} ms of the caller`);
    t.true(toneMs(right, SHOP_HZ) >= 2_400, `${toneMs(right, SHOP_HZ)} ms of the staff`);
    t.deepEqual(await box.stop(), { code: 0, signal: null });
  },
);
