import test from 'ava';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { parseAuthFields } from './auth-fields.js';
import { createDigestAuthoriser, createDigestClient } from './digest-client.js';
import { digestResponse } from './digest-hash.js';
import { registerFrom, responseFrom } from './testing/sip-text.js';

const NO_BODY = new Uint8Array(0);
const REGISTER = { method: 'REGISTER', uri: 'sip:192.168.1.1', body: NO_BODY };

const challenged = (challenges: readonly string[], status = 401) =>
  responseFrom([
    `SIP/2.0 ${status} Unauthorized`,
    'Via: SIP/2.0/UDP 192.168.1.20;branch=z9hG4bK1',
    'From: <sip:3@192.168.1.1>;tag=a',
    'To: <sip:3@192.168.1.1>;tag=b',
    'Call-ID: c',
    'CSeq: 1 REGISTER',
    ...challenges.map(
      (value) => `${status === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate'}: ${value}`,
    ),
  ]);

const client = () => createDigestClient({ user: '0003', password: 'secret' }, new SeededRandom(1));

const answerTo = (challenges: readonly string[], status = 401) => {
  const answer = client().answer(challenged(challenges, status), REGISTER);
  return parseAuthFields(answer?.header.value ?? '')[0]?.params;
};

test('the digest equals the worked examples of RFC 7616 §3.9.1 for MD5 and SHA-256', (t) => {
  const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
  const example = {
    user: 'Mufasa',
    realm: 'http-auth@example.org',
    password: 'Circle of Life',
    method: 'GET',
    uri: '/dir/index.html',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    qop: { name: 'auth', nonceCount: '00000001', cnonce },
    cnonce,
    body: NO_BODY,
  } as const;
  t.is(digestResponse({ ...example, algorithm: 'MD5' }), '8ca523f5e9506fed4657c9700eebdbec');
  t.is(
    digestResponse({ ...example, algorithm: 'SHA-256' }),
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  );
});

test('a -sess digest hashes nonce and cnonce into the identity, once per algorithm (RFC 7616 §3.4.2)', (t) => {
  const input = {
    user: 'u',
    realm: 'r',
    password: 'p',
    method: 'REGISTER',
    uri: 'sip:h',
    nonce: 'n',
    qop: { name: 'auth', nonceCount: '00000001', cnonce: 'c' },
    cnonce: 'c',
    body: NO_BODY,
  } as const;
  // md5(md5(md5("u:r:p"):n:c):n:00000001:c:auth:md5("REGISTER:sip:h")), computed by another program.
  t.is(digestResponse({ ...input, algorithm: 'MD5-sess' }), '07c48dd5bad8ac1b045511259a5c392e');
});

test('of several challenges the strongest that we know is answered, in one header or in many (RFC 8760 §2.4)', (t) => {
  const md5 = 'Digest realm="r", nonce="m", algorithm=MD5, qop="auth"';
  const sha = 'Digest realm="r", nonce="s", algorithm=SHA-256, qop="auth"';
  t.is(answerTo([md5, sha])?.get('algorithm'), 'SHA-256');
  t.is(answerTo([sha, md5])?.get('nonce'), 's');
  t.is(answerTo([`${md5}, ${sha}`])?.get('nonce'), 's');
  const unknown = 'Digest realm="r", nonce="x", algorithm=SHA-512-256, qop="auth"';
  t.is(answerTo([unknown, md5, 'Basic realm="r"'])?.get('nonce'), 'm');
});

test('a challenge that we cannot answer is answered by null, never by a throw', (t) => {
  const hostile = [
    '',
    'Digest',
    'Basic realm="r"',
    'Digest realm="r"',
    'Digest realm="r", nonce="n", algorithm=AKAv1-MD5',
    'Digest realm="r", nonce="n", qop="auth-conf"',
    'Digest realm="r, nonce="n"',
    'Digest realm="r", nonce="n\\',
    `Digest ${'a='.repeat(2_000)}`,
    `Digest ${','.repeat(4_000)}`,
    `Digest realm="${'\\"'.repeat(30_000)}", nonce="n"`,
  ];
  for (const challenge of hostile) {
    t.is(client().answer(challenged([challenge]), REGISTER), null, challenge.slice(0, 50));
  }
});

test('a challenge of 60 KB costs no more than its length', (t) => {
  const begun = process.hrtime.bigint();
  for (const unit of ['"', '\\', ',', ' ', 'a=', '="', 'Digest ', 'Digest,']) {
    parseAuthFields(unit.repeat(60_000 / unit.length));
    parseAuthFields(unit.repeat(4_000 / unit.length));
  }
  t.true(Number(process.hrtime.bigint() - begun) / 1e6 < 50);
});

test('each use of one nonce counts one higher, and a new nonce begins at 00000001 (RFC 7616 §3.4)', (t) => {
  const one = client();
  const nc = (nonce: string): string | undefined => {
    const answer = one.answer(
      challenged([`Digest realm="r", nonce="${nonce}", qop="auth,auth-int"`]),
      REGISTER,
    );
    return parseAuthFields(answer?.header.value ?? '')[0]?.params.get('nc');
  };
  t.deepEqual(
    [nc('a'), nc('a'), nc('b'), nc('a')],
    ['00000001', '00000002', '00000001', '00000003'],
  );
});

test('a 407 is answered by Proxy-Authorization, with opaque and stale as they came (RFC 3261 §22.3)', (t) => {
  const challenge = 'Digest realm="a \\"b\\"", nonce="n", opaque="o,p", stale=TRUE, qop="auth"';
  const answer = client().answer(challenged([challenge], 407), REGISTER);
  t.is(answer?.header.name, 'Proxy-Authorization');
  t.true(answer?.stale);
  const params = answerTo([challenge], 407);
  t.is(params?.get('realm'), 'a "b"');
  t.is(params?.get('opaque'), 'o,p');
  t.false(params?.has('algorithm'), 'an old server that named no algorithm gets none');
});

test('a gateway without qop gets the old form, without nc and cnonce (RFC 2069)', (t) => {
  const params = answerTo(['Digest realm="r", nonce="n"']);
  t.false(params?.has('nc'));
  t.false(params?.has('cnonce'));
  t.regex(params?.get('response') ?? '', /^[0-9a-f]{32}$/);
});

test('auth-int alone is answered with a hash of the body (RFC 7616 §3.4.3)', (t) => {
  const response = challenged(['Digest realm="r", nonce="n", qop="auth-int"']);
  const responseOf = (body: string): string | undefined => {
    const answer = client().answer(response, { ...REGISTER, body: Buffer.from(body) });
    return parseAuthFields(answer?.header.value ?? '')[0]?.params.get('response');
  };
  t.not(responseOf('a'), responseOf('b'));
  t.is(responseOf('a'), responseOf('a'));
});

test('the answer for a session names the Request-URI, and counts a nonce on over all its requests', (t) => {
  const authoriser = createDigestAuthoriser(new SeededRandom(1));
  const answer = (): ReadonlyMap<string, string> | undefined => {
    const header = authoriser.authorise(
      challenged(['Digest realm="r", nonce="n", qop="auth"'], 407),
      registerFrom(),
      { user: '3', password: 'p' },
    );
    return parseAuthFields(header?.value ?? '')[0]?.params;
  };
  t.is(answer()?.get('uri'), 'sip:127.0.0.1:5060');
  t.is(answer()?.get('nc'), '00000002');
});
