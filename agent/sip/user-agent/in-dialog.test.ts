import test from 'ava';
import { headerOf, type SipResponse } from '../message/sip-message.js';
import { answer, type FakeServerTransaction } from '../dialog/testing/fake-transaction-layer.js';
import { ANSWER, field, listen, OFFER, Stage } from '../dialog/testing/stage.js';
import type { InviteSession, SessionEvent } from '../dialog/index.js';

interface Talk {
  readonly stage: Stage;
  readonly session: InviteSession;
  readonly events: SessionEvent[];
  /** A message of the dialog, to build theirs from. */
  readonly dialog: SipResponse;
}

function calledUs(): Talk {
  const stage = new Stage();
  const { transaction, session, events } = stage.ringUs();
  session.accept(ANSWER);
  stage.ack(transaction.last);
  events.length = 0;
  return { stage, session, events, dialog: transaction.last };
}

function weCalled(): Talk {
  const stage = new Stage();
  const { session, events } = stage.call();
  const { request, events: wire } = stage.wire.nth('INVITE');
  const dialog = answer(request, 200, { tag: 'a', sdp: ANSWER });
  wire.onResponse(dialog);
  events.length = 0;
  return { stage, session, events, dialog };
}

const last = (transaction: FakeServerTransaction): number => transaction.last.status;

test('glare: the owner of the Call-ID tries again after 2.1–4 s, the other after 0–2 s, in 10 ms steps (RFC 3261 §14.1)', (t) => {
  for (const [make, lowMs, highMs] of [
    [weCalled, 2_100, 4_000],
    [calledUs, 0, 2_000],
  ] as const) {
    const { stage, session, dialog, events } = make();
    session.offer('offer of ours');
    const before = stage.wire.methods().filter((method) => method === 'INVITE').length;
    const ours = stage.wire.nth('INVITE', before - 1);
    // Theirs crosses ours: each side says 491 to the other.
    t.is(last(stage.within(dialog, 'INVITE', { sdp: OFFER })), 491);
    t.is(last(stage.within(dialog, 'UPDATE', { sdp: OFFER })), 491);
    ours.events.onResponse(answer(ours.request, 491));
    stage.clock.advance(4_000);
    const again = stage.wire.nth('INVITE', before);
    t.true(again.atMs >= lowMs && again.atMs <= highMs, String(again.atMs));
    t.is(again.atMs % 10, 0);
    again.events.onResponse(answer(again.request, 200, { tag: 'a', sdp: 'their answer' }));
    t.deepEqual(events, [{ name: 'answer', sdp: 'their answer' }]);
  }
});

test('an offer that meets 491 for ever is refused, and the call goes on', (t) => {
  const { stage, session, events } = weCalled();
  session.offer('o');
  for (let n = 1; events.length === 0; n += 1) {
    const ours = stage.wire.nth('INVITE', n);
    ours.events.onResponse(answer(ours.request, 491));
    stage.clock.advance(4_000);
  }
  t.deepEqual(events, [{ name: 'offerRefused', status: 491 }]);
  t.is(stage.wire.methods().length, 1 + 7);
  t.is(session.state, 'confirmed');
});

test('a second offer of ours waits for the answer to the first', (t) => {
  const { stage, session, events } = weCalled();
  session.offer('one');
  session.offer('two');
  const first = stage.wire.nth('INVITE', 1);
  t.is(stage.wire.sent.length, 2);
  first.events.onResponse(answer(first.request, 488));
  const second = stage.wire.nth('INVITE', 2);
  t.is(Buffer.from(second.request.body).toString(), 'two');
  second.events.onResponse(answer(second.request, 200, { tag: 'a', sdp: 'ok' }));
  t.deepEqual(events, [
    { name: 'offerRefused', status: 488 },
    { name: 'answer', sdp: 'ok' },
  ]);
  // Its ACK was lost: the repeat gets another.
  const acks = stage.wire.acks.length;
  second.events.onResponse(answer(second.request, 200, { tag: 'a', sdp: 'ok' }));
  t.is(stage.wire.acks.length, acks + 1);
});

test('a re-INVITE without SDP: our 200 offers, the ACK answers, and until then 491 (RFC 3261 §14.2)', (t) => {
  const { stage, session, events, dialog } = calledUs();
  const reInvite = stage.within(dialog, 'INVITE');
  t.deepEqual(events, [{ name: 'offer', sdp: null, method: 'INVITE' }]);
  t.is(last(stage.within(dialog, 'INVITE', { sdp: OFFER })), 500);
  session.answerOffer('our offer');
  t.is(last(stage.within(dialog, 'INVITE', { sdp: OFFER })), 491);
  stage.clock.advance(1_500);
  t.deepEqual(reInvite.statuses, [200, 200, 200]);
  stage.ack(reInvite.last, 'their answer');
  t.deepEqual(events.at(-1), { name: 'confirmed', sdp: 'their answer' });
  t.like(session.snapshot, { localSdp: 'our offer', remoteSdp: 'their answer' });
  stage.clock.advance(40_000);
  t.is(reInvite.responses.length, 3);
});

test('a re-INVITE whose 200 is never ACKed ends the call with BYE (RFC 3261 §14.2)', (t) => {
  const { stage, session, events, dialog } = calledUs();
  const reInvite = stage.within(dialog, 'INVITE', { sdp: OFFER });
  session.answerOffer(ANSWER);
  stage.clock.advance(32_000);
  t.is(reInvite.responses.length, 11);
  t.deepEqual(stage.wire.methods(), ['BYE']);
  t.like(events.at(-1), { name: 'ended', end: { how: 'timeout' } });
});

test('a re-INVITE that crosses our BYE gets 481; one that waits for us when BYE comes gets 487', (t) => {
  const one = calledUs();
  one.session.hangUp();
  t.is(last(one.stage.within(one.dialog, 'INVITE', { sdp: OFFER })), 481);
  const two = calledUs();
  const reInvite = two.stage.within(two.dialog, 'INVITE', { sdp: OFFER });
  t.is(last(two.stage.within(two.dialog, 'BYE')), 200);
  t.is(last(reInvite), 487);
  two.session.answerOffer(ANSWER);
  t.is(reInvite.responses.length, 1);
  t.is(two.stage.agent.counts.stray, 1);
});

test('a re-INVITE that is cancelled is answered 487, and the next one is taken', (t) => {
  const { stage, session, dialog } = calledUs();
  const reInvite = stage.within(dialog, 'INVITE', { sdp: OFFER });
  reInvite.events?.onCancel(reInvite.request);
  t.is(last(reInvite), 487);
  const next = stage.within(dialog, 'INVITE', { sdp: OFFER });
  session.answerOffer(ANSWER);
  t.is(last(next), 200);
});

test('481 and 408 to a re-INVITE end the dialog, 488 does not (RFC 5057 §5.1)', (t) => {
  for (const status of [481, 408, 488]) {
    const { stage, session, events } = weCalled();
    session.offer('o');
    const ours = stage.wire.nth('INVITE', 1);
    ours.events.onResponse(answer(ours.request, status));
    t.is(session.state, status === 488 ? 'confirmed' : 'ended', String(status));
    t.is(events.length, 1);
  }
});

test('UPDATE without SDP refreshes the session at once; the target follows its Contact (RFC 3311 §5.2)', (t) => {
  const { stage, session, events, dialog } = calledUs();
  const headers = [field('Supported', 'timer'), field('Session-Expires', '600;refresher=uac')];
  const update = stage.within(dialog, 'UPDATE', { headers });
  t.is(headerOf(update.last, 'Session-Expires'), '600;refresher=uac');
  t.like(session.snapshot, { sessionTimer: { intervalS: 600, weRefresh: false } });
  t.is(events.length, 0);
});

test('a request with a CSeq below an earlier one is answered 500, one for no dialog 481 (RFC 3261 §12.2.2)', (t) => {
  const { stage, dialog } = calledUs();
  t.is(last(stage.within(dialog, 'INFO', { cSeq: 500 })), 200);
  const old = stage.within(dialog, 'INFO', { cSeq: 499 });
  t.is(last(old), 500);
  t.truthy(headerOf(old.last, 'Retry-After'));
  t.is(last(stage.within({ ...dialog, callId: 'other' }, 'INFO')), 481);
  const stranger = {
    ...dialog,
    from: { ...dialog.from, params: [{ name: 'tag', value: 'else' }] },
  };
  t.is(last(stage.within(stranger, 'BYE', { cSeq: 900 })), 481);
});

test('what arrives in a dialog is answered by its method', (t) => {
  const { stage, events, dialog } = calledUs();
  const headers = [field('Content-Type', 'application/dtmf-relay')];
  const info = stage.within(dialog, 'INFO', { headers, sdp: 'Signal=5\r\nDuration=160\r\n' });
  t.is(last(info), 200);
  t.deepEqual(events, [
    { name: 'info', contentType: 'application/dtmf-relay', body: 'Signal=5\r\nDuration=160\r\n' },
  ]);
  const expected = {
    OPTIONS: 200,
    NOTIFY: 200,
    MESSAGE: 405,
    SUBSCRIBE: 405,
    PRACK: 400,
    FLY: 501,
  };
  for (const [method, status] of Object.entries(expected)) {
    t.is(last(stage.within(dialog, method)), status, method);
  }
  t.is(last(stage.within(dialog, 'INFO', { headers: [field('Require', 'teleport')] })), 420);
  const strange = stage.within(dialog, 'INVITE', {
    sdp: 'x',
    headers: [field('Content-Type', 'multipart/mixed')],
  });
  t.is(last(strange), 415);
  t.is(headerOf(strange.last, 'Accept'), 'application/sdp');
});

test('REFER with Replaces: 202, then NOTIFY sipfrag until a final status (RFC 3515 §2.4)', (t) => {
  const { stage, session, events, dialog } = calledUs();
  const to = '<sip:202@192.0.2.1?Replaces=abc%3Bto-tag%3Dx%3Bfrom-tag%3Dy%3Bearly-only>';
  const headers = [field('Refer-To', to), field('Referred-By', '<sip:201@192.0.2.1>')];
  const refer = stage.within(dialog, 'REFER', { headers });
  const { number } = refer.request.cSeq;
  t.like(events[0], {
    name: 'refer',
    id: number,
    to: { user: '202' },
    replaces: { callId: 'abc', toTag: 'x', fromTag: 'y', earlyOnly: true },
    referredBy: '<sip:201@192.0.2.1>',
  });
  session.acceptRefer(number);
  t.is(last(refer), 202);
  session.notifyRefer(number, 200, 'OK');
  session.notifyRefer(number, 200, 'OK');
  const notifies = stage.wire.sent.map(({ request }) => [
    request.method,
    headerOf(request, 'Event'),
    headerOf(request, 'Subscription-State'),
    Buffer.from(request.body).toString(),
  ]);
  t.deepEqual(notifies, [
    ['NOTIFY', `refer;id=${number}`, 'active;expires=60', 'SIP/2.0 100 Trying\r\n'],
    ['NOTIFY', `refer;id=${number}`, 'terminated;reason=noresource', 'SIP/2.0 200 OK\r\n'],
  ]);
});

test('REFER without a place to go is 400, a refused one gets its status, an unsettled one 481 at the end', (t) => {
  const { stage, session, dialog } = calledUs();
  t.is(last(stage.within(dialog, 'REFER')), 400);
  t.is(
    last(stage.within(dialog, 'REFER', { headers: [field('Refer-To', '<sip:1@x?Replaces=%zz>')] })),
    400,
  );
  const headers = [field('Refer-To', 'sip:202@192.0.2.1')];
  const refused = stage.within(dialog, 'REFER', { headers });
  session.rejectRefer(refused.request.cSeq.number, 603);
  t.is(last(refused), 603);
  const open = [1, 2, 3, 4, 5].map(() => stage.within(dialog, 'REFER', { headers }));
  t.is(open.at(-1)?.last.status, 500);
  session.hangUp();
  t.deepEqual(open.map(last), [481, 481, 481, 481, 500]);
});

test('a challenged BYE goes out again with credentials', (t) => {
  const { stage, session } = weCalled();
  session.hangUp();
  const bye = stage.wire.nth('BYE');
  const headers = [field('WWW-Authenticate', 'Digest realm="r", nonce="n"')];
  bye.events.onResponse(answer(bye.request, 401, { headers }));
  t.is(headerOf(stage.wire.nth('BYE', 1).request, 'Authorization'), 'Digest username="0003"');
});

test('a restarted agent goes on with the dialog: CSeq, routes, session timer (RFC 3261 §12, RFC 4028 §10)', (t) => {
  const { session, dialog, stage: before } = calledUs();
  const headers = [field('Supported', 'timer'), field('Session-Expires', '300;refresher=uas')];
  before.within(dialog, 'UPDATE', { headers });
  const { snapshot } = session;
  t.truthy(snapshot);
  if (snapshot === null) return;
  const after = new Stage();
  const restored = after.agent.restore(snapshot);
  const events = listen(restored);
  t.is(restored.state, 'confirmed');
  t.deepEqual(restored.snapshot, snapshot);
  t.is(after.agent.findSession(snapshot), restored);
  const info = after.within(dialog, 'INFO', { cSeq: 1 });
  t.is(last(info), 500);
  after.clock.advance(150_000);
  const refresh = after.wire.nth('INVITE');
  t.is(refresh.request.cSeq.number, snapshot.localCSeq + 1);
  t.is(Buffer.from(refresh.request.body).toString(), ANSWER);
  t.is(last(after.within(dialog, 'BYE', { cSeq: 1_000 })), 200);
  t.deepEqual(
    events.map(({ name }) => name),
    ['ended'],
  );
  t.is([...after.agent.sessions].length, 0);
  after.clock.advance(32_000);
  t.is(after.agent.findSession(snapshot), null);
  t.is(after.clock.pendingCount, 0);
});

test('a refresh that is refused or cannot be sent is tried again every 10 s until the session is almost over', (t) => {
  const { stage, session, events, dialog } = calledUs();
  const headers = [field('Supported', 'timer'), field('Session-Expires', '90;refresher=uas')];
  stage.within(dialog, 'UPDATE', { headers: [...headers, field('Allow', 'UPDATE')] });
  stage.clock.advance(45_000);
  const first = stage.wire.nth('UPDATE');
  first.events.onResponse(answer(first.request, 500));
  stage.clock.advance(10_000);
  stage.wire.nth('UPDATE', 1).events.onTransportError(new Error('refused'));
  t.is(session.state, 'confirmed');
  stage.clock.advance(5_000);
  t.like(events.at(-1), { name: 'ended', end: { how: 'sessionExpired' } });
  t.deepEqual(stage.wire.methods(), ['UPDATE', 'UPDATE', 'BYE']);
  t.is(stage.wire.nth('BYE').atMs, 60_000);
});

test('a session restored past its half is refreshed at once, and still ends in time (RFC 4028 §10)', (t) => {
  const { session, dialog, stage: before } = calledUs();
  const headers = [field('Supported', 'timer'), field('Session-Expires', '300;refresher=uas')];
  before.within(dialog, 'UPDATE', { headers });
  const { snapshot } = session;
  t.truthy(snapshot);
  if (snapshot === null) return;
  const after = new Stage();
  after.clock.jumpWall(200_000);
  after.agent.restore(snapshot);
  after.clock.advance(0);
  t.is(after.wire.nth('INVITE').atMs, 0);
  after.clock.advance(68_000);
  t.is(after.wire.nth('BYE').atMs, 68_000);
});
