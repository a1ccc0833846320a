import test from 'ava';
import { silentLog } from '../../../base/index.js';
import { FakeClock } from '../../../base/testing/fake-clock.js';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import type { SipUri } from '../message/sip-message.js';
import { parseSipUri } from '../message/sip-uri.js';
import { createRegistrar } from '../registrar/index.js';
import { FakeNetwork } from '../testing/fake-network.js';
import {
  createTransactionLayer,
  type WiredTransactionLayer,
} from '../transaction/create-transaction-layer.js';
import type { TransactionUser } from '../transaction/transaction-layer.js';
import type { Transport } from '../transport/transport.js';
import { createRegistration } from './registration.js';

const GATEWAY = '192.168.1.1';
const BOX = '192.168.1.20';

const uri = (text: string): SipUri => {
  const parsed = parseSipUri(text);
  if (parsed === null) throw new TypeError(text);
  return parsed;
};

/** Our registration and our registrar, each on its own transaction layer, with a bad network between. */
const open = (seed: number, lossRate: number) => {
  const clock = new FakeClock();
  const random = new SeededRandom(seed);
  const network = new FakeNetwork(clock, random, {
    delayMs: 20,
    jitterMs: 200,
    lossRate,
    duplicateRate: 0.1,
  });
  const station = (address: string, user: TransactionUser): WiredTransactionLayer => {
    let layer: WiredTransactionLayer | null = null;
    const transport: Transport = network.open(
      { address, port: 5060 },
      {
        onMessage: (message, from) => layer?.transportEvents.onMessage(message, from),
        onSendFailed: (message, to, cause) =>
          layer?.transportEvents.onSendFailed(message, to, cause),
      },
    );
    layer = createTransactionLayer({ transport, clock, random, log: silentLog, user });
    return layer;
  };
  const registrar = createRegistrar({
    phones: [{ extension: '3', password: 'secret' }],
    realm: 'hgw',
    clock,
    random,
  });
  const nobody: TransactionUser = {
    onRequest: () => undefined,
    onAck: () => undefined,
    onStrayResponse: () => undefined,
  };
  const gateway = station(GATEWAY, {
    ...nobody,
    onRequest: (transaction) =>
      transaction.respond(registrar.handle(transaction.request, transaction.source)),
  });
  const box = station(BOX, nobody);
  const registration = createRegistration({
    transactions: box,
    clock,
    random,
    log: silentLog,
    registrar: uri(`sip:${GATEWAY}`),
    addressOfRecord: uri(`sip:3@${GATEWAY}`),
    contact: uri(`sip:3@${BOX}`),
    target: { transport: 'UDP', address: GATEWAY, port: 5060 },
    credentials: { user: '3', password: 'secret' },
  });
  return { clock, network, registrar, registration, box, gateway };
};

test('a day on a network that loses, doubles and reorders a fifth of all datagrams leaves the line registered', (t) => {
  for (const seed of [1, 2, 3]) {
    const { clock, registrar, registration } = open(seed, 0.2);
    registration.start();
    let awayMinutes = 0;
    for (let minute = 0; minute < 24 * 60; minute++) {
      clock.advance(60_000);
      if (registrar.contactsOf('3').length !== 1) awayMinutes++;
    }
    t.is(registrar.contactsOf('3').length, 1);
    t.true(awayMinutes <= 2, `away for ${awayMinutes} of 1440 minutes`);
    t.is(registrar.counts.wrong, 0, 'no repeat was ever taken for a wrong password');
  }
});

test('after a gateway’s outage the line registers again by itself, and nothing is left behind', async (t) => {
  const { clock, network, registrar, registration, box, gateway } = open(4, 0);
  registration.start();
  clock.advance(1_000);
  t.is(registration.status.state, 'registered');
  network.loses = (_message, to) => to.address === GATEWAY;
  clock.advance(2 * 3_600_000);
  t.is(registrar.contactsOf('3').length, 0);
  t.not(registration.status.state, 'registered');
  network.loses = () => false;
  clock.advance(120_000);
  t.is(registration.status.state, 'registered');
  t.is(registrar.contactsOf('3').length, 1);
  const closed = registration.close();
  clock.advance(40_000);
  await closed;
  t.is(registrar.contactsOf('3').length, 0);
  t.is(box.activeCount + gateway.activeCount, 0);
  t.is(clock.pendingCount, 0);
});
