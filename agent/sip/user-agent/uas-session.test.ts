import test from 'ava';
import { headerOf, tagOf } from '../message/sip-message.js';
import { ANSWER, field, OFFER, Stage } from '../dialog/testing/stage.js';

const names = (events: readonly { readonly name: string }[]): string[] =>
  events.map(({ name }) => name);

test('the 180 has the To-tag of the later 200, which names Allow, Supported and Date', (t) => {
  const stage = new Stage();
  const { transaction, session, events } = stage.ringUs();
  session.ring();
  session.accept(ANSWER);
  t.deepEqual(transaction.statuses, [180, 200]);
  t.is(tagOf(transaction.responses[0]!.response.to), tagOf(transaction.last.to));
  for (const name of ['Allow', 'Supported', 'Date', 'Server']) {
    t.truthy(headerOf(transaction.last, name), name);
  }
  stage.ack(transaction.last);
  t.deepEqual(events, [{ name: 'confirmed', sdp: null }]);
  t.is(session.snapshot?.remoteSdp, OFFER);
});

test('a fresh 180 goes out every 60 s while the phones ring (RFC 3261 §13.3.1.1)', (t) => {
  const stage = new Stage();
  const { transaction, session } = stage.ringUs();
  session.ring();
  stage.clock.advance(150_000);
  t.deepEqual(
    transaction.responses.map(({ atMs }) => atMs),
    [0, 60_000, 120_000],
  );
  session.reject(486);
  stage.clock.advance(120_000);
  t.is(transaction.responses.length, 4);
  t.is(stage.clock.pendingCount, 0);
});

test('a lost ACK makes 11 copies of the 200 over 32 s, then a BYE (RFC 3261 §13.3.1.4)', (t) => {
  const stage = new Stage();
  const { transaction, session, events } = stage.ringUs();
  session.accept(ANSWER);
  stage.clock.advance(31_999);
  t.deepEqual(
    transaction.responses.map(({ atMs }) => atMs),
    [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500],
  );
  t.deepEqual(stage.wire.methods(), []);
  stage.clock.advance(1);
  t.deepEqual(stage.wire.methods(), ['BYE']);
  t.like(events.at(-1), { name: 'ended', end: { how: 'timeout', status: 408 } });
});

test('CANCEL ends a ringing call with 487 and its Reason (RFC 3261 §9.2, RFC 3326)', (t) => {
  const stage = new Stage();
  const { transaction, session, events } = stage.ringUs();
  session.ring();
  const cancel = {
    ...transaction.request,
    method: 'CANCEL',
    headers: [field('Reason', 'SIP ;cause=200 ;text="a \\"b\\""')],
  };
  transaction.events?.onCancel(cancel);
  t.deepEqual(transaction.statuses, [180, 487]);
  t.deepEqual(events, [
    {
      name: 'ended',
      end: {
        by: 'remote',
        how: 'cancel',
        status: 487,
        reason: { protocol: 'SIP', cause: 200, text: 'a "b"' },
      },
    },
  ]);
  session.hangUp();
  session.accept(ANSWER);
  t.is(events.length, 1);
});

test('a hang-up before the ACK waits for it, then says BYE (RFC 3261 §15)', (t) => {
  const stage = new Stage();
  const { transaction, session, events } = stage.ringUs();
  session.accept(ANSWER);
  session.hangUp();
  t.deepEqual(stage.wire.methods(), []);
  stage.ack(transaction.last);
  t.deepEqual(stage.wire.methods(), ['BYE']);
  t.deepEqual(names(events), ['ended']);
});

test('BYE before the ACK and BYE while ringing both end the call, the latter with 487 (RFC 3261 §15.1.2)', (t) => {
  const stage = new Stage();
  const early = stage.ringUs({ callId: 'one' });
  early.session.ring();
  t.is(stage.within(early.transaction.last, 'BYE').last.status, 200);
  t.deepEqual(early.transaction.statuses, [180, 487]);
  const late = stage.ringUs({ callId: 'two' });
  late.session.accept(ANSWER);
  t.is(stage.within(late.transaction.last, 'BYE').last.status, 200);
  stage.clock.advance(32_000);
  t.deepEqual(late.transaction.statuses, [200]);
  t.deepEqual(names(late.events), ['ended']);
  t.is(stage.clock.pendingCount, 0);
});

test('BYE crossing BYE: theirs still gets 200, and 481 when 32 s have passed (RFC 5407 §3.2)', (t) => {
  const stage = new Stage();
  const { transaction, session, events } = stage.ringUs();
  session.accept(ANSWER);
  stage.ack(transaction.last);
  session.hangUp();
  t.is(stage.within(transaction.last, 'BYE').last.status, 200);
  t.is(stage.within(transaction.last, 'INFO').last.status, 481);
  stage.clock.advance(32_000);
  t.is(stage.within(transaction.last, 'BYE').last.status, 481);
  t.deepEqual(names(events), ['confirmed', 'ended']);
});

test('an INVITE without SDP: our 200 offers, the ACK answers (RFC 3261 §13.2.1)', (t) => {
  const stage = new Stage();
  const { transaction, session, events } = stage.ringUs({ sdp: null });
  session.accept(OFFER);
  stage.ack(transaction.last, ANSWER);
  t.deepEqual(events, [{ name: 'confirmed', sdp: ANSWER }]);
  t.like(session.snapshot, { localSdp: OFFER, remoteSdp: ANSWER });
});

const REL = [field('Supported', '100rel, timer')];

test('a reliable 183 is repeated with T1 doubling until its PRACK; the 200 waits for that (RFC 3262 §3)', (t) => {
  const stage = new Stage();
  const { transaction, session } = stage.ringUs({ headers: REL });
  session.ring({ sdp: ANSWER });
  stage.clock.advance(3_600);
  t.deepEqual(
    transaction.responses.map(({ atMs }) => atMs),
    [0, 500, 1_500, 3_500],
  );
  session.accept(ANSWER);
  t.deepEqual(transaction.statuses, [183, 183, 183, 183]);
  const rSeq = headerOf(transaction.last, 'RSeq') ?? '';
  t.is(
    stage.within(transaction.last, 'PRACK', { headers: [field('RAck', `${rSeq} 21 INVITE`)] }).last
      .status,
    481,
  );
  t.is(
    stage.within(transaction.last, 'PRACK', { headers: [field('RAck', 'nonsense')] }).last.status,
    400,
  );
  const prack = stage.within(transaction.last, 'PRACK', {
    headers: [field('RAck', `${rSeq} 20 INVITE`)],
  });
  t.is(prack.last.status, 200);
  t.is(transaction.last.status, 200);
  t.is(transaction.last.body.length, 0);
});

test('a reliable 180 without PRACK ends the INVITE with 504 after 64*T1 (RFC 3262 §3)', (t) => {
  const stage = new Stage();
  const { transaction, session, events } = stage.ringUs({ headers: [field('Require', '100rel')] });
  session.ring();
  stage.clock.advance(32_000);
  t.is(transaction.last.status, 504);
  t.deepEqual(
    transaction.responses.map(({ atMs }) => atMs),
    [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500, 32_000],
  );
  t.like(events.at(-1), { name: 'ended', end: { how: 'timeout', status: 504 } });
});

test('an early offer of ours is answered in the PRACK (RFC 3262 §5)', (t) => {
  const stage = new Stage();
  const { transaction, session, events } = stage.ringUs({ sdp: null, headers: REL });
  session.ring({ sdp: OFFER });
  const rAck = field('RAck', `${headerOf(transaction.last, 'RSeq') ?? ''} 20 INVITE`);
  t.is(stage.within(transaction.last, 'PRACK', { headers: [rAck], sdp: ANSWER }).last.status, 200);
  t.deepEqual(events, [{ name: 'answer', sdp: ANSWER }]);
  session.accept(OFFER);
  t.is(transaction.last.body.length, 0);
  stage.ack(transaction.last);
  t.like(session.snapshot, { localSdp: OFFER, remoteSdp: ANSWER });
});

test('the session timer is echoed with Require: timer, and 422 names our minimum (RFC 4028 §9)', (t) => {
  const stage = new Stage();
  const headers = [field('Supported', 'timer'), field('Session-Expires', '300;refresher=uac')];
  const { transaction, session, events } = stage.ringUs({ headers });
  session.accept(ANSWER);
  t.is(headerOf(transaction.last, 'Session-Expires'), '300;refresher=uac');
  t.is(headerOf(transaction.last, 'Require'), 'timer');
  stage.ack(transaction.last);
  t.like(session.snapshot?.sessionTimer, { intervalS: 300, weRefresh: false });
  stage.clock.advance(267_999);
  t.deepEqual(stage.wire.methods(), []);
  stage.clock.advance(1);
  t.deepEqual(stage.wire.methods(), ['BYE']);
  t.like(events.at(-1), { name: 'ended', end: { by: 'local', how: 'sessionExpired' } });
  const small = [
    ...transaction.request.headers.slice(-1),
    field('Supported', 'timer'),
    field('Session-Expires', '89'),
  ];
  const refused = stage.wire.receive(
    { ...transaction.request, callId: 'small', headers: small },
    transaction.source,
  );
  t.is(refused.last.status, 422);
  t.is(headerOf(refused.last, 'Min-SE'), '90');
});

test('as refresher we send UPDATE at the half where it is allowed, else a re-INVITE with the SDP unchanged', (t) => {
  for (const allow of ['INVITE, ACK, UPDATE', 'INVITE, ACK']) {
    const stage = new Stage();
    const headers = [
      field('Supported', 'timer'),
      field('Session-Expires', '300;refresher=uas'),
      field('Allow', allow),
    ];
    const { transaction, session, events } = stage.ringUs({ headers });
    session.accept(ANSWER);
    stage.ack(transaction.last);
    stage.clock.advance(150_000);
    const refresh = stage.wire.sent[0];
    t.truthy(refresh);
    if (refresh === undefined) return;
    t.is(refresh.request.method, allow.includes('UPDATE') ? 'UPDATE' : 'INVITE');
    t.is(Buffer.from(refresh.request.body).toString(), allow.includes('UPDATE') ? '' : ANSWER);
    t.is(headerOf(refresh.request, 'Session-Expires'), '300;refresher=uac');
    const expires = field('Session-Expires', '300;refresher=uac');
    refresh.events.onResponse({
      ...transaction.last,
      cSeq: refresh.request.cSeq,
      headers: [expires, field('Content-Type', 'application/sdp')],
      body: Buffer.from(refresh.request.method === 'UPDATE' ? '' : OFFER),
    });
    t.is(stage.wire.acks.length, refresh.request.method === 'UPDATE' ? 0 : 1);
    stage.clock.advance(149_999);
    t.is(stage.wire.sent.length, 1);
    stage.clock.advance(1);
    t.is(stage.wire.sent.length, 2);
    stage.wire.sent[1]?.events.onTimeout();
    t.like(events.at(-1), { name: 'ended', end: { how: 'failed', status: 408 } });
  }
});

test('a PRACK that the 200 overtook is still answered 200, a second one 481 (RFC 3262 §3)', (t) => {
  const stage = new Stage();
  const { transaction, session, events } = stage.ringUs({ headers: REL });
  session.ring();
  const rAck = field('RAck', `${headerOf(transaction.last, 'RSeq') ?? ''} 20 INVITE`);
  session.accept(ANSWER);
  t.is(transaction.last.status, 200);
  t.is(stage.within(transaction.last, 'PRACK', { headers: [rAck] }).last.status, 200);
  t.is(stage.within(transaction.last, 'PRACK', { headers: [rAck] }).last.status, 481);
  stage.ack(transaction.last);
  t.deepEqual(names(events), ['confirmed']);
});

test('a 180 that cannot be sent harms no call: a repeat may arrive (RFC 6026 §7.1)', (t) => {
  const stage = new Stage();
  const { transaction, session } = stage.ringUs();
  session.ring();
  transaction.events?.onTransportError(new Error('refused'));
  t.is(session.state, 'early');
});
