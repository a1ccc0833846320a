import test from 'ava';
import { FakeClock } from '../../base/testing/fake-clock.js';
import { Commands, REQUEST_MAX_BYTES } from './commands.js';

const open = () => {
  const clock = new FakeClock();
  const done: string[] = [];
  const commands = new Commands(
    {
      acknowledge: ({ id }) => Promise.resolve(void done.push(id)).then(() => null),
      testAlarm: () => Promise.reject(new Error('no lamp')),
      lamp: () => Promise.resolve('no such lamp'),
    },
    clock,
  );
  const ask = (request: unknown, isRetained = false) =>
    commands.answer('acknowledge', Buffer.from(JSON.stringify(request)), isRetained);
  return { clock, done, commands, ask };
};

test('a request that comes twice is carried out once and answered twice', async (t) => {
  const { done, ask } = open();
  const answers = [await ask({ id: 'r1' }), await ask({ id: 'r1' })];
  t.deepEqual(answers, Array(2).fill({ id: 'r1', ok: true, error: null }));
  t.deepEqual(done, ['r1']);
});

test('a request of more than 60 s ago is refused, one of 60 s is not', async (t) => {
  const { done, ask } = open();
  // The clock stands at 09:00:00 in Japan.
  const late = await ask({ id: 'late', at: '2026-10-01T08:58:59.999+09:00' });
  t.deepEqual(late, { id: 'late', ok: false, error: 'expired: older than 60 s' });
  await ask({ id: 'on time', at: '2026-10-01T08:59:00+09:00' });
  t.deepEqual(done, ['on time']);
});

test('a retained request is refused: nobody knows its age', async (t) => {
  const { done, ask } = open();
  t.false((await ask({ id: 'r' }, true)).ok);
  t.deepEqual(done, []);
});

test('what is no request is answered with what was expected, and nothing happens', async (t) => {
  const { done, ask, commands } = open();
  t.is((await ask({})).id, null);
  t.regex((await ask({})).error ?? '', /^id: /);
  t.regex((await ask({ id: 'a', at: 'yesterday' })).error ?? '', /^at: /);
  t.is((await ask({ id: 'a', at: 'yesterday' })).id, 'a');
  t.regex((await ask({ id: 'a', alertId: 7 })).error ?? '', /^alertId: /);
  t.false((await ask({ id: 'x'.repeat(65) })).ok);
  const hostile = ['', '{', 'null', '[]', '"x"', '\u0000\u00ff', '['.repeat(4_000)];
  for (const text of hostile) {
    t.false((await commands.answer('acknowledge', Buffer.from(text), false)).ok);
  }
  const huge = Buffer.alloc(REQUEST_MAX_BYTES + 1, 0x20);
  t.regex((await commands.answer('acknowledge', huge, false)).error ?? '', /larger than/);
  t.deepEqual(done, []);
});

test('what could not be done is said', async (t) => {
  const { commands } = open();
  const payload = Buffer.from('{"id":"a","level":3}');
  t.deepEqual(await commands.answer('testAlarm', payload, false), {
    id: 'a',
    ok: false,
    error: 'no lamp',
  });
  t.is((await commands.answer('lamp', payload, false)).error, 'no such lamp');
});
