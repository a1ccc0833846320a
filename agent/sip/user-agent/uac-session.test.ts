import test from 'ava';
import { headerOf, tagOf } from '../message/sip-message.js';
import { answer, uriOf } from '../dialog/testing/fake-transaction-layer.js';
import { ANSWER, field, OFFER, Stage } from '../dialog/testing/stage.js';

test('a phone that answers is ACKed before the call is told (RFC 3261 §13.2.2.4)', (t) => {
  const stage = new Stage();
  const { session, events } = stage.call();
  const { request, events: wire } = stage.wire.nth('INVITE');
  wire.onResponse(answer(request, 180, { tag: 'a' }));
  wire.onResponse(answer(request, 200, { tag: 'a', sdp: ANSWER }));
  t.deepEqual(
    events.map(({ name }) => name),
    ['progress', 'answered'],
  );
  t.is(stage.wire.acks.length, 1);
  t.is(stage.wire.acks[0]?.cSeq.number, request.cSeq.number);
  t.is(session.state, 'confirmed');
  t.is(session.snapshot?.localSdp, OFFER);
  t.is(session.snapshot?.remoteSdp, ANSWER);
});

test('a 200 that crosses our CANCEL is ACKed, then BYEd (RFC 5407 §3.1.2)', (t) => {
  const stage = new Stage();
  const { session, events } = stage.call();
  const { request, events: wire } = stage.wire.nth('INVITE');
  wire.onResponse(answer(request, 180, { tag: 'a' }));
  session.hangUp({ protocol: 'SIP', cause: 200, text: 'Call completed elsewhere' });
  t.is(stage.wire.cancels[0]?.headers[0]?.value, 'SIP;cause=200;text="Call completed elsewhere"');
  wire.onResponse(answer(request, 200, { tag: 'a', sdp: ANSWER }));
  t.is(stage.wire.acks.length, 1);
  t.deepEqual(stage.wire.methods(), ['INVITE', 'BYE']);
  t.like(events.at(-1), { name: 'ended', end: { by: 'local', how: 'cancel' } });
  // The repeat of that 200 needs its ACK, and no second BYE.
  wire.onResponse(answer(request, 200, { tag: 'a', sdp: ANSWER }));
  t.is(stage.wire.acks.length, 2);
  t.deepEqual(stage.wire.methods(), ['INVITE', 'BYE']);
});

test('a cancelled INVITE without any final response is given up 64*T1 after the CANCEL (RFC 3261 §9.1)', (t) => {
  const stage = new Stage();
  const { session, events } = stage.call();
  const { request, events: wire } = stage.wire.nth('INVITE');
  wire.onResponse(answer(request, 100));
  session.hangUp();
  stage.clock.advance(31_999);
  t.is(events.length, 0);
  stage.clock.advance(1);
  t.like(events.at(-1), { name: 'ended', end: { how: 'cancel', status: null } });
  stage.clock.advance(32_000);
  t.is(stage.clock.pendingCount, 0);
});

test('of a forked INVITE each branch is an early dialog, and the losing 2xx gets ACK and BYE (RFC 3261 §13.2.2.4)', (t) => {
  const stage = new Stage();
  const { events } = stage.call();
  const { request, events: wire } = stage.wire.nth('INVITE');
  wire.onResponse(answer(request, 180, { tag: 'a' }));
  wire.onResponse(answer(request, 180, { tag: 'b' }));
  wire.onResponse(answer(request, 200, { tag: 'b', sdp: ANSWER }));
  wire.onResponse(answer(request, 200, { tag: 'a', sdp: ANSWER, contact: '192.0.2.77' }));
  wire.onResponse(answer(request, 200, { tag: 'a', sdp: ANSWER, contact: '192.0.2.77' }));
  t.deepEqual(
    stage.wire.acks.map((ack) => tagOf(ack.to)),
    ['b', 'a', 'a'],
  );
  const bye = stage.wire.nth('BYE');
  t.is(tagOf(bye.request.to), 'a');
  t.is(bye.target.address, '192.0.2.77');
  t.deepEqual(stage.wire.methods(), ['INVITE', 'BYE']);
  t.deepEqual(
    events.map(({ name }) => name),
    ['progress', 'progress', 'answered'],
  );
});

test('a 2xx after its transaction ended is matched by dialog and ACKed (RFC 6026 §8.9)', (t) => {
  const stage = new Stage();
  stage.call();
  const { request, events: wire } = stage.wire.nth('INVITE');
  const success = answer(request, 200, { tag: 'a', sdp: ANSWER });
  wire.onResponse(success);
  stage.wire.user.onStrayResponse(success, stage.wire.nth('INVITE').target);
  t.is(stage.wire.acks.length, 2);
  stage.wire.user.onStrayResponse(
    { ...success, callId: 'unknown' },
    stage.wire.nth('INVITE').target,
  );
  t.is(stage.wire.acks.length, 2);
  t.is(stage.agent.counts.stray, 1);
});

test('a challenged INVITE goes out again with credentials, and a wrong password ends it (RFC 3261 §22.2)', (t) => {
  const stage = new Stage();
  const { events } = stage.call();
  const first = stage.wire.nth('INVITE');
  const challenge = (nonce: string): { headers: [{ name: string; value: string }] } => ({
    headers: [field('Proxy-Authenticate', `Digest realm="r", nonce="${nonce}"`)],
  });
  first.events.onResponse(answer(first.request, 407, challenge('one')));
  const second = stage.wire.nth('INVITE', 1);
  t.is(second.request.cSeq.number, first.request.cSeq.number + 1);
  t.is(headerOf(second.request, 'Proxy-Authorization'), 'Digest username="0003"');
  second.events.onResponse(answer(second.request, 407, challenge('two')));
  t.is(stage.wire.sent.length, 2);
  t.like(events.at(-1), { name: 'ended', end: { by: 'remote', how: 'rejected', status: 407 } });
});

test('a stale nonce is answered once more', (t) => {
  const stage = new Stage();
  stage.call();
  const stale = [field('WWW-Authenticate', 'Digest realm="r", nonce="n2", stale=TRUE')];
  const first = stage.wire.nth('INVITE');
  const fresh = [field('WWW-Authenticate', 'Digest realm="r", nonce="n1"')];
  first.events.onResponse(answer(first.request, 401, { headers: fresh }));
  const second = stage.wire.nth('INVITE', 1);
  second.events.onResponse(answer(second.request, 401, { headers: stale }));
  t.is(stage.wire.sent.length, 3);
  const third = stage.wire.nth('INVITE', 2);
  t.is(third.request.headers.filter(({ name }) => name === 'Authorization').length, 1);
  third.events.onResponse(answer(third.request, 200, { tag: 'a', sdp: ANSWER }));
  t.is(stage.wire.acks[0]?.headers.filter(({ name }) => name === 'Authorization').length, 1);
});

test('a 422 raises the session interval to what was asked, once (RFC 4028 §7.3)', (t) => {
  const stage = new Stage({ session: { sessionExpiresS: 120 } });
  const { events } = stage.call();
  const first = stage.wire.nth('INVITE');
  t.is(headerOf(first.request, 'Session-Expires'), '120');
  const headers = [field('Min-SE', '300')];
  first.events.onResponse(answer(first.request, 422, { headers }));
  const second = stage.wire.nth('INVITE', 1);
  t.is(headerOf(second.request, 'Session-Expires'), '300');
  t.is(headerOf(second.request, 'Min-SE'), '300');
  second.events.onResponse(answer(second.request, 422, { headers }));
  t.like(events.at(-1), { name: 'ended', end: { how: 'rejected', status: 422 } });
});

test('no answer, no socket and a redirection each end the call once', (t) => {
  const ends = (['onTimeout', 'onTransportError'] as const).map((what) => {
    const stage = new Stage();
    const { events } = stage.call();
    stage.wire.nth('INVITE').events[what](new Error('refused'));
    stage.clock.advance(40_000);
    t.is(stage.clock.pendingCount, 0);
    return events;
  });
  t.like(ends[0]?.[0], { name: 'ended', end: { how: 'timeout', status: 408 } });
  t.like(ends[1]?.[0], { name: 'ended', end: { how: 'failed', status: 503 } });
  const stage = new Stage();
  const { events } = stage.call();
  const { request, events: wire } = stage.wire.nth('INVITE');
  wire.onResponse(
    answer(request, 302, { tag: 'a', headers: [field('Reason', 'Q.850;cause=17;text="busy"')] }),
  );
  t.deepEqual(events, [
    {
      name: 'ended',
      end: {
        by: 'remote',
        how: 'rejected',
        status: 302,
        reason: { protocol: 'Q.850', cause: 17, text: 'busy' },
      },
    },
  ]);
});

test('reliable 1xx are PRACKed in order; repeats and gaps are not (RFC 3262 §4)', (t) => {
  const stage = new Stage();
  const { events } = stage.call();
  const { request, events: wire } = stage.wire.nth('INVITE');
  const reliable = (rSeq: number, sdp?: string): void => {
    const headers = [field('Require', '100rel'), field('RSeq', String(rSeq))];
    wire.onResponse(
      answer(request, 183, { tag: 'a', headers, ...(sdp === undefined ? {} : { sdp }) }),
    );
  };
  reliable(7, ANSWER);
  reliable(7, ANSWER);
  reliable(9);
  reliable(8);
  t.deepEqual(
    stage.wire.sent.slice(1).map((sent) => headerOf(sent.request, 'RAck')),
    ['7 1 INVITE', '8 1 INVITE'],
  );
  t.is(events.length, 2);
  wire.onResponse(answer(request, 200, { tag: 'a' }));
  t.like(events.at(-1), { name: 'answered', sdp: null });
  const last = stage.wire.sent.at(-1);
  t.is(last?.request.cSeq.number, 3);
});

test('an UPDATE with an offer in the early dialog is answered after a reliable answer, 491 before (RFC 3311 §5.2)', (t) => {
  const stage = new Stage();
  const { session, events } = stage.call();
  const { request, events: wire } = stage.wire.nth('INVITE');
  const early = answer(request, 183, {
    tag: 'a',
    sdp: ANSWER,
    headers: [field('Require', '100rel'), field('RSeq', '1')],
  });
  wire.onResponse(answer(request, 180, { tag: 'a' }));
  t.is(stage.within(early, 'UPDATE', { sdp: OFFER }).last.status, 491);
  wire.onResponse(early);
  const update = stage.within(early, 'UPDATE', { sdp: OFFER });
  t.like(events.at(-1), { name: 'offer', method: 'UPDATE', sdp: OFFER });
  session.answerOffer(ANSWER);
  t.is(update.last.status, 200);
  t.is(stage.within(early, 'INVITE', { sdp: OFFER }).last.status, 491);
});

test('strict and loose routes and the Contact of the 2xx lead our BYE (RFC 3261 §12.2.1.1)', (t) => {
  const route = (
    host: string,
    isLoose: boolean,
  ): { displayName: string; uri: ReturnType<typeof uriOf>; params: [] } => ({
    displayName: '',
    uri: { ...uriOf('', host), params: isLoose ? [{ name: 'lr', value: null }] : [] },
    params: [],
  });
  const targets = [true, false].map((isLoose) => {
    const stage = new Stage();
    const { session } = stage.call();
    const { request, events: wire } = stage.wire.nth('INVITE');
    const recordRoute = [route('192.0.2.21', true), route('192.0.2.20', isLoose)];
    wire.onResponse(answer(request, 200, { tag: 'a', sdp: ANSWER, recordRoute }));
    session.hangUp();
    return stage.wire.nth('BYE');
  });
  t.is(targets[0]?.request.uri.host, '192.0.2.9');
  t.deepEqual(
    targets[0]?.request.route.map(({ uri }) => uri.host),
    ['192.0.2.20', '192.0.2.21'],
  );
  t.is(targets[0]?.target.address, '192.0.2.20');
  t.is(targets[1]?.request.uri.host, '192.0.2.20');
  t.deepEqual(
    targets[1]?.request.route.map(({ uri }) => uri.host),
    ['192.0.2.21', '192.0.2.9'],
  );
});

test('events from before anyone listens are kept, and the last is always `ended`', (t) => {
  const stage = new Stage();
  const session = stage.agent.invite({
    requestUri: uriOf('201', '192.0.2.9'),
    from: { displayName: '', uri: uriOf('box', '192.0.2.1'), params: [] },
    to: { displayName: '', uri: uriOf('201', '192.0.2.9'), params: [] },
    contact: uriOf('box', '192.0.2.1'),
    target: { transport: 'UDP', address: '192.0.2.9', port: 5060 },
    route: [],
    headers: [],
    sdp: OFFER,
    credentials: null,
  });
  const { request, events: wire } = stage.wire.nth('INVITE');
  for (let i = 0; i < 100; i += 1) wire.onResponse(answer(request, 180, { tag: 'a' }));
  wire.onResponse(answer(request, 486, { tag: 'a' }));
  const names: string[] = [];
  session.onEvent = (event) => {
    names.push(event.name);
    session.hangUp();
  };
  t.is(names.length, 64);
  t.is(names.at(-1), 'ended');
  t.is(stage.agent.counts.eventDropped, 37);
});
