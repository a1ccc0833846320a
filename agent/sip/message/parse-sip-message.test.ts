import { Buffer } from 'node:buffer';

import test from 'ava';

import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { fuzzOne } from '../testing/fuzz.js';
import { formatSipMessage } from './format-sip-message.js';
import { parseDeltaSeconds } from './header-fields.js';
import { HEADER_LINES_MAX } from './header-lines.js';
import { parseSipMessage, type ParseFailure } from './parse-sip-message.js';
import type { SipMessage, SipRequest } from './sip-message.js';

const MANDATORY = [
  'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa',
  'From: <sip:09000001111@192.0.2.1>;tag=1',
  'To: <sip:201@192.0.2.2>',
  'Call-ID: a@192.0.2.1',
  'CSeq: 1 INVITE',
];
const START = 'INVITE sip:201@192.0.2.2 SIP/2.0';

const bytesOf = (...lines: readonly string[]): Uint8Array =>
  Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
const parse = (...extra: readonly string[]) =>
  parseSipMessage(bytesOf(START, ...MANDATORY, ...extra));

function messageOf(bytes: Uint8Array): SipMessage {
  const result = parseSipMessage(bytes);
  if (!result.ok) throw new Error(`${result.status} ${result.reason}`);
  return result.message;
}

function requestWith(...extra: readonly string[]): SipRequest {
  const message = messageOf(bytesOf(START, ...MANDATORY, ...extra));
  if (message.kind !== 'request') throw new Error('a response');
  return message;
}

function failureOf(bytes: Uint8Array): ParseFailure {
  const result = parseSipMessage(bytes);
  if (result.ok) throw new Error('it was read');
  return result;
}

const replaced = (name: string, line: string): Uint8Array =>
  bytesOf(START, ...MANDATORY.map((one) => (one.startsWith(name) ? line : one)));

test('every compact header name is read and only long ones are written (RFC 3261 §7.3.3)', (t) => {
  const lines = ['v: SIP/2.0/UDP h;branch=z9hG4bKa', 'f: <sip:a@h>;tag=1', 't: <sip:b@h>', 'i: x'];
  const compact = [...lines, 'CSeq: 1 INVITE', 'm: <sip:a@h>', 'l: 0', 'k: timer', 's: hello'];
  const more = [
    'c: text/plain',
    'x: 300',
    'e: gzip',
    'o: refer',
    'b: <sip:a@h>',
    'r: <sip:c@h>',
    'u: refer',
  ];
  const written = formatSipMessage(messageOf(bytesOf(START, ...compact, ...more))).toString();
  const names = written
    .split('\r\n')
    .slice(1, -2)
    .map((line) => line.split(':')[0]);
  t.deepEqual(names, [
    'Via',
    'Max-Forwards',
    'From',
    'To',
    'Call-ID',
    'CSeq',
    'Contact',
    'Supported',
    'Subject',
    'Content-Type',
    'Session-Expires',
    'Content-Encoding',
    'Event',
    'Referred-By',
    'Refer-To',
    'Allow-Events',
    'Content-Length',
  ]);
});

test('folded lines, blanks round marks and repeated or comma-separated headers are one list (RFC 3261 §7.3.1)', (t) => {
  const request = requestWith(
    'Via : SIP / 2.0 / TCP  [2001:DB8::1] : 5070 ;branch = z9hG4bKb , SIP/2.0/UDP low',
    'Contact: "A, \\"B\\"" <sip:a@h>;q=0.5 , <sip:b@h;lr>',
    'm:\r\n \t<tel:+81-3-0000-1111>',
    'Supported: timer,\r\n 100rel',
  );
  t.deepEqual(
    request.via.map((via) => [via.transport, via.host, via.port]),
    [
      ['UDP', '192.0.2.1', null],
      ['TCP', '[2001:db8::1]', 5070],
      ['UDP', 'low', null],
    ],
  );
  const contacts = request.contacts === '*' ? [] : request.contacts;
  t.deepEqual(
    contacts.map((contact) => contact.displayName),
    ['A, "B"', '', ''],
  );
  t.deepEqual(contacts[2]?.uri.user, '+81-3-0000-1111');
  t.deepEqual(request.headers, [{ name: 'Supported', value: 'timer, 100rel' }]);
});

test('an unknown method and an unknown URI scheme are carried, not refused (RFC 3261 §8.2.1, §8.2.2.1)', (t) => {
  const lines = [
    'NEWMETHOD urn:service:sos SIP/2.0',
    ...MANDATORY.slice(0, 4),
    'CSeq: 7 NEWMETHOD',
  ];
  const message = messageOf(bytesOf(...lines));
  t.is(message.kind === 'request' ? message.method : '', 'NEWMETHOD');
  t.is(message.kind === 'request' ? message.uri.opaque : '', 'service:sos');
});

test('a method in another case is another method (RFC 3261 §7.1)', (t) => {
  t.is(failureOf(bytesOf('invite sip:a@h SIP/2.0', ...MANDATORY)).status, 400);
});

test('a peer of RFC 2543 without a branch is understood (RFC 3261 §17.2.3)', (t) => {
  t.true(parseSipMessage(replaced('Via', 'Via: SIP/2.0/UDP 192.0.2.1')).ok);
});

test('each missing mandatory header is answered 400 as far as the topmost Via allows (RFC 3261 §8.1.1)', (t) => {
  for (const line of MANDATORY) {
    const failure = failureOf(bytesOf(START, ...MANDATORY.filter((one) => one !== line)));
    t.is(failure.status, 400, line);
    t.is(failure.partial === null, line.startsWith('Via'), line);
  }
});

test('a repeated From, To, Call-ID, CSeq or Max-Forwards is 400, not a choice (RFC 4475 §3.3.8)', (t) => {
  for (const line of MANDATORY.slice(1)) t.false(parse(line).ok, line);
  t.false(parse('Max-Forwards: 70', 'Max-Forwards: 70').ok);
});

test('numbers out of range are 400: CSeq 2^31, Max-Forwards 256, ports 0 and 65536 (RFC 3261 §8.1.1.5, §20.22)', (t) => {
  const lines = [
    ['CSeq', 'CSeq: 2147483648 INVITE'],
    ['CSeq', 'CSeq: 36893488147419103232 INVITE'],
    ['CSeq', 'CSeq: -1 INVITE'],
    ['CSeq', 'CSeq: INVITE'],
    ['CSeq', 'CSeq: 1 BYE'],
    ['Via', 'Via: SIP/2.0/UDP h:65536;branch=z9hG4bKa'],
    ['From', 'From: <sip:a@h:0>;tag=1'],
    ['To', 'To: <sip:a@h:99999999999999999999>'],
  ] as const;
  for (const [name, line] of lines) t.is(failureOf(replaced(name, line)).status, 400, line);
  t.false(parse('Max-Forwards: 256').ok);
  t.is(requestWith('Max-Forwards: 0255').maxForwards, 255);
  t.is(messageOf(replaced('CSeq', 'CSeq: 02147483647 INVITE')).cSeq.number, 2_147_483_647);
});

test('delta-seconds beyond 2^32-1 are cut, so that no timer is set to a year of its own (RFC 3261 §20.19)', (t) => {
  t.is(parseDeltaSeconds('4294967296'), 4_294_967_295);
  t.is(parseDeltaSeconds('1'.repeat(60_000)), 4_294_967_295);
  t.is(parseDeltaSeconds(' 300 ;refresher=uac'), 300);
  for (const text of ['', '-1', '1.5', '0x10', 'soon']) t.is(parseDeltaSeconds(text), null, text);
});

test('Content-Length cuts what follows; one that lies upwards or contradicts itself is 400 (RFC 3261 §18.3)', (t) => {
  const text = `${START}\r\n${MANDATORY.join('\r\n')}\r\n`;
  const body = (lines: string) => parseSipMessage(Buffer.from(`${text}${lines}\r\n\r\nabcdef`));
  const short = body('Content-Length: 3');
  t.is(short.ok ? Buffer.from(short.message.body).toString() : '', 'abc');
  t.true(body('Content-Length: 6\r\nl: 06').ok);
  t.true(body('Subject: none at all').ok);
  for (const lie of ['7', '4294967296', '-1', '6, 6', '6\r\nl: 5', '']) {
    t.false(body(`Content-Length: ${lie}`).ok, lie);
  }
});

test('another SIP version is 505, and what is not SIP is dropped (RFC 3261 §21.5.6)', (t) => {
  const newer = failureOf(bytesOf('INVITE sip:a@h SIP/7.0', ...MANDATORY));
  t.is(newer.status, 505);
  t.not(newer.partial, null);
  t.is(failureOf(bytesOf('GET / HTTP/1.1', ...MANDATORY)).partial, null);
});

test('a broken response and a broken ACK are never answered (RFC 3261 §8.1.3, §17.1.1.3)', (t) => {
  for (const start of ['SIP/2.0 700 Too High', 'SIP/2.0 99 Low', 'SIP/2.0 2000 OK', 'SIP/2.0 OK']) {
    t.is(failureOf(bytesOf(start, ...MANDATORY)).partial, null, start);
  }
  t.is(failureOf(bytesOf('ACK sip:a@h SIP/2.0', ...MANDATORY)).partial, null);
  t.true(parseSipMessage(bytesOf('SIP/2.0 200', ...MANDATORY)).ok, 'no reason phrase at all');
});

test('unterminated quotes and brackets, stray characters and half escapes are 400', (t) => {
  const broken = [
    'From: "unterminated <sip:a@h>;tag=1',
    'From: "ends in a backslash\\',
    'From: <sip:a@h;tag=1',
    'From: sip:a@h>;tag=1',
    'From: <<sip:a@h>>;tag=1',
    'From: <sip:a@h> x;tag=1',
    'From: <sip:a@h>, <sip:b@h>',
    'From: <sip:%4@h>;tag=1',
    'From: <sip:%zz@h>;tag=1',
    'From: <sip:a b@h>;tag=1',
    'From: <sip:a@[::1>;tag=1',
    'From: <sip:a@[nonsense]>;tag=1',
    'From: <sip:a@h@h>;tag=1',
    'From: <sip:>;tag=1',
    'From: sip:a@h?Route=%3Csip:b%3E',
    'From:',
  ];
  for (const line of broken) t.is(failureOf(replaced('From', line)).status, 400, line);
  t.false(parse('a line without a colon').ok);
  t.false(parse('Na me: with a blank').ok);
});

test('a display name keeps its UTF-8, its escapes, and survives bytes that are neither (RFC 3261 §25.1)', (t) => {
  const from = (value: Buffer): string => {
    const head = Buffer.from(`${START}\r\nFrom: `);
    const rest = MANDATORY.filter((line) => !line.startsWith('From')).join('\r\n');
    return messageOf(Buffer.concat([head, value, Buffer.from(`\r\n${rest}\r\n\r\n`)])).from
      .displayName;
  };
  t.is(from(Buffer.from('"カ\\"メ\\\\ラ" <sip:a@h>;tag=1')), 'カ"メ\\ラ');
  t.is(from(Buffer.from('Coin line/payphone <sip:a@h>;tag=1')), 'Coin line/payphone');
  t.is(
    from(Buffer.from([0x22, 0xff, 0x00, 0x41, 0x22, ...Buffer.from('<sip:a@h>;tag=1')])),
    '\ufffd\ufffdA',
  );
});

test('no value can begin a header of its own (RFC 3261 §25.1)', (t) => {
  const request = requestWith();
  const evil = 'x\r\nRoute: <sip:thief@h>\r\n\r\n\0';
  const written = formatSipMessage({
    ...request,
    callId: evil,
    uri: { ...request.uri, user: evil, params: [{ name: evil, value: evil }], headers: evil },
    from: { ...request.from, displayName: evil, params: [{ name: 'tag', value: evil }] },
    headers: [{ name: 'Subject', value: evil }],
  }).toString();
  t.is(written.split('\r\n').filter((line) => line.startsWith('Route')).length, 0);
  t.is(written.split('\r\n\r\n').length, 2);
  t.throws(() => formatSipMessage({ ...request, headers: [{ name: 'A: b\r\nC', value: '' }] }));
  t.throws(() => formatSipMessage({ ...request, headers: [{ name: 'l', value: '5' }] }));
});

test('valid messages of the grammar come back the same; 6,000 broken ones throw nothing (RFC 3261 §25)', (t) => {
  for (let seed = 1; seed <= 3_000; seed += 1) {
    const failure = fuzzOne(seed, 2);
    if (failure !== null) {
      t.fail(`seed ${seed}: ${failure.what}\n${Buffer.from(failure.input).toString('hex')}`);
      return;
    }
  }
  t.pass();
});

test('empty, one-byte and random datagrams are refused without a throw', (t) => {
  const random = new SeededRandom(7);
  t.is(failureOf(new Uint8Array(0)).partial, null);
  for (let byte = 0; byte < 256; byte += 1) t.is(failureOf(Uint8Array.of(byte)).partial, null);
  for (let round = 0; round < 300; round += 1) t.false(parseSipMessage(random.bytes(round)).ok);
});

/** Each makes a message of about `size` bytes that has cost some parser quadratic time. */
const HOSTILE: Readonly<Record<string, (size: number) => string>> = {
  'one long token': (size) => `Subject: ${'a'.repeat(size)}`,
  'blanks before a colon': (size) => `Subject${' '.repeat(size)}: x`,
  'blanks inside': (size) => `Subject: a${' '.repeat(size)}b`,
  'folded lines': (size) => `Subject: a${'\r\n b'.repeat(size / 4)}`,
  'bare carriage returns': (size) => `Subject: ${'\r'.repeat(size)}`,
  'bare line feeds': (size) => `Subject: a${'\n b'.repeat(size / 3)}`,
  'repeated headers': (size) => 'X: y\r\n'.repeat(size / 6) + 'X: z',
  'repeated Vias': (size) => 'v: SIP/2.0/UDP h\r\n'.repeat(size / 18) + 'X: z',
  'a list of Vias': (size) => `Via: ${'SIP/2.0/UDP h,'.repeat(size / 14)}SIP/2.0/UDP h`,
  commas: (size) => `Contact: ${','.repeat(size)}`,
  semicolons: (size) => `Contact: <sip:a@h>${';'.repeat(size)}`,
  parameters: (size) => `Contact: <sip:a@h>${';a=b'.repeat(size / 4)}`,
  'URI parameters': (size) => `Contact: <sip:a@h${';a=b'.repeat(size / 4)}>`,
  'one long user': (size) => `Contact: <sip:${'a'.repeat(size)}@h>`,
  escapes: (size) => `Contact: <sip:${'%ff'.repeat(size / 3)}@h>`,
  'URI headers': (size) => `Contact: <sip:a@h?${'é'.repeat(size / 2)}>`,
  'one long host': (size) => `Contact: <sip:a@${'a.'.repeat(size / 2)}>`,
  'one long IPv6': (size) => `Contact: <sip:a@[${'1:'.repeat(size / 2)}]>`,
  'an open quote': (size) => `Contact: "${'a'.repeat(size)}`,
  'open quotes': (size) => `Contact: ${'"'.repeat(size)}`,
  backslashes: (size) => `Contact: "${'\\'.repeat(size)}`,
  'open brackets': (size) => `Contact: ${'<'.repeat(size)}`,
  'closing brackets': (size) => `Contact: <sip:a@h${'>'.repeat(size)}`,
  'a list of open brackets': (size) => `Contact: ${'<sip:a@h>,<'.repeat(size / 11)}`,
  digits: (size) => `Expires: ${'9'.repeat(size)}\r\nContent-Length: ${'0'.repeat(1_000)}`,
  'non-UTF-8 text': (size) => `Subject: ${'\u0000\u0001'.repeat(size / 2)}`,
};

const timeOf = (bytes: Uint8Array): number => {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 12; round += 1) {
    const startMs = performance.now();
    parseSipMessage(bytes);
    bestMs = Math.min(bestMs, performance.now() - startMs);
  }
  return bestMs;
};

for (const [name, make] of Object.entries(HOSTILE)) {
  test(`60 KB of ${name} are read or refused within 5 ms, four times the size in about four times the time`, (t) => {
    const at = (size: number): Uint8Array => bytesOf(START, ...MANDATORY, make(size));
    const [small, large] = [at(15_000), at(60_000)];
    timeOf(large);
    let isLinear = false;
    let largeMs = 0;
    for (let attempt = 0; attempt < 5 && !isLinear; attempt += 1) {
      largeMs = timeOf(large);
      // Below 0.3 ms fixed costs and the timer's grain hide any ratio.
      isLinear = largeMs <= 5 && (largeMs < 0.3 || largeMs < timeOf(small) * 8);
    }
    t.true(isLinear, `${largeMs} ms`);
  });
}

test('10,000 header lines are answered 513 after the first few hundred', (t) => {
  const failure = failureOf(
    bytesOf(START, ...MANDATORY, ...Array.from({ length: 10_000 }, () => 'X:')),
  );
  t.is(failure.status, 513);
  t.is(failure.partial?.copied.length, 4);
  t.true(parse(...Array.from({ length: HEADER_LINES_MAX - 5 }, () => 'X:')).ok);
});

test('more than 64 KiB is answered 513 from its first part', (t) => {
  const failure = failureOf(bytesOf(START, ...MANDATORY, `Subject: ${'a'.repeat(70_000)}`));
  t.is(failure.status, 513);
  t.is(failure.partial?.via.host, '192.0.2.1');
});
