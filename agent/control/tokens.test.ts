import test from 'ava';
import { systemRandom } from '../../base/index.js';
import { FakeClock } from '../../base/testing/fake-clock.js';
import { openTokens, TOKENS_MAX, type TokenRecord } from './tokens.js';

function open() {
  const rows = new Map<string, TokenRecord>();
  const table = {
    get: (key: string) => Promise.resolve(rows.get(key)),
    put: (key: string, value: TokenRecord) => Promise.resolve(void rows.set(key, value)),
    del: (key: string) => Promise.resolve(void rows.delete(key)),
    async *entries(): AsyncGenerator<readonly [string, TokenRecord]> {
      await Promise.resolve();
      yield* [...rows];
    },
  };
  const clock = new FakeClock();
  return { rows, clock, tokens: openTokens({ table, clock, random: systemRandom }) };
}

test('a token says its role until its last day; nothing of it can be read from the disk', async (t) => {
  const { rows, clock, tokens } = open();
  const { token, expiresAtMs } = await tokens.create('auditor', 2);
  t.regex(token, /^[\w-]{43}$/);
  t.is(Buffer.from(token, 'base64url').length, 32);
  t.is(await tokens.verify(token), 'auditor');
  t.false(JSON.stringify([...rows]).includes(token));
  clock.advance(expiresAtMs - clock.wallMs() - 1);
  t.is(await tokens.verify(token), 'auditor');
  clock.advance(1);
  t.is(await tokens.verify(token), null);
});

test('what is no token, or the hash of one, opens nothing', async (t) => {
  const { rows, tokens } = open();
  const { token } = await tokens.create('installer', 1);
  const [hash = ''] = [...rows.keys()];
  for (const wrong of ['', hash, token.slice(1), `${token} `, token.replace(/.$/, '~')]) {
    t.is(await tokens.verify(wrong), null);
  }
});

test('no more than a hundred tokens are valid; expired ones make room', async (t) => {
  const { rows, clock, tokens } = open();
  for (let i = 0; i < TOKENS_MAX; i += 1) await tokens.create('supervisor', 1);
  await t.throwsAsync(tokens.create('supervisor', 1), { message: /100 valid tokens/ });
  clock.advance(86_400_000);
  t.truthy(await tokens.create('supervisor', 1));
  t.is(rows.size, 1);
});
