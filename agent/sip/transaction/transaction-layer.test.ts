import test from 'ava';

import { silentLog } from '../../../base/index.js';
import { FakeClock } from '../../../base/testing/fake-clock.js';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { ackFor, responseTo } from '../message/compose.js';
import {
  paramOf,
  tagOf,
  withParam,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../message/sip-message.js';
import { parseVia } from '../message/via.js';
import { FakeNetwork, type FakeNetworkOptions } from '../testing/fake-network.js';
import { SipGrammar } from '../testing/grammar.js';
import { mutate } from '../testing/mutator.js';
import { parseSipMessage } from '../message/parse-sip-message.js';
import { addressOf, requestOf, uriOf } from '../testing/message-builders.js';
import type { Endpoint, Transport } from '../transport/transport.js';
import { lateEvents } from '../transport/late-events.js';
import { createTransactionLayer, type WiredTransactionLayer } from './create-transaction-layer.js';
import type { ServerTransaction } from './transaction-layer.js';

const BOX = '192.0.2.20';
const PEER = '192.0.2.10';
const boxAt = (transport: 'UDP' | 'TCP'): Endpoint => ({ transport, address: BOX, port: 5060 });
const peerAt = (transport: 'UDP' | 'TCP'): Endpoint => ({ transport, address: PEER, port: 5060 });

interface World {
  readonly clock: FakeClock;
  readonly network: FakeNetwork;
  readonly layer: WiredTransactionLayer;
  /** The other side: a bare port that keeps what it gets. */
  readonly peer: Transport;
  readonly atPeer: SipMessage[];
  readonly offered: ServerTransaction[];
  readonly heard: string[];
}

function world(options: FakeNetworkOptions = {}, transactionsMax = 100): World {
  const clock = new FakeClock();
  const network = new FakeNetwork(clock, new SeededRandom(1), options);
  const late = lateEvents();
  const offered: ServerTransaction[] = [];
  const heard: string[] = [];
  const layer = createTransactionLayer({
    transport: network.open({ address: BOX, port: 5060 }, late.events),
    clock,
    random: new SeededRandom(2),
    log: silentLog,
    limits: { transactionsMax },
    user: {
      onRequest: (transaction) => {
        offered.push(transaction);
        transaction.events = {
          onCancel: () => heard.push('cancel'),
          onEnded: () => heard.push('ended'),
          onTransportError: () => heard.push('transportError'),
        };
      },
      onAck: () => heard.push('ack'),
      onStrayResponse: (response) => heard.push(`stray ${response.status}`),
    },
  });
  late.bind(layer.transportEvents);
  const atPeer: SipMessage[] = [];
  const peer = network.open(
    { address: PEER, port: 5060 },
    { onMessage: (message) => atPeer.push(message), onSendFailed: () => undefined },
  );
  return { clock, network, layer, peer, atPeer, offered, heard };
}

/** Sends from the box; what its user hears is written down. */
function send(w: World, request: SipRequest, transport: 'UDP' | 'TCP' = 'UDP') {
  return w.layer.request(request, peerAt(transport), {
    onResponse: (response) => w.heard.push(String(response.status)),
    onTimeout: () => w.heard.push(`timeout at ${w.clock.monotonicMs()}`),
    onTransportError: () => w.heard.push('transportError'),
  });
}

const via = (branch: string, host = PEER) => parseVia(`SIP/2.0/UDP ${host};branch=${branch}`) ?? [];
const incoming = (method: string, branch: string, changes: Partial<SipRequest> = {}): SipRequest =>
  requestOf(method, { via: [via(branch)].flat(), ...changes });

/** The peer answers the request that it got last. */
function answer(w: World, status: number, toTag = 'peer-tag'): SipResponse {
  const request = w.atPeer.findLast(
    (message) => message.kind === 'request' && message.method !== 'ACK',
  );
  if (request?.kind !== 'request') throw new Error('nothing to answer');
  const response = responseTo(request, status, { toTag });
  w.peer.send(response, boxAt(request.via[0]?.transport === 'TCP' ? 'TCP' : 'UDP'));
  w.clock.advance(0);
  return response;
}

const timesOf = (w: World, address: string, what: string): readonly number[] =>
  w.network.sentFrom(address).flatMap((entry) => (entry.what === what ? [entry.atMs] : []));

const everyT2 = (fromMs: number, toMs: number): readonly number[] =>
  Array.from({ length: Math.floor((toMs - fromMs) / 4_000) + 1 }, (_, n) => fromMs + n * 4_000);

test('an INVITE to a silent peer goes out at 0, 0.5, 1.5 … 31.5 s and times out at 32 s (timers A, B)', (t) => {
  const w = world();
  send(w, requestOf('INVITE'));
  w.clock.advance(120_000);
  t.deepEqual(timesOf(w, BOX, 'INVITE'), [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
  t.deepEqual(w.heard, ['timeout at 32000']);
  t.is(w.layer.activeCount + w.clock.pendingCount, 0);
});

test('another request to a silent peer goes out every 4 s from 3.5 s on and times out at 32 s (timers E, F)', (t) => {
  const w = world();
  send(w, requestOf('OPTIONS'));
  w.clock.advance(120_000);
  t.deepEqual(timesOf(w, BOX, 'OPTIONS'), [0, 500, 1_500, ...everyT2(3_500, 31_999)]);
  t.deepEqual(w.heard, ['timeout at 32000']);
  t.is(w.layer.activeCount + w.clock.pendingCount, 0);
});

test('after a 1xx another request is repeated each 4 s and still times out at 32 s (RFC 3261 §17.1.2.2)', (t) => {
  const w = world();
  send(w, requestOf('OPTIONS'));
  w.clock.advance(100);
  answer(w, 100);
  w.clock.advance(120_000);
  t.deepEqual(timesOf(w, BOX, 'OPTIONS'), [0, ...everyT2(500, 31_999)]);
  t.deepEqual(w.heard, ['100', 'timeout at 32000']);
});

test('on TCP nothing is repeated, and the end comes at 32 s all the same (RFC 3261 §17.1.1.2)', (t) => {
  const w = world();
  send(w, requestOf('INVITE'), 'TCP');
  send(w, requestOf('OPTIONS', { callId: 'other' }), 'TCP');
  w.clock.advance(120_000);
  t.deepEqual(timesOf(w, BOX, 'INVITE'), [0]);
  t.deepEqual(timesOf(w, BOX, 'OPTIONS'), [0]);
  t.deepEqual(w.heard, ['timeout at 32000', 'timeout at 32000']);
});

test('on TCP a final response ends a client transaction at once (timers D and K are 0)', (t) => {
  const w = world();
  send(w, requestOf('INVITE'), 'TCP');
  w.clock.advance(0);
  answer(w, 486);
  t.deepEqual(w.heard, ['486']);
  t.is(w.layer.activeCount + w.clock.pendingCount, 0);
});

test('a 1xx stops the repeats of an INVITE, and it may ring for minutes (RFC 3261 §17.1.1.2)', (t) => {
  const w = world();
  send(w, requestOf('INVITE'));
  w.clock.advance(700);
  answer(w, 180);
  w.clock.advance(300_000);
  t.deepEqual(timesOf(w, BOX, 'INVITE'), [0, 500]);
  t.deepEqual(w.heard, ['180']);
});

test('each repeat of a failure is acknowledged for 32 s and heard once (timer D)', (t) => {
  const w = world();
  send(w, requestOf('INVITE'));
  w.clock.advance(0);
  const busy = answer(w, 486);
  w.clock.advance(31_000);
  w.peer.send(busy, boxAt('UDP'));
  w.clock.advance(999);
  t.is(w.layer.activeCount, 1);
  w.clock.advance(1);
  t.is(w.layer.activeCount, 0);
  t.deepEqual(timesOf(w, BOX, 'ACK'), [0, 31_000]);
  t.deepEqual(w.heard, ['486']);
  const ack = w.atPeer.find((one) => one.kind === 'request' && one.method === 'ACK');
  t.is(
    ack && paramOf(ack.via[0]?.params ?? [], 'branch'),
    paramOf(busy.via[0]?.params ?? [], 'branch'),
  );
  t.is(ack && tagOf(ack.to), 'peer-tag');
});

test('every 2xx of a forked INVITE reaches the user for 32 s, then as a stray (RFC 6026 §7.2, timer M)', (t) => {
  const w = world();
  send(w, requestOf('INVITE'));
  w.clock.advance(0);
  answer(w, 200, 'fork-a');
  w.clock.advance(31_999);
  const late = answer(w, 200, 'fork-b');
  w.clock.advance(2);
  w.peer.send(late, boxAt('UDP'));
  w.clock.advance(0);
  t.deepEqual(w.heard, ['200', '200', 'stray 200']);
  t.deepEqual(timesOf(w, BOX, 'ACK'), [], 'the dialog sends the ACK of a 2xx');
});

test('repeats of a final response to another request are absorbed for 5 s (timer K)', (t) => {
  const w = world();
  send(w, requestOf('OPTIONS'));
  w.clock.advance(0);
  const ok = answer(w, 200);
  w.peer.send(ok, boxAt('UDP'));
  w.clock.advance(4_999);
  t.is(w.layer.activeCount, 1);
  w.clock.advance(1);
  t.is(w.layer.activeCount, 0);
  t.deepEqual(w.heard, ['200']);
});

test('a CANCEL waits for a 1xx and goes out once, with the branch of the INVITE (RFC 3261 §9.1)', (t) => {
  const w = world();
  const invite = send(w, requestOf('INVITE'));
  w.layer.cancel(invite);
  w.clock.advance(600);
  t.deepEqual(timesOf(w, BOX, 'CANCEL'), []);
  answer(w, 100);
  w.layer.cancel(invite);
  t.deepEqual(timesOf(w, BOX, 'CANCEL'), [600]);
  w.clock.advance(0);
  answer(w, 200);
  const cancel = w.atPeer.at(-1);
  t.deepEqual(cancel?.via[0]?.params[0], invite.request.via[0]?.params[0]);
  w.peer.send(responseTo(invite.request, 487, { toTag: 'peer-tag' }), boxAt('UDP'));
  w.clock.advance(60_000);
  t.deepEqual(w.heard, ['100', '487']);
  t.is(w.layer.activeCount + w.clock.pendingCount, 0);
});

test('a cancelled INVITE that nobody ends is given up after 32 s (RFC 3261 §9.1)', (t) => {
  const w = world();
  const invite = send(w, requestOf('INVITE'));
  w.clock.advance(0);
  answer(w, 180);
  w.clock.advance(10_000);
  w.layer.cancel(invite);
  w.clock.advance(120_000);
  t.deepEqual(w.heard, ['180', 'timeout at 42000']);
  t.is(w.layer.activeCount + w.clock.pendingCount, 0);
});

test('a 200 that crosses the CANCEL is heard, and nothing times out after it (RFC 5407 §3.1.2)', (t) => {
  const w = world();
  const invite = send(w, requestOf('INVITE'));
  w.clock.advance(0);
  answer(w, 180);
  w.layer.cancel(invite);
  w.peer.send(responseTo(invite.request, 200, { toTag: 'peer-tag' }), boxAt('UDP'));
  w.clock.advance(120_000);
  t.deepEqual(w.heard, ['180', '200']);
});

test('a refused connection is told to the user once (RFC 3261 §8.1.3.1)', (t) => {
  const w = world();
  w.network.refuses = () => true;
  send(w, requestOf('INVITE'));
  send(w, requestOf('OPTIONS', { callId: 'other' }));
  w.clock.advance(120_000);
  t.deepEqual(w.heard, ['transportError', 'transportError']);
  t.is(w.layer.activeCount + w.clock.pendingCount, 0);
});

test('an INVITE gets its 100 at once, and repeats get the last answer (RFC 3261 §17.2.1)', (t) => {
  const w = world();
  const invite = incoming('INVITE', 'z9hG4bKa');
  w.peer.send(invite, boxAt('UDP'));
  w.clock.advance(0);
  t.deepEqual(w.network.sentFrom(BOX), [{ atMs: 0, what: '100' }]);
  w.offered[0]?.respond(responseTo(invite, 180, { toTag: 'box' }));
  w.clock.advance(500);
  w.peer.send(invite, boxAt('UDP'));
  w.clock.advance(0);
  t.deepEqual(
    w.network.sentFrom(BOX).map((one) => one.what),
    ['100', '180', '180'],
  );
  t.is(w.offered.length, 1);
});

test('a failure is repeated at 0.5, 1.5, 3.5 s and then each 4 s until 32 s without an ACK (timers G, H)', (t) => {
  const w = world();
  const invite = incoming('INVITE', 'z9hG4bKa');
  w.peer.send(invite, boxAt('UDP'));
  w.clock.advance(0);
  w.offered[0]?.respond(responseTo(invite, 486, { toTag: 'box' }));
  w.clock.advance(120_000);
  t.deepEqual(timesOf(w, BOX, '486'), [0, 500, 1_500, ...everyT2(3_500, 31_999)]);
  t.deepEqual(w.heard, ['ended']);
  t.is(w.layer.activeCount + w.clock.pendingCount, 0);
});

test('its ACK ends the repeats, and repeated ACKs are absorbed for 5 s (timer I)', (t) => {
  const w = world();
  const invite = incoming('INVITE', 'z9hG4bKa');
  w.peer.send(invite, boxAt('UDP'));
  w.clock.advance(0);
  const busy = responseTo(invite, 486, { toTag: 'box' });
  w.offered[0]?.respond(busy);
  w.clock.advance(600);
  for (let copies = 0; copies < 2; copies += 1) w.peer.send(ackFor(invite, busy), boxAt('UDP'));
  w.clock.advance(4_999);
  t.is(w.layer.activeCount, 1);
  w.clock.advance(1);
  t.is(w.layer.activeCount, 0);
  t.deepEqual(timesOf(w, BOX, '486'), [0, 500]);
  t.deepEqual(w.heard, ['ended'], 'and no ACK reaches the user');
});

test('after a 200 repeats of the INVITE are absorbed, its ACK is passed on, and the dialog may repeat the 200 (RFC 6026 §7.1, timer L)', (t) => {
  const w = world();
  const invite = incoming('INVITE', 'z9hG4bKa');
  w.peer.send(invite, boxAt('UDP'));
  w.clock.advance(0);
  const ok = responseTo(invite, 200, { toTag: 'box' });
  w.offered[0]?.respond(ok);
  w.peer.send(invite, boxAt('UDP'));
  w.clock.advance(500);
  w.offered[0]?.respond(ok);
  w.offered[0]?.respond(responseTo(invite, 486, { toTag: 'box' }));
  w.peer.send({ ...ackFor(invite, ok), via: [via('z9hG4bKother')].flat() }, boxAt('UDP'));
  w.peer.send(ackFor(invite, ok), boxAt('UDP'));
  w.clock.advance(31_499);
  t.is(w.layer.activeCount, 1);
  w.clock.advance(1);
  t.is(w.layer.activeCount, 0);
  t.deepEqual(timesOf(w, BOX, '200'), [0, 500]);
  t.deepEqual(timesOf(w, BOX, '486'), []);
  t.deepEqual(w.heard, ['ack', 'ack']);
});

test('repeats of another request get its answer for 32 s (timer J), before the answer nothing', (t) => {
  const w = world();
  const options = incoming('OPTIONS', 'z9hG4bKa');
  const repeat = (): void => {
    w.peer.send(options, boxAt('UDP'));
    w.clock.advance(0);
  };
  repeat();
  repeat();
  t.deepEqual(w.network.sentFrom(BOX), []);
  w.offered[0]?.respond(responseTo(options, 200, { toTag: 'box' }));
  w.clock.advance(31_999);
  repeat();
  t.deepEqual(timesOf(w, BOX, '200'), [0, 31_999]);
  w.clock.advance(1);
  t.is(w.layer.activeCount, 0);
  t.is(w.offered.length, 1);
});

test('on TCP an answered request is forgotten at once, and a failure is not repeated (timers J and I are 0)', (t) => {
  const w = world();
  const tcp = parseVia(`SIP/2.0/TCP ${PEER};branch=z9hG4bKt`) ?? [];
  const options = requestOf('OPTIONS', { via: [tcp].flat() });
  w.peer.send(options, boxAt('TCP'));
  w.clock.advance(0);
  w.offered[0]?.respond(responseTo(options, 200, { toTag: 'box' }));
  t.is(w.layer.activeCount, 0);
  const invite = requestOf('INVITE', { via: [tcp].flat() });
  w.peer.send(invite, boxAt('TCP'));
  w.clock.advance(0);
  const busy = responseTo(invite, 486, { toTag: 'box' });
  w.offered[1]?.respond(busy);
  w.clock.advance(10_000);
  w.peer.send(ackFor(invite, busy), boxAt('TCP'));
  w.clock.advance(0);
  t.deepEqual(timesOf(w, BOX, '486'), [0]);
  t.is(w.layer.activeCount + w.clock.pendingCount, 0);
});

test('the same INVITE by another path is 482, and only it (RFC 3261 §8.2.2.2)', (t) => {
  const w = world();
  w.peer.send(incoming('INVITE', 'z9hG4bKa'), boxAt('UDP'));
  w.peer.send(incoming('INVITE', 'z9hG4bKb'), boxAt('UDP'));
  w.peer.send(incoming('INVITE', 'z9hG4bKc', { callId: 'another' }), boxAt('UDP'));
  w.clock.advance(0);
  t.deepEqual(
    w.network.sentFrom(BOX).map((one) => one.what),
    ['100', '482', '100'],
  );
  t.is(w.offered.length, 2);
});

test('a CANCEL gets 200 with the tag of the ringing and reaches the user once; late or alone it does not (RFC 3261 §9.2)', (t) => {
  const w = world();
  const invite = incoming('INVITE', 'z9hG4bKa');
  const cancel = incoming('CANCEL', 'z9hG4bKa');
  w.peer.send(invite, boxAt('UDP'));
  w.clock.advance(0);
  w.offered[0]?.respond(responseTo(invite, 180, { toTag: 'box' }));
  w.peer.send(cancel, boxAt('UDP'));
  w.peer.send(cancel, boxAt('UDP'));
  w.clock.advance(0);
  t.deepEqual(w.heard, ['cancel']);
  const ok = w.atPeer.at(-1);
  t.is(ok?.kind === 'response' ? ok.status : 0, 200);
  t.is(ok && tagOf(ok.to), 'box');
  w.peer.send(incoming('CANCEL', 'z9hG4bKunknown'), boxAt('UDP'));
  w.clock.advance(0);
  const none = w.atPeer.at(-1);
  t.is(none?.kind === 'response' ? none.status : 0, 481);
  t.is(w.offered.length, 1);
});

test('a CANCEL after the final response gets 200 and changes nothing (RFC 3261 §9.2)', (t) => {
  const w = world();
  const invite = incoming('INVITE', 'z9hG4bKa');
  w.peer.send(invite, boxAt('UDP'));
  w.clock.advance(0);
  w.offered[0]?.respond(responseTo(invite, 200, { toTag: 'box' }));
  w.peer.send(incoming('CANCEL', 'z9hG4bKa'), boxAt('UDP'));
  w.clock.advance(0);
  t.deepEqual(w.heard, []);
  t.is(timesOf(w, BOX, '200').length, 2);
});

test('a peer of RFC 2543, whose branch is always the same, is matched by the rest (RFC 3261 §17.2.3)', (t) => {
  const w = world();
  const invite = incoming('INVITE', '1');
  w.peer.send(invite, boxAt('UDP'));
  w.peer.send(invite, boxAt('UDP'));
  w.peer.send(incoming('INVITE', '1', { callId: 'another' }), boxAt('UDP'));
  w.clock.advance(0);
  t.is(w.offered.length, 2);
  const busy = responseTo(invite, 486, { toTag: 'box' });
  w.offered[0]?.respond(busy);
  w.peer.send(ackFor(invite, busy), boxAt('UDP'));
  w.clock.advance(10_000);
  t.deepEqual(timesOf(w, BOX, '486'), [0]);
});

test('two phones that chose the same branch are two transactions (RFC 3261 §17.2.3)', (t) => {
  const w = world();
  w.peer.send(incoming('OPTIONS', 'z9hG4bKa'), boxAt('UDP'));
  const other = incoming('OPTIONS', 'z9hG4bKa', {
    callId: 'x',
    via: [via('z9hG4bKa', '192.0.2.99')].flat(),
  });
  w.peer.send(other, boxAt('UDP'));
  w.clock.advance(0);
  t.is(w.offered.length, 2);
});

test('Max-Forwards 0 is 483 for a call, but an OPTIONS and a BYE arrive (RFC 3261 §8.1.1.6, §11)', (t) => {
  const w = world();
  const last = { maxForwards: 0 };
  w.peer.send(incoming('INVITE', 'z9hG4bKa', last), boxAt('UDP'));
  w.peer.send(incoming('OPTIONS', 'z9hG4bKb', last), boxAt('UDP'));
  const to = addressOf('<sip:201@192.0.2.20>;tag=box');
  w.peer.send(incoming('BYE', 'z9hG4bKc', { ...last, to }), boxAt('UDP'));
  w.clock.advance(0);
  t.deepEqual(
    w.network.sentFrom(BOX).map((one) => one.what),
    ['483'],
  );
  t.deepEqual(
    w.offered.map((one) => one.request.method),
    ['OPTIONS', 'BYE'],
  );
});

test('a URI scheme that we do not serve is 416 (RFC 3261 §8.2.2.1)', (t) => {
  const w = world();
  w.peer.send(incoming('INVITE', 'z9hG4bKa', { uri: uriOf('mailto:a@b.example') }), boxAt('UDP'));
  w.clock.advance(0);
  t.deepEqual(
    w.network.sentFrom(BOX).map((one) => one.what),
    ['416'],
  );
});

test('beyond the limit new calls get 503 while BYE still passes, and a request of ours fails', (t) => {
  const w = world({}, 2);
  const at = (n: number, changes: Partial<SipRequest> = {}): SipRequest =>
    incoming('OPTIONS', `z9hG4bK${n}`, { callId: `call-${n}`, ...changes });
  for (let n = 0; n < 4; n += 1) w.peer.send(at(n), boxAt('UDP'));
  const to = addressOf('<sip:201@192.0.2.20>;tag=box');
  for (let n = 4; n < 8; n += 1) w.peer.send(at(n, { to }), boxAt('UDP'));
  w.clock.advance(0);
  t.is(w.offered.length, 4);
  t.is(w.layer.activeCount, 4);
  t.is(w.layer.counts.refused, 4);
  send(w, requestOf('OPTIONS'));
  w.clock.advance(0);
  t.deepEqual(w.heard, ['transportError']);
});

test('an ACK of a 2xx goes out under a branch of its own, and answers to nothing are only counted', (t) => {
  const w = world();
  w.layer.sendAck(requestOf('ACK'), peerAt('UDP'));
  w.clock.advance(0);
  const [ack] = w.atPeer;
  t.true((ack && paramOf(ack.via[0]?.params ?? [], 'branch'))?.startsWith('z9hG4bK'));
  w.peer.send(responseTo(incoming('OPTIONS', 'z9hG4bKnone'), 200), boxAt('UDP'));
  w.clock.advance(0);
  t.is(w.layer.counts.stray, 1);
});

test('a closed layer sends nothing and holds no timer', (t) => {
  const w = world();
  send(w, requestOf('INVITE'));
  w.peer.send(incoming('INVITE', 'z9hG4bKa'), boxAt('UDP'));
  w.clock.advance(100);
  w.layer.close();
  t.is(w.clock.pendingCount, 0);
  const before = w.network.wire.length;
  w.clock.advance(60_000);
  t.is(w.network.wire.length, before);
});

test('with a third of all messages lost, doubled and reordered, every call is answered once on both sides', (t) => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const clock = new FakeClock();
    const random = new SeededRandom(seed);
    const network = new FakeNetwork(clock, random, {
      delayMs: 10,
      jitterMs: 300,
      lossRate: 0.3,
      duplicateRate: 0.2,
    });
    const finals: number[] = [];
    let offeredCount = 0;
    const build = (address: string, statusOf: () => number): WiredTransactionLayer => {
      const late = lateEvents();
      const layer = createTransactionLayer({
        transport: network.open({ address, port: 5060 }, late.events),
        clock,
        random,
        log: silentLog,
        user: {
          onRequest: (transaction) => {
            offeredCount += 1;
            const { request } = transaction;
            const status = statusOf();
            clock.after(random.below(3_000), () => {
              transaction.respond(responseTo(request, status, { toTag: 'box' }));
            });
          },
          onAck: () => undefined,
          onStrayResponse: () => undefined,
        },
      });
      late.bind(layer.transportEvents);
      return layer;
    };
    const caller = build(PEER, () => 200);
    const callee = build(BOX, () => 486);
    for (let call = 0; call < 5; call += 1) {
      const changes = { callId: `call-${call}` };
      const method = random.pick(['INVITE', 'OPTIONS']);
      caller.request(requestOf(method, changes), boxAt('UDP'), {
        onResponse: (response) => {
          if (response.status >= 200) finals.push(response.status);
        },
        onTimeout: () => finals.push(408),
        onTransportError: () => finals.push(503),
      });
    }
    clock.advance(200_000);
    t.is(finals.length, 5, `seed ${seed}`);
    t.true(offeredCount <= 5, `seed ${seed}`);
    t.is(caller.activeCount + callee.activeCount + clock.pendingCount, 0, `seed ${seed}`);
  }
});

test('10,000 generated and broken messages, to a user that answers at random, leave nothing behind', (t) => {
  const random = new SeededRandom(11);
  const w = world({}, 300);
  const grammar = new SipGrammar(random);
  for (let n = 0; n < 10_000; n += 1) {
    const bytes = grammar.message();
    const result = parseSipMessage(random.below(2) === 0 ? bytes : mutate(bytes, random));
    const from = peerAt(random.pick(['UDP', 'TCP']));
    if (result.ok) w.layer.transportEvents.onMessage(result.message, from);
    w.clock.advance(random.below(200));
    const transaction = w.offered.shift();
    if (transaction === undefined) continue;
    const status = random.pick([180, 200, 404, 486]);
    transaction.respond(responseTo(transaction.request, status, { toTag: 'box' }));
    if (status === 180) transaction.respond(responseTo(transaction.request, 500, { toTag: 'box' }));
  }
  for (const left of w.offered) left.respond(responseTo(left.request, 500, { toTag: 'box' }));
  w.clock.advance(100_000);
  t.is(w.layer.activeCount + w.clock.pendingCount, 0);
});

test('our Via asks for rport and keeps its branch in every repeat (RFC 3581 §3)', (t) => {
  const w = world();
  const sent = send(w, requestOf('OPTIONS'));
  w.clock.advance(600);
  const [first, second] = w.atPeer;
  const params = sent.request.via[0]?.params ?? [];
  t.is(paramOf(params, 'rport'), null);
  const noted = withParam(withParam(params, 'rport', '5060'), 'received', BOX);
  t.deepEqual(first?.via[0]?.params, noted);
  t.deepEqual(second?.via, first?.via);
});
