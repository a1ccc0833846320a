import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../base/index.js';
import { peerEvent, type PeerEvent } from './peer/control.js';
import { parseJsonLine } from './peer/json-lines.js';
import { Child } from './stage/child.js';
import { Happenings } from './stage/happenings.js';

const WAIT_MS = 10_000;
const speech = (name: string): string =>
  fileURLToPath(new URL(`../../demo/speech/${name}.wav`, import.meta.url));

interface Peer {
  readonly child: Child;
  readonly events: PeerEvent[];
  expect<Name extends PeerEvent['event']>(
    name: Name,
    isIt?: (event: Extract<PeerEvent, { event: Name }>) => boolean,
  ): Promise<Extract<PeerEvent, { event: Name }>>;
}

function start(t: ExecutionContext, name: 'gateway' | 'phone'): Peer {
  const events: PeerEvent[] = [];
  const happenings = new Happenings(systemClock);
  const child = new Child({
    name,
    script: [fileURLToPath(new URL(`${name}-main.js`, import.meta.url))],
    clock: systemClock,
    onLine: (line) => {
      const event = parseJsonLine(line, peerEvent);
      if (event === null) return;
      events.push(event);
      happenings.tell();
    },
    onLost: (lost) => happenings.stop(`${name}: ${lost.exit} ${lost.lastLines.join('\n')}`),
  });
  t.teardown(() => child.end());
  return {
    child,
    events,
    async expect(wanted, isIt = () => true) {
      type Wanted = Extract<PeerEvent, { event: typeof wanted }>;
      const isWanted = (event: PeerEvent): event is Wanted => event.event === wanted;
      const find = (): Wanted | undefined =>
        events.find((event): event is Wanted => isWanted(event) && isIt(event));
      await happenings.until(() => find() !== undefined, WAIT_MS);
      const found = find();
      if (found === undefined) {
        throw new Error(`${name} never told ${wanted}: ${JSON.stringify(events)}`);
      }
      return found;
    },
  };
}

async function registered(t: ExecutionContext, password = 'counter'): Promise<[Peer, Peer]> {
  const [gateway, phone] = [start(t, 'gateway'), start(t, 'phone')];
  const address = '127.0.0.1';
  gateway.child.send({ do: 'openGateway', address, port: 0, user: '201', password: 'counter' });
  const { port } = await gateway.expect('ready');
  phone.child.send({
    do: 'openPhone',
    address,
    port: 0,
    user: '201',
    password,
    boxAddress: address,
    boxPort: port,
    ringMs: 100,
  });
  return [gateway, phone];
}

test('the simulated gateway and phone register, ring, talk both ways and hang up over real UDP', async (t) => {
  const [gateway, phone] = await registered(t);
  await phone.expect('registered');
  await gateway.expect('registered');
  gateway.child.send({ do: 'call', number: '09000001234', called: '0300005678' });

  const rang = await phone.expect('rang');
  t.deepEqual(rang, { event: 'rang', displayName: '09000001234', user: '09000001234' });
  await gateway.expect('progress', ({ status }) => status === 180);
  await gateway.expect('answered');

  gateway.child.send({ do: 'say', file: speech('caller-4') });
  t.true((await gateway.expect('said')).whole);
  const heard = await phone.expect('heard', ({ levelDbov }) => levelDbov > -40);
  t.true(heard.packets > 40, 'a second of speech comes in about 50 packets');
  phone.child.send({ do: 'say', file: speech('staff-1') });
  await gateway.expect('heard', ({ levelDbov }) => levelDbov > -40);

  phone.child.send({ do: 'hangUp' });
  const ended = await gateway.expect('ended');
  t.deepEqual(ended, { event: 'ended', by: 'remote', how: 'bye', status: null });
  t.false((await phone.expect('said')).whole, 'the end of the call cuts what was being said');
});

test('a phone with the wrong password is never registered, and a call finds nobody', async (t) => {
  const [gateway, phone] = await registered(t, 'wrong');
  await phone.expect('unregistered');
  gateway.child.send({ do: 'call', number: '09000001234', called: '0300005678' });
  const failed = await gateway.expect('failed');
  t.is(failed.reason, 'the box is not registered');
  t.false(phone.events.some(({ event }) => event === 'registered'));
});

test('a gateway ends when whoever led it has gone', async (t) => {
  const gateway = start(t, 'gateway');
  gateway.child.send({
    do: 'openGateway',
    address: '127.0.0.1',
    port: 0,
    user: '3',
    password: 'x',
  });
  await gateway.expect('ready');
  gateway.child.send({ do: 'close' });
  await t.throwsAsync(gateway.expect('ended'), { message: /gateway: 0/ });
  t.false(gateway.child.isAlive);
});
