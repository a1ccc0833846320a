import test from 'ava';
import { silentLog } from '../../../base/index.js';
import { FakeClock } from '../../../base/testing/fake-clock.js';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { parseAuthFields } from '../digest/auth-fields.js';
import { headerOf, type SipUri } from '../message/sip-message.js';
import { parseSipUri } from '../message/sip-uri.js';
import { createOptionsKeepalive } from './options-keepalive.js';
import {
  refreshDelayMs,
  step,
  UNREGISTERED,
  type RegistrationEvent,
  type RegistrationState,
} from './registration-machine.js';
import { createRegistration } from './registration.js';
import { FakeTransactions } from './testing/fake-transactions.js';

const uri = (text: string): SipUri => {
  const parsed = parseSipUri(text);
  if (parsed === null) throw new TypeError(text);
  return parsed;
};
const TARGET = { transport: 'UDP', address: '192.168.1.1', port: 5060 } as const;
const CHALLENGE = 'Digest realm="hgw", nonce="n1", algorithm=MD5, qop="auth"';

const open = () => {
  const clock = new FakeClock();
  const transactions = new FakeTransactions();
  const states: string[] = [];
  const registration = createRegistration({
    transactions,
    clock,
    random: new SeededRandom(11),
    log: silentLog,
    registrar: uri('sip:192.168.1.1'),
    addressOfRecord: uri('sip:3@192.168.1.1'),
    contact: uri('sip:3@192.168.1.20:5060'),
    target: TARGET,
    credentials: { user: '0003', password: 'secret' },
    onStatus: ({ state }) => states.push(state),
  });
  const challenge = (value = CHALLENGE): void =>
    transactions.answer(401, { headers: [{ name: 'WWW-Authenticate', value }] });
  const grant = (expiresS: number): void =>
    transactions.answer(200, { headers: [{ name: 'Expires', value: String(expiresS) }] });
  /** Advances until the next REGISTER goes out. @returns how long that took, s */
  const nextAfterS = (): number => {
    const before = transactions.sent.length;
    const begunMs = clock.monotonicMs();
    while (transactions.sent.length === before && clock.monotonicMs() - begunMs < 4_000_000) {
      clock.advance(100);
    }
    return (clock.monotonicMs() - begunMs) / 1_000;
  };
  return { clock, transactions, registration, states, challenge, grant, nextAfterS };
};

test('the box registers with digest, and refreshes at 80 % or 30 s before expiry (RFC 3261 §10.2.4)', (t) => {
  const { transactions, registration, states, challenge, grant, nextAfterS } = open();
  registration.start();
  t.is(transactions.last.headers.length, 1, 'the first goes out without credentials');
  challenge();
  const credentials = headerOf(transactions.last, 'Authorization') ?? '';
  t.is(parseAuthFields(credentials)[0]?.params.get('username'), '0003');
  grant(300);
  t.is(registration.status.state, 'registered');
  t.is(nextAfterS(), 240);
  const [first, second, third] = transactions.sent.map(({ request }) => request);
  t.is(first?.callId, third?.callId);
  t.is(second?.cSeq.number, (first?.cSeq.number ?? 0) + 1);
  t.is(third?.cSeq.number, (second?.cSeq.number ?? 0) + 1);
  challenge();
  t.is(
    parseAuthFields(headerOf(transactions.last, 'Authorization') ?? '')[0]?.params.get('nc'),
    '00000002',
    'the gateway gave the same nonce again',
  );
  grant(300);
  t.deepEqual(states, ['registering', 'registered', 'refreshing', 'registered']);
});

test('the time granted stands at our own Contact, not at another’s (RFC 3261 §10.2.4)', (t) => {
  const { transactions, registration, nextAfterS } = open();
  registration.start();
  const binding = (text: string, expires: string) => ({
    displayName: '',
    uri: uri(text),
    params: [{ name: 'expires', value: expires }],
  });
  transactions.answer(200, {
    contacts: [binding('sip:3@192.168.1.99', '7200'), binding('sip:3@192.168.1.20', '100')],
    headers: [{ name: 'Expires', value: '3600' }],
  });
  t.is(nextAfterS(), 70);
});

test('a refresh never comes before half of the time granted, however short that is', (t) => {
  t.is(refreshDelayMs(3_600), 2_880_000);
  t.is(refreshDelayMs(100), 70_000);
  t.is(refreshDelayMs(30), 15_000);
  const { registration, grant, nextAfterS } = open();
  registration.start();
  grant(0);
  t.is(nextAfterS(), 5, 'a gateway that grants nothing does not make us register all the time');
});

test('a gateway that reboots is tried again after 2, 4 … 60 s with jitter, whatever it answers', (t) => {
  const { transactions, registration, nextAfterS } = open();
  registration.start();
  const waits: number[] = [];
  for (const failure of [403, 404, 408, 503, 403, 404, 500]) {
    if (failure === 408) transactions.timeOut();
    else transactions.answer(failure);
    waits.push(nextAfterS());
  }
  for (const [index, base] of [2, 4, 8, 16, 32, 60, 60].entries()) {
    const wait = waits[index] ?? 0;
    t.true(wait >= base * 0.75 && wait <= base * 1.25 + 0.1, `${wait} s for ${base} s`);
  }
  t.true(new Set(waits.map((wait, i) => wait / 2 ** (i + 1))).size > 1, 'jittered');
  transactions.answer(200);
  t.is(registration.status.state, 'registered');
});

test('a challenge that comes again after our answer is a wrong password: once a minute, no faster', (t) => {
  const { registration, challenge, nextAfterS, transactions } = open();
  registration.start();
  challenge();
  challenge('Digest realm="hgw", nonce="n2", qop="auth"');
  t.deepEqual(registration.status.reason, { kind: 'wrongPassword' });
  t.is(transactions.sent.length, 2);
  const wait = nextAfterS();
  t.true(wait >= 45 && wait <= 75.1);
});

test('a stale nonce gets one more answer, and only one (RFC 7616 §3.3)', (t) => {
  const { registration, challenge } = open();
  registration.start();
  challenge();
  challenge('Digest realm="hgw", nonce="n2", stale=true, qop="auth"');
  t.is(registration.status.state, 'registering');
  challenge('Digest realm="hgw", nonce="n3", stale=true, qop="auth"');
  t.is(registration.status.state, 'failed');
});

test('423 is answered with the time that the gateway wants (RFC 3261 §10.2.8), Retry-After is waited for, within reason', (t) => {
  const { registration, transactions, nextAfterS } = open();
  registration.start();
  transactions.answer(423, { headers: [{ name: 'Min-Expires', value: '7200' }] });
  t.is(headerOf(transactions.last, 'Expires'), '7200');
  transactions.answer(423, { headers: [{ name: 'Min-Expires', value: '9000' }] });
  t.deepEqual(registration.status.reason, { kind: 'refused', status: 423 });
  nextAfterS();
  transactions.answer(503, { headers: [{ name: 'Retry-After', value: '120 (reboot)' }] });
  const waited = nextAfterS();
  t.true(waited >= 90 && waited <= 150.1);
  transactions.answer(503, { headers: [{ name: 'Retry-After', value: '4294967295' }] });
  t.true(nextAfterS() <= 375.1);
});

test('of two racing REGISTERs the higher CSeq wins: the older one’s answer changes nothing', (t) => {
  const { registration, transactions } = open();
  registration.start();
  registration.registerNow();
  t.is(transactions.sent.length, 2);
  transactions.answer(403, {}, 0);
  t.is(registration.status.state, 'registering');
  transactions.answer(200, {}, 1);
  t.is(registration.status.state, 'registered');
  transactions.timeOut(0);
  t.is(registration.status.state, 'registered');
  t.is(registration.strayCount, 2);
});

test('closing takes the registration back, and does not wait longer than 2 s for the answer', async (t) => {
  const polite = open();
  polite.registration.start();
  polite.transactions.answer(200);
  const closed = polite.registration.close();
  t.is(headerOf(polite.transactions.last, 'Expires'), '0');
  polite.transactions.answer(200);
  await closed;
  t.is(polite.clock.pendingCount, 0);

  const silent = open();
  silent.registration.start();
  silent.transactions.answer(200);
  const gone = silent.registration.close();
  silent.clock.advance(2_000);
  await gone;
  t.is(silent.registration.status.state, 'closed');

  const kept = open();
  kept.registration.start();
  kept.transactions.answer(200);
  await kept.registration.close({ keep: true });
  t.is(kept.transactions.sent.length, 1);
  t.is(kept.clock.pendingCount, 0);
});

test('without credentials a challenge is a failure with its own name', (t) => {
  const [asking] = step(UNREGISTERED, { name: 'start' });
  const [failed] = step(asking, { name: 'challenged', stale: false, canAnswer: false });
  t.deepEqual(failed, { name: 'failed', failures: 1, why: { kind: 'unanswerable' } });
});

test('no order of events makes the registration forget to try again (seeded random walk)', (t) => {
  const random = new SeededRandom(42);
  const events: readonly RegistrationEvent[] = [
    { name: 'start' },
    { name: 'accepted', expiresS: 60 },
    { name: 'accepted', expiresS: 2 ** 32 },
    { name: 'challenged', stale: false, canAnswer: true },
    { name: 'challenged', stale: true, canAnswer: true },
    { name: 'intervalTooBrief', minExpiresS: 7_200 },
    { name: 'intervalTooBrief', minExpiresS: null },
    { name: 'refused', status: 503, retryAfterS: 1e9 },
    { name: 'timedOut' },
    { name: 'transportFailed' },
    { name: 'due' },
    { name: 'kicked' },
    { name: 'stop' },
  ];
  for (let walk = 0; walk < 300; walk++) {
    let state: RegistrationState = UNREGISTERED;
    let waiting = false;
    for (let i = 0; i < 60; i++) {
      // A stop ends the walk soon, so it is rare.
      const event = random.below(20) === 0 ? random.pick(events) : random.pick(events.slice(0, -1));
      const [next, effects] = step(state, event);
      for (const effect of effects) {
        if (effect.do === 'wait') {
          waiting = true;
          t.true(effect.delayMs >= 1_000 && effect.delayMs <= 86_400_000);
        }
        if (effect.do === 'stopWaiting') waiting = false;
      }
      if (next.name === 'registered' || next.name === 'failed') t.true(waiting, next.name);
      if (state.name === 'closed') t.is(next.name, 'closed');
      const asks = effects.filter((effect) => effect.do === 'register').length;
      t.true(asks <= 1);
      state = next;
    }
  }
});

test('three unanswered OPTIONS say that the line is down, the first answer that it is up again', (t) => {
  const clock = new FakeClock();
  const transactions = new FakeTransactions();
  const told: string[] = [];
  const keepalive = createOptionsKeepalive({
    transactions,
    clock,
    random: new SeededRandom(2),
    log: silentLog,
    gateway: uri('sip:192.168.1.1'),
    from: uri('sip:3@192.168.1.1'),
    contact: uri('sip:3@192.168.1.20'),
    target: TARGET,
    intervalMs: 30_000,
    onChange: (change) => told.push(`${change} ${clock.monotonicMs() / 1_000}`),
  });
  keepalive.start();
  transactions.answer(404);
  t.is(keepalive.state, 'up');
  clock.advance(30_000);
  clock.advance(32_000);
  transactions.timeOut(1);
  t.is(keepalive.state, 'up', 'its own timeout does not count twice');
  clock.advance(58_000);
  t.deepEqual(told, ['lineUp 0', 'lineDown 120']);
  t.is(keepalive.state, 'down');
  transactions.answer(200);
  t.is(keepalive.state, 'up');
  keepalive.stop();
  t.is(clock.pendingCount, 0);
});
