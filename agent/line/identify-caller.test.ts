import test from 'ava';
import { calledNumberOf } from './called-number.js';
import { normaliseNumber } from './digits.js';
import { identifyCaller, type Caller } from './identify-caller.js';
import { isFromLine } from './identify-line.js';
import { lineConfig, resolveLine } from './line-config.js';
import { PROFILES } from './profiles.js';
import { hgwInvite, ht813Invite } from './testing/invites.js';

const HGW = { profile: PROFILES.hgw, user: '3' };
const HT813 = { profile: PROFILES.ht813, user: 'ht813fxo' };

const hgwCaller = (from: string, headers: readonly string[] = [], fromGateway = true): Caller =>
  identifyCaller(hgwInvite({ from, headers }), HGW, fromGateway);
const ht813Caller = (from: string, headers: readonly string[] = []): Caller =>
  identifyCaller(ht813Invite({ from, headers }), HT813, true);
const numberOf = (caller: Caller): string | null =>
  caller.kind === 'number' ? caller.number : null;

const ANONYMOUS = '<sip:anonymous@anonymous.invalid>';
const MOBILE = '<sip:09000001234@192.168.1.1>';

test('the reason why no number came is read from the display name (TTC JJ-90.22)', (t) => {
  const kind = (name: string): string => hgwCaller(`"${name}" ${ANONYMOUS}`).kind;
  t.is(kind('Anonymous'), 'withheld');
  t.is(kind('Coin line/payphone'), 'payphone');
  t.is(kind('Unavailable'), 'unavailable');
  t.is(kind('Interaction with other service'), 'otherService');
  t.is(kind('COIN LINE/PAYPHONE '), 'payphone');
  t.is(hgwCaller(`Anonymous ${ANONYMOUS}`).kind, 'withheld', 'unquoted');
  t.is(hgwCaller(ANONYMOUS).kind, 'withheld', 'without a display name');
});

test('Privacy comes before every number, even an asserted one (RFC 3325 §9.3)', (t) => {
  const asserted = 'P-Asserted-Identity: <tel:+819000001234>';
  t.is(hgwCaller(MOBILE, ['Privacy: id', asserted]).kind, 'withheld');
  t.is(hgwCaller(MOBILE, ['Privacy: header;user;id']).kind, 'withheld');
  t.is(hgwCaller(`"Coin line/payphone" ${ANONYMOUS}`, ['Privacy: id']).kind, 'payphone');
  t.is(numberOf(hgwCaller(MOBILE, ['Privacy: none'])), '09000001234');
  t.is(numberOf(hgwCaller(MOBILE, ['Privacy: critical'])), '09000001234');
});

test('P-Asserted-Identity counts from the gateway alone (RFC 3325 §5)', (t) => {
  const headers = ['P-Asserted-Identity: "x, y" <sip:0300000002@h>, <tel:+81-90-0000-9999>'];
  t.is(numberOf(hgwCaller(MOBILE, headers, true)), '0300000002');
  t.is(numberOf(hgwCaller(MOBILE, headers, false)), '09000001234');
  t.is(numberOf(hgwCaller(MOBILE, ['P-Asserted-Identity: "broken <'])), '09000001234');
  t.is(numberOf(hgwCaller(MOBILE, ['P-Asserted-Identity: <sip:anonymous@h>'])), '09000001234');
});

test('every spelling of a number comes out as one (RFC 3966, TTC JJ-90.22)', (t) => {
  for (const from of [
    MOBILE,
    '<tel:+81-90-0000-1234>',
    '<tel:09000001234>',
    '<sip:+819000001234@ntt-east.ne.jp;user=phone>',
    '<sip:+81(0)90-0000-1234@h>',
    '"090-0000-1234" <sip:09000001234;phone-context=+81@h>',
    '"０９０－００００－１２３４" <sip:line1@h>',
    '<sip:090.0000.1234@h>',
  ]) {
    t.deepEqual(numberOf(hgwCaller(from)), '09000001234', from);
  }
  t.is(normaliseNumber('+820000000000'), '+820000000000');
  for (const none of ['', '+', '+81', 'alice', '0900000123a', '1'.repeat(25), '9'.repeat(60_000)]) {
    t.is(normaliseNumber(none), null, none.slice(0, 30));
  }
});

test('a call inside the home gateway carries its one digit, a text without a number is "unavailable"', (t) => {
  t.is(numberOf(hgwCaller('<sip:5@192.168.1.1>')), '5');
  t.is(hgwCaller('"Shop" <sip:alice@h>').kind, 'unavailable');
});

test('the HT813’s stand-ins for a missing number are withheld ones', (t) => {
  for (const user of ['ht813fxo', 'HT813FXO', 'HT813', '813', '0', '0000000000', 'anonymous']) {
    const asserted = `P-Asserted-Identity: "${user}" <sip:${user}@192.168.1.30>`;
    t.is(ht813Caller(`"${user}" <sip:${user}@192.168.1.30>`, [asserted]).kind, 'withheld', user);
  }
  t.is(ht813Caller('<sip:192.168.1.30>').kind, 'withheld', 'no user at all');
  const known = ht813Caller('"0300000009" <sip:0300000009@192.168.1.30>');
  t.deepEqual(known, { kind: 'number', number: '0300000009', displayName: '0300000009' });
  const late = ['P-Asserted-Identity: <sip:0300000009@192.168.1.30>'];
  t.is(numberOf(ht813Caller('<sip:ht813fxo@192.168.1.30>', late)), '0300000009');
});

test('a display name is kept, and cut where it would fill the screen', (t) => {
  const caller = hgwCaller(`"${'名'.repeat(500)}" <sip:09000001234@h>`);
  t.is(caller.kind === 'number' ? caller.displayName.length : 0, 64);
});

test('the called number is found where the gateway’s model puts it', (t) => {
  const called = (facts: { to?: string; headers?: string[] }): string | null =>
    calledNumberOf(hgwInvite({ from: MOBILE, ...facts }), PROFILES.hgw);
  t.is(called({}), '0300000001');
  t.is(called({ to: '"0300000002" <sip:3@192.168.1.20>' }), '0300000002');
  t.is(called({ to: '<sip:3@192.168.1.20>' }), '3', 'a call inside the gateway');
  const header = 'P-Called-Party-ID: <sip:0300000003@ntt-east.ne.jp>';
  t.is(called({ to: '<sip:box@h>', headers: [header] }), '0300000003');
  t.is(calledNumberOf(ht813Invite({ from: MOBILE }), PROFILES.ht813), null);
});

test('the HT813’s two ports are told apart by port or by user; a stranger is neither', (t) => {
  const line = resolveLine(
    lineConfig.parse({ profile: 'ht813', gatewayAddress: '192.168.1.30', user: 'fxo' }),
  );
  const invite = ht813Invite({ from: MOBILE });
  const at = (address: string, port: number) => ({ transport: 'UDP', address, port }) as const;
  t.true(isFromLine(invite, at('192.168.1.30', 5062), line));
  t.false(isFromLine(invite, at('192.168.1.30', 5060), line));
  t.true(isFromLine(invite, at('192.168.1.30', 5060), { ...line, user: 'ht813fxo' }));
  t.false(isFromLine(invite, at('192.168.1.31', 5062), line));
});

test('a line’s settings are completed from its profile', (t) => {
  const hgw = resolveLine(lineConfig.parse({ gatewayAddress: '192.168.1.1', user: '3' }));
  t.is(hgw.authUser, '0003');
  t.true(hgw.register);
  t.is(hgw.gatewayPort, 5060);
  const ata = resolveLine(lineConfig.parse({ profile: 'ht813', gatewayAddress: '192.168.1.30' }));
  t.false(ata.register);
  t.is(ata.gatewayPort, 5062);
  t.false(lineConfig.safeParse({ gatewayAddress: 'gateway.local' }).success);
  t.false(lineConfig.safeParse({ gatewayAddress: '192.168.1.1', user: '3@evil' }).success);
  t.false(lineConfig.safeParse({ gatewayAddress: '192.168.1.1', gateway: 'x' }).success);
});
