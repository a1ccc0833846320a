import test from 'ava';
import { reasonHeader, reasonOf } from './reason-header.js';
import { parseRAck } from './received-provisionals.js';
import { parseReplaces } from './replaces.js';
import { field, inviteFromPeer } from './testing/stage.js';

test('a Reason is read back as it was written, quotes included (RFC 3326)', (t) => {
  const reason = { protocol: 'Q.850', cause: 16, text: 'a "b" \\ c' } as const;
  const headers = reasonHeader(reason);
  t.deepEqual(reasonOf(inviteFromPeer({ headers })), reason);
  const odd = ['', 'SIP', 'SIP;cause=', 'X;cause=1', `SIP;${'cause '.repeat(9_000)}`];
  for (const value of odd) {
    t.is(reasonOf(inviteFromPeer({ headers: [field('Reason', value)] })), null, value.slice(0, 20));
  }
});

test('a Replaces needs both tags, each once (RFC 3891 §6.1)', (t) => {
  t.deepEqual(parseReplaces(' a@b ; from-tag=1;x=y; TO-TAG=2 ;early-only'), {
    callId: 'a@b',
    toTag: '2',
    fromTag: '1',
    earlyOnly: true,
  });
  const broken = [
    '',
    'a',
    'a;to-tag=1',
    ';to-tag=1;from-tag=2',
    'a;to-tag=1;to-tag=2;from-tag=3',
    'a;to-tag;from-tag=1',
  ];
  for (const value of broken) t.is(parseReplaces(value), null, value);
  t.is(parseReplaces(';'.repeat(60_000)), null);
});

test('a RAck is two numbers and a method (RFC 3262 §7.2)', (t) => {
  t.deepEqual(parseRAck(' 776656  1 INVITE '), { rSeq: 776_656, cSeq: 1, method: 'INVITE' });
  for (const value of [
    undefined,
    '',
    '1 2',
    '1 x INVITE',
    '1 2 INVITE 3',
    '-1 2 INVITE',
    '99999999999 1 INVITE',
  ]) {
    t.is(parseRAck(value), null, value);
  }
});
