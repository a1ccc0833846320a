import test from 'ava';
import { FakeClock } from '../../../base/testing/fake-clock.js';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import { createDigestClient } from '../digest/index.js';
import { registerFrom } from '../digest/testing/sip-text.js';
import { headerOf, paramOf, type SipRequest, type SipResponse } from '../message/sip-message.js';
import { formatSipUri } from '../message/sip-uri.js';
import type { Endpoint } from '../transport/transport.js';
import { createRegistrar, type StoredBinding } from './registrar.js';

const PHONE: Endpoint = { transport: 'UDP', address: '127.0.0.1', port: 5081 };
type Facts = Parameters<typeof registerFrom>[0];

const open = () => {
  const clock = new FakeClock();
  const told: string[] = [];
  const tell =
    (what: string) =>
    (extension: string): void => {
      told.push(`${what} ${extension}`);
    };
  const registrar = createRegistrar({
    phones: [
      { extension: '201', password: 'p201' },
      { extension: '202', password: 'p202' },
    ],
    realm: 'tatebako',
    clock,
    random: new SeededRandom(5),
    onRegistered: tell('registered'),
    onUnregistered: tell('unregistered'),
    onExpired: tell('expired'),
  });
  /** Sends a REGISTER and answers its challenge. */
  const register = (facts: Facts = {}, source = PHONE, user = '201'): SipResponse => {
    const request: SipRequest = registerFrom(facts);
    const challenge = registrar.handle(request, source);
    const client = createDigestClient({ user, password: `p${user}` }, new SeededRandom(3));
    const answer = client.answer(challenge, {
      method: 'REGISTER',
      uri: formatSipUri(request.uri),
      body: request.body,
    });
    const headers = [...request.headers, ...(answer === null ? [] : [answer.header])];
    return registrar.handle({ ...request, headers }, source);
  };
  const contacts = (): readonly string[] =>
    registrar.contactsOf('201').map(({ contact }) => formatSipUri(contact));
  return { clock, told, registrar, register, contacts };
};

test('a phone registers, rings at its Contact verbatim, and expires when it falls silent (RFC 3261 §10.3)', (t) => {
  const { register, contacts, clock, told } = open();
  const response = register({ expires: '60' });
  t.is(response.status, 200);
  t.deepEqual(contacts(), ['sip:201-0x562b@127.0.0.1:5081']);
  const listed = response.contacts === '*' ? undefined : response.contacts[0];
  t.is(paramOf(listed?.params ?? [], 'expires'), '60');
  clock.advance(60_000);
  t.deepEqual(contacts(), []);
  t.deepEqual(told, ['registered 201', 'expired 201']);
  t.is(clock.pendingCount, 0);
});

test('without credentials nobody registers, and an unknown extension looks like a known one', (t) => {
  const { registrar, contacts, register } = open();
  t.is(registrar.handle(registerFrom(), PHONE).status, 401);
  t.is(registrar.handle(registerFrom({ extension: '999' }), PHONE).status, 401);
  t.is(register({ extension: '999' }, PHONE, '999').status, 401);
  t.deepEqual(contacts(), []);
});

test('a phone may not register another extension (RFC 3261 §10.3 step 4)', (t) => {
  const { register, contacts } = open();
  t.is(register({ extension: '201' }, PHONE, '202').status, 403);
  t.deepEqual(contacts(), []);
});

test('a refresh keeps one binding; one with the same Call-ID and no higher CSeq fails (RFC 3261 §10.3 step 7)', (t) => {
  const { register, contacts, told } = open();
  t.is(register({ cSeq: 5 }).status, 200);
  t.is(register({ cSeq: 6 }).status, 200);
  t.is(register({ cSeq: 6 }).status, 500);
  t.is(register({ cSeq: 4, expires: '0' }).status, 500);
  t.is(contacts().length, 1);
  t.deepEqual(told, ['registered 201']);
});

test('a REGISTER is applied wholly or not at all: one bad Contact leaves the other out (RFC 3261 §10.3)', (t) => {
  const { register, contacts } = open();
  const both = ['<sip:a@127.0.0.1:5081>', '<sip:b@127.0.0.1:5081>;expires=5'];
  const response = register({ contacts: both });
  t.is(response.status, 423);
  t.is(headerOf(response, 'Min-Expires'), '60');
  t.deepEqual(contacts(), []);
});

test('`*` with Expires 0 removes every binding, and is malformed with anything else (RFC 3261 §10.2.2)', (t) => {
  const { register, contacts, told } = open();
  register({ contacts: ['<sip:a@127.0.0.1>', '<sip:b@127.0.0.1>'] });
  t.is(contacts().length, 2);
  t.is(register({ contacts: ['*'], expires: '60', cSeq: 2 }).status, 400);
  t.is(register({ contacts: ['*'], expires: '0', cSeq: 2 }).status, 200);
  t.deepEqual(contacts(), []);
  t.is(told.filter((line) => line === 'unregistered 201').length, 2);
});

test('a REGISTER without Contact only asks (RFC 3261 §10.2.3)', (t) => {
  const { register } = open();
  register();
  const response = register({ contacts: [], cSeq: 2 });
  t.is(response.status, 200);
  t.is(response.contacts.length, 1);
});

test('contacts ring in the order of their q, and expiry is bounded by our limits (RFC 3261 §10.2.1)', (t) => {
  const { register, contacts, clock } = open();
  register({
    contacts: ['<sip:low@127.0.0.1>;q=0.1', '<sip:high@127.0.0.1>;q=0.9;expires=4294967295'],
    expires: 'nonsense',
  });
  t.deepEqual(contacts(), ['sip:high@127.0.0.1', 'sip:low@127.0.0.1']);
  clock.advance(3_600_000);
  t.deepEqual(contacts(), []);
});

test('more than ten contacts of one phone are refused with 503', (t) => {
  const { register, contacts } = open();
  const many = Array.from({ length: 11 }, (_, i) => `<sip:p${i}@127.0.0.1>`);
  t.is(register({ contacts: many }).status, 503);
  t.is(register({ contacts: many.slice(1) }).status, 200);
  t.is(contacts().length, 10);
});

test('requests go to the address that registered; the Contact port counts only where it names that address', (t) => {
  const { register, registrar } = open();
  const target = () => registrar.contactsOf('201')[0]?.target;
  register({ contacts: ['<sip:203@192.168.55.5:5140>'] });
  t.deepEqual(target(), PHONE);
  register({ contacts: ['<sip:201@127.0.0.1:5999>'], callId: 'c2' });
  t.is(registrar.contactsOf('201').length, 2, 'another listening port is another phone');
  t.is(registrar.contactsOf('201').find(({ contact }) => contact.port === 5999)?.target.port, 5999);
  const overTcp: Endpoint = { transport: 'TCP', address: '127.0.0.1', port: 40_000 };
  register({ contacts: ['<sip:tcp@127.0.0.1:5081;transport=tcp>'], callId: 'c3' }, overTcp);
  t.true(registrar.extensionsAt(overTcp).includes('201'));
});

test('a phone that restarts with a new Contact on the same socket takes its old one’s place', (t) => {
  const { register, contacts, told } = open();
  register({ contacts: ['<sip:201-0x1@127.0.0.1:5081>'], callId: 'before' });
  register({ contacts: ['<sip:201-0x2@127.0.0.1:5081>'], callId: 'after' });
  t.deepEqual(contacts(), ['sip:201-0x2@127.0.0.1:5081']);
  t.deepEqual(told, ['registered 201', 'registered 201', 'unregistered 201']);
});

test('a restarted agent still knows its phones, and not those that expired meanwhile', (t) => {
  const { register, registrar, clock } = open();
  register({ expires: '60' });
  register({ contacts: ['<sip:long@127.0.0.1>'], expires: '600', cSeq: 2 });
  const stored = registrar.snapshot();
  const plain: unknown = JSON.parse(JSON.stringify(stored));
  t.deepEqual(plain, stored);
  const later = new FakeClock(clock.wallMs() + 120_000);
  const told: string[] = [];
  const next = createRegistrar({
    phones: [{ extension: '201', password: 'p201' }],
    realm: 'tatebako',
    clock: later,
    random: new SeededRandom(1),
    onExpired: (extension) => told.push(extension),
  });
  const stranger: StoredBinding[] = stored.map((one) => ({ ...one, extension: '999' }));
  next.restore([...stored, ...stranger]);
  t.deepEqual(
    next.contactsOf('201').map(({ contact }) => contact.user),
    ['long'],
  );
  later.advance(480_000);
  t.deepEqual(told, ['201']);
});
