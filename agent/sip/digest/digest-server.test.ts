import test from 'ava';
import { FakeClock } from '../../../base/testing/fake-clock.js';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { responseTo } from '../message/compose.js';
import type { HeaderField, SipRequest } from '../message/sip-message.js';
import type { Endpoint } from '../transport/transport.js';
import { AUTH_GUARD_LIMITS, AuthGuard } from './auth-guard.js';
import { createDigestClient } from './digest-client.js';
import {
  createDigestServer,
  type DigestServerOptions,
  type DigestVerdict,
} from './digest-server.js';
import { registerFrom } from './testing/sip-text.js';

const PHONE: Endpoint = { transport: 'UDP', address: '127.0.0.1', port: 5081 };
const URI = 'sip:127.0.0.1:5060';

const open = (options: Partial<DigestServerOptions> = {}) => {
  const clock = new FakeClock();
  const server = createDigestServer({
    realm: 'tatebako',
    passwordOf: (user) => (user === '201' ? 'right' : undefined),
    clock,
    random: new SeededRandom(7),
    ...options,
  });
  /** One phone that answers each challenge and tells what came of it. */
  const phone = (password: string, user = '201', source = PHONE) => {
    const client = createDigestClient({ user, password }, new SeededRandom(3));
    let answer: HeaderField | null = null;
    const send = (): DigestVerdict => {
      const request: SipRequest = registerFrom();
      const headers = answer === null ? [] : [answer];
      const verdict = server.verify({ ...request, headers }, source, 'registrar');
      if (verdict.verdict === 'challenge') {
        const response = responseTo(request, verdict.status, { headers: verdict.headers });
        const body = new Uint8Array(0);
        answer = client.answer(response, { method: 'REGISTER', uri: URI, body })?.header ?? null;
      }
      return verdict;
    };
    /** The same header again, as from a wire-tap. */
    const replay = (from = source): DigestVerdict =>
      server.verify(
        { ...registerFrom(), headers: answer === null ? [] : [answer] },
        from,
        'registrar',
      );
    return { send, replay };
  };
  return { clock, server, phone };
};

const why = (verdict: DigestVerdict): string =>
  verdict.verdict === 'challenge' ? verdict.why : verdict.verdict;

test('a phone with the right password is challenged once and then let in (RFC 3261 §22.2)', (t) => {
  const { phone } = open();
  const { send } = phone('right');
  t.is(why(send()), 'missing');
  t.deepEqual(send(), { verdict: 'ok', user: '201' });
});

test('with both algorithms offered an MD5 client and a SHA-256 client both get in (RFC 8760)', (t) => {
  const { phone, server } = open({ algorithms: ['MD5', 'SHA-256'] });
  const challenge = server.verify(registerFrom(), PHONE, 'registrar');
  t.is(challenge.verdict === 'challenge' && challenge.headers.length, 2);
  const sha = phone('right');
  sha.send();
  t.is(why(sha.send()), 'ok');
  const md5 = open({ algorithms: ['MD5'] }).phone('right');
  md5.send();
  t.is(why(md5.send()), 'ok');
});

test('only MD5 is offered unless configured: baresip 1.0 gives up on any 401 that also offers SHA-256', (t) => {
  const verdict = open().server.verify(registerFrom(), PHONE, 'registrar');
  t.is(verdict.verdict === 'challenge' && verdict.headers.length, 1);
  t.regex(verdict.verdict === 'challenge' ? (verdict.headers[0]?.value ?? '') : '', /MD5/);
});

test('a nonce played again with nc=00000001 gets one stale=true round, not a ban (RFC 7616 §3.3)', (t) => {
  const { phone, server } = open();
  const { send, replay } = phone('right');
  send();
  t.is(why(send()), 'ok');
  t.is(why(replay()), 'stale');
  const challenge = server.verify(registerFrom(), PHONE, 'registrar');
  t.is(why(challenge), 'missing');
  t.is(why(send()), 'stale');
  t.is(why(send()), 'ok');
  t.is(server.counts.replayed, 2);
  t.is(server.counts.wrong, 0);
});

test('a nonce overheard by another address is worthless there, and nobody is slowed for it', (t) => {
  const { phone, server } = open();
  const { send, replay } = phone('right');
  send();
  t.is(why(replay({ ...PHONE, address: '127.0.0.9' })), 'stale');
  t.is(server.counts.wrong, 0);
  t.is(why(send()), 'ok');
});

test('an expired nonce is stale, and the phone needs no person to get in again', (t) => {
  const { phone, clock } = open();
  const { send } = phone('right');
  send();
  clock.advance(5 * 60_000 + 1);
  t.is(why(send()), 'stale');
  t.is(why(send()), 'ok');
});

test('the third wrong digest gets 403, and the next ones wait 1, 2, 4 … 60 s', (t) => {
  const { phone, clock } = open();
  const { send } = phone('wrong');
  t.deepEqual([why(send()), why(send()), why(send())], ['missing', 'wrong', 'wrong']);
  const waits: number[] = [];
  for (let round = 0; round < 9; round++) {
    const verdict = send();
    t.is(verdict.verdict, 'refuse');
    if (verdict.verdict !== 'refuse') return;
    waits.push(verdict.waitMs / 1_000);
    t.is(why(send()), 'refuse', 'and nothing is looked at meanwhile');
    clock.advance(verdict.waitMs);
  }
  t.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test('a slowed phone whose password was corrected gets in as soon as its wait is over', (t) => {
  const { phone, clock } = open();
  const guesser = phone('wrong');
  for (let i = 0; i < 4; i++) guesser.send();
  const owner = phone('right');
  owner.send();
  t.is(why(owner.send()), 'refuse');
  clock.advance(1_000);
  t.is(why(owner.send()), 'ok');
});

test('an unknown user is answered like a known one with a wrong password', (t) => {
  const { phone } = open();
  const known = phone('wrong');
  const unknown = phone('wrong', '999', { ...PHONE, address: '127.0.0.2' });
  for (let i = 0; i < 6; i++) t.is(why(known.send()), why(unknown.send()));
});

test('a forged nonce tells nobody whether a password is right', (t) => {
  const { server } = open();
  for (const nonce of ['x', '', 'ffffffffff.00.00', '....', 'f'.repeat(3_000)]) {
    const value = `Digest username="201", realm="tatebako", nonce="${nonce}", uri="${URI}", response="00"`;
    const headers = [{ name: 'Authorization', value }];
    t.is(why(server.verify({ ...registerFrom(), headers }, PHONE, 'registrar')), 'stale');
  }
  t.is(server.counts.wrong, 0);
});

test('credentials for another realm, or malformed ones, count as none', (t) => {
  const { server } = open();
  for (const value of [
    'Digest username="201", realm="other", nonce="n", uri="u", response="r"',
    'Digest username="201", realm="tatebako", nonce="n", uri="u", response="r", qop=auth, nc=1, cnonce="c"',
    'Digest username="201", realm="tatebako", nonce="n", uri="u", response="r", algorithm=SHA-256',
    'Digest username="201',
    'Bearer abc==',
  ]) {
    const headers = [{ name: 'Authorization', value }];
    t.is(why(server.verify({ ...registerFrom(), headers }, PHONE, 'registrar')), 'missing', value);
  }
});

test('the memory of wrong digests stays bounded, and forgets the source heard of longest ago', (t) => {
  const guard = new AuthGuard(new FakeClock(), { ...AUTH_GUARD_LIMITS, sourcesMax: 10 });
  for (let i = 0; i < 1_000; i++) guard.wrong(`10.0.0.${i}`);
  t.is(guard.size, 10);
});
