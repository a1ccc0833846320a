import test from 'ava';
import { headerOf, tagOf } from '../message/sip-message.js';
import { answer } from '../dialog/testing/fake-transaction-layer.js';
import { ANSWER, field, inviteFromPeer, PEER, Stage } from '../dialog/testing/stage.js';

test('a stranger gets 403 whatever it asks, is counted, and is never a call', (t) => {
  const stage = new Stage({ screen: () => ({ verdict: 'refuse', status: 403 }) });
  for (const method of ['INVITE', 'OPTIONS', 'REGISTER', 'FLY']) {
    const request = {
      ...inviteFromPeer({ method, callId: method }),
      headers: [field('Require', 'x')],
    };
    t.is(stage.wire.receive(request, PEER).last.status, 403);
  }
  t.is(stage.incoming.length, 0);
  t.is(stage.agent.counts.refused, 4);
  t.is(stage.clock.pendingCount, 0);
});

test('who must prove itself is challenged before anything else', (t) => {
  const stage = new Stage({ screen: () => ({ verdict: 'authenticate' }) });
  t.is(stage.wire.receive(inviteFromPeer(), PEER).last.status, 407);
  t.is(stage.incoming.length, 0);
});

test('what is asked outside a dialog is answered by its method (RFC 3261 §8.2.1, §11.2)', (t) => {
  const stage = new Stage();
  const expected = {
    OPTIONS: 200,
    REGISTER: 200,
    MESSAGE: 405,
    PUBLISH: 405,
    REFER: 405,
    SUBSCRIBE: 489,
    BYE: 481,
    PRACK: 481,
    NOTIFY: 481,
    FLY: 501,
  };
  for (const [method, status] of Object.entries(expected)) {
    const { last } = stage.wire.receive(inviteFromPeer({ method, sdp: null }), PEER);
    t.is(last.status, status, method);
    t.truthy(tagOf(last.to), method);
    if (method === 'OPTIONS') {
      t.deepEqual(
        last.headers.map(({ name }) => name),
        ['Allow', 'Supported', 'Accept'],
      );
    }
  }
});

test('an INVITE that cannot be served says why: 400, 415, 416, 420 (RFC 3261 §8.2)', (t) => {
  const stage = new Stage();
  const status = (options: Parameters<typeof inviteFromPeer>[0]): number =>
    stage.wire.receive(inviteFromPeer(options), PEER).last.status;
  t.is(status({ scheme: 'mailto' }), 416);
  t.is(status({ headers: [field('Replaces', 'no-tags')] }), 400);
  t.is(
    status({
      sdp: null,
      headers: [field('Replaces', 'a;to-tag=b;from-tag=c'), field('Replaces', 'a')],
    }),
    400,
  );
  t.is(stage.wire.receive({ ...inviteFromPeer(), contacts: [] }, PEER).last.status, 400);
  t.is(status({ headers: [field('Content-Type', 'text/plain')] }), 415);
  t.is(status({ headers: [field('Content-Encoding', 'gzip')] }), 415);
  const refused = stage.wire.receive(
    inviteFromPeer({ headers: [field('Require', '100rel, Teleport, warp')] }),
    PEER,
  );
  t.is(refused.last.status, 420);
  t.is(headerOf(refused.last, 'Unsupported'), 'Teleport, warp');
  t.is(stage.incoming.length, 0);
});

test('a `tel:` INVITE is taken, and sessions are named s1, s2, …', (t) => {
  const stage = new Stage();
  const { session } = stage.ringUs({ scheme: 'tel' });
  t.is(session.id, 's1');
  t.is(stage.call().session.id, 's2');
});

test('when all sessions are taken the next INVITE gets 503 with Retry-After', (t) => {
  const stage = new Stage({ sessionsMax: 2 });
  stage.ringUs({ callId: 'one' });
  const second = stage.ringUs({ callId: 'two' });
  const refused = stage.wire.receive(inviteFromPeer({ callId: 'three' }), PEER);
  t.is(refused.last.status, 503);
  t.truthy(headerOf(refused.last, 'Retry-After'));
  second.session.reject(486);
  stage.ringUs({ callId: 'four' });
  t.is(stage.incoming.length, 3);
});

test('Replaces names a session by our tag and theirs, also a branch still ringing (RFC 3891 §3)', (t) => {
  const stage = new Stage();
  const { session } = stage.call();
  const { request, events } = stage.wire.nth('INVITE');
  events.onResponse(answer(request, 180, { tag: 'branch' }));
  const value = `${request.callId};from-tag=branch;to-tag=${tagOf(request.from) ?? ''}`;
  const { session: taker } = stage.ringUs({ headers: [field('Replaces', value)] });
  t.truthy(taker.replaces);
  if (taker.replaces === null) return;
  t.is(stage.agent.findReplaced(taker.replaces), session);
  t.is(stage.agent.findReplaced({ ...taker.replaces, fromTag: 'else' }), null);
});

test('close hangs up every leg, waits for the answers, and leaves no timer', async (t) => {
  const stage = new Stage();
  const up = stage.call();
  const first = stage.wire.nth('INVITE');
  first.events.onResponse(answer(first.request, 200, { tag: 'a', sdp: ANSWER }));
  const calling = stage.call();
  const second = stage.wire.nth('INVITE', 1);
  second.events.onResponse(answer(second.request, 180, { tag: 'a' }));
  const ringing = stage.ringUs();
  ringing.session.ring();
  const closed = stage.agent.close(5_000);
  t.is(ringing.transaction.last.status, 480);
  t.is(stage.wire.cancels.length, 1);
  t.false(stage.wire.isClosed);
  second.events.onResponse(answer(second.request, 487, { tag: 'a' }));
  const bye = stage.wire.nth('BYE');
  bye.events.onResponse(answer(bye.request, 200));
  await closed;
  t.true(stage.wire.isClosed);
  t.is(stage.clock.pendingCount, 0);
  for (const { events } of [up, calling, ringing]) t.is(events.at(-1)?.name, 'ended');
});

test('close ends at its deadline when a peer is silent', async (t) => {
  const stage = new Stage();
  stage.call();
  const closed = stage.agent.close(5_000);
  stage.clock.advance(5_000);
  await closed;
  t.true(stage.wire.isClosed);
});
