import test from 'ava';

import { formatSipUri, isSipUriEqual, parseSipUri } from './sip-uri.js';
import { uriOf } from '../testing/message-builders.js';

const isEqual = (a: string, b: string): boolean => isSipUriEqual(uriOf(a), uriOf(b));

test('the equal URIs of RFC 3261 §19.1.4 are equal', (t) => {
  t.true(isEqual('sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'));
  t.true(isEqual('sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'));
  t.true(isEqual('sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;newparam=5'));
  t.true(
    isEqual(
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ),
  );
  t.true(isEqual('sip:alice@a.com?subject=x&priority=y', 'sip:alice@a.com?priority=y&subject=x'));
});

test('the unequal URIs of RFC 3261 §19.1.4 are not equal', (t) => {
  t.false(isEqual('SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'));
  t.false(isEqual('sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'));
  t.false(isEqual('sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'));
  t.false(isEqual('sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'));
  t.false(isEqual('sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'));
  t.false(isEqual('sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'));
  t.false(isEqual('sip:a@h', 'sips:a@h'));
});

test('visual separators do not make another telephone number (RFC 3966 §5)', (t) => {
  t.true(isEqual('tel:+81-3-0000-1111', 'tel:+81300001111'));
  t.false(isEqual('tel:+81-3-0000-1111', 'tel:+81-3-0000-1112'));
});

test('a user part comes back byte for byte, whatever its escapes stand for (RFC 3261 §19.1.2)', (t) => {
  for (const user of [
    'a%20b',
    '%00',
    '%FF%FE',
    '%E3%82%AB',
    '%25%34%30',
    '201-0x562bc0',
    '*72',
    '%23',
  ]) {
    const text = `sip:${user}@h`;
    t.is(formatSipUri(uriOf(text)), text.replace('%34%30', '40'), user);
  }
});

test('IPv6 hosts are read with their brackets and without', (t) => {
  t.is(uriOf('sip:a@[2001:DB8::1]:5070').host, '[2001:db8::1]');
  t.is(uriOf('sip:a@[2001:DB8::1]:5070').port, 5070);
  t.is(uriOf('sip:a@2001:db8::1').host, '[2001:db8::1]');
  t.is(parseSipUri('sip:a@2001:db8::xyz'), null);
});

test('what stands before the at-sign is the user, semicolons and all (RFC 3261 §25.1)', (t) => {
  const uri = uriOf('sip:+81300001111;isub=1:secret@h;user=phone');
  t.is(uri.user, '+81300001111;isub=1');
  t.is(uri.password, 'secret');
  t.deepEqual(uri.params, [{ name: 'user', value: 'phone' }]);
});

test('what is no URI is refused', (t) => {
  for (const text of [
    '',
    ':',
    'sip:',
    'sip',
    '1sip:a@h',
    'sip:@h',
    'sip:a@',
    'sip:a@h:',
    'sip:a@h:x',
    'tel:',
  ]) {
    t.is(parseSipUri(text), null, text);
  }
});
