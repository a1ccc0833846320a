import { connect as connectSocket, createServer } from 'node:net';
import test from 'ava';
import { connect } from 'mqtt';
import { z } from 'zod';
import { silentLog, UnavailableError } from '../../base/index.js';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import { EmbeddedBroker } from './embedded-broker.js';
import { Gate } from './testing/gate.js';
import { Listener } from './testing/listener.js';
import { CALL, numberOf, openBox, THREAT } from './testing/box-on-mqtt.js';

const anything = z.record(z.string(), z.unknown());
const BASE = 'tatebako/sakura';
const isEvent = (heard: { readonly topic: string }): boolean =>
  heard.topic.startsWith(`${BASE}/event/`);
const STATE = {
  line: 'registered',
  phones: 2,
  callsActive: 0,
  storage: 'ok',
  detector: 'listening',
  recording: 'on',
};
const openBroker = (port = 0): Promise<EmbeddedBroker> =>
  EmbeddedBroker.open({
    host: '127.0.0.1',
    port,
    box: { clientId: 'nobody', username: 'x', password: 'y' },
    ownTopic: 'other',
    isCommand: () => false,
    log: silentLog,
  });

test('an alarm stands on MQTT until it is acknowledged there, without a word of the caller’s', async (t) => {
  const box = await openBox({ lamp: [{ name: 'counter', kind: 'tasmota', topic: 'cmnd/lamp1' }] });
  const lamp = await Listener.open(`mqtt://127.0.0.1:${box.sink.port ?? 0}`);
  await lamp.on(`${BASE}/availability`, 'online');
  await lamp.on(`${BASE}/alert/level`, '0');
  box.sink.setState(STATE);
  await box.alerts.recordCall(CALL);
  await box.alerts.raise(THREAT, { callId: 'c1' });
  await lamp.on(`${BASE}/alert/level`, '3');
  await lamp.on('cmnd/lamp1/POWER', 'ON');
  await lamp.ask(`${BASE}/cmd/acknowledge`, { id: 'r1', by: '店長' });
  await lamp.on(`${BASE}/cmd/acknowledge/result`, '{"id":"r1","ok":true,"error":null}');
  await lamp.on('cmnd/lamp1/POWER', 'OFF');
  await box.alerts.callEnded('c1');
  const events = await lamp.until('events', isEvent, 4);
  const payloads = events.map((heard) => anything.parse(JSON.parse(heard.payload)));
  t.deepEqual(
    payloads.map((payload) => [payload['seq'], payload['kind']]),
    [
      [1, 'ringing'],
      [2, 'raised'],
      [3, 'acknowledged'],
      [4, 'cleared'],
    ],
  );
  t.deepEqual(payloads[0]?.['caller'], { kind: 'number', number: '090-****-5678' });
  t.regex(String(payloads[1]?.['at']), /^\d{4}-\d\d-\d\dT.*\+09:00$/);
  t.regex(String(payloads[1]?.['id']), /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  t.true(events.every((heard) => !heard.isRetained));
  for (const heard of lamp.heard) t.notRegex(heard.payload, /殺すぞ|09000005678/);
  await lamp.close();
  await box.close();
});

test('who comes later finds what stands: availability, state, level, health, discovery', async (t) => {
  const box = await openBox({});
  const url = `mqtt://127.0.0.1:${box.sink.port ?? 0}`;
  const early = await Listener.open(url);
  box.sink.setState(STATE);
  await box.alerts.raise(THREAT, { callId: 'c1' });
  await early.on(`${BASE}/alert/level`, '3');
  await early.until('state', (heard) => heard.payload.includes('"alertLevel":3'));
  await early.on('homeassistant/device/tatebako_sakura/config');
  const late = await Listener.open(url);
  await late.until('retained', (heard) => heard.isRetained, 5);
  const topics = late.heard.map((heard) => heard.topic).sort();
  t.deepEqual(topics, [
    'homeassistant/device/tatebako_sakura/config',
    `${BASE}/alert/level`,
    `${BASE}/availability`,
    `${BASE}/health`,
    `${BASE}/state`,
  ]);
  await early.client.publishAsync('homeassistant/status', 'online');
  await early.until(
    'announced again',
    (heard) => heard.topic.startsWith('homeassistant/device'),
    2,
  );
  await early.close();
  await late.close();
  await box.close();
});

test('a broker that refuses MQTT 5 is spoken to in 3.1.1', async (t) => {
  const broker = await openBroker();
  const box = await openBox({ broker: `mqtt://127.0.0.1:${broker.port}` });
  const lamp = await Listener.open(`mqtt://127.0.0.1:${broker.port}`);
  await lamp.on(`${BASE}/availability`, 'online');
  t.is(box.sink.version, 4);
  await box.close();
  await lamp.on(`${BASE}/availability`, 'offline');
  await lamp.close();
  await broker.close();
});

test('events of a time without a broker arrive afterwards, in order, none lost', async (t) => {
  let broker = await openBroker();
  const { port } = broker;
  const gate = await Gate.open(port);
  const box = await openBox({ broker: gate.url });
  const first = await Listener.open(`mqtt://127.0.0.1:${port}`);
  await first.on(`${BASE}/availability`, 'online');
  await box.alerts.recordCall(CALL);
  await first.until('an event', isEvent);
  await first.close();
  gate.shut();
  await broker.close();
  await box.alerts.raise(THREAT, { callId: 'c1' });
  await box.alerts.acknowledge({ alertId: 'all', by: '201', via: 'button' });
  t.is(box.sink.waiting, 2);
  broker = await openBroker(port);
  const second = await Listener.open(`mqtt://127.0.0.1:${port}`);
  gate.letIn();
  const events = await second.until('the rest', isEvent, 2);
  t.deepEqual(
    events.map((heard) => numberOf(heard.payload).seq),
    [2, 3],
  );
  await second.on(`${BASE}/alert/level`, '0');
  await second.close();
  await box.close();
  gate.close();
  await broker.close();
});

test('a link cut at any moment loses no event, and a repeat has the same id', async (t) => {
  const broker = await openBroker();
  const gate = await Gate.open(broker.port);
  const box = await openBox({ broker: gate.url });
  const watcher = await Listener.open(`mqtt://127.0.0.1:${broker.port}`);
  const random = new SeededRandom(5);
  const calls = 60;
  for (let i = 1; i <= calls; i += 1) {
    const recorded = box.alerts.recordCall({ ...CALL, callId: `c${i}` });
    if (random.below(3) === 0) await recorded;
    if (random.below(3) === 0) await new Promise((resolve) => setImmediate(resolve));
    if (i % 15 === 0) {
      gate.shut();
      gate.letIn();
      await watcher.until(
        'back',
        ({ topic, payload }) => topic === `${BASE}/availability` && payload === 'online',
        i / 15,
      );
    }
  }
  const isLast = ({ payload }: { readonly payload: string }): boolean =>
    payload.includes(`"seq":${calls},`);
  await watcher.until('the last', isLast);
  const numbers = watcher.heard.filter(isEvent).map((heard) => numberOf(heard.payload));
  const ids = new Map(numbers.map(({ id, seq }) => [id, seq]));
  t.deepEqual(
    [...ids.values()],
    Array.from({ length: calls }, (_, i) => i + 1),
  );
  await watcher.close();
  await box.close();
  gate.close();
  await broker.close();
});

test('a taken port is named together with the setting that chooses it', async (t) => {
  const other = createServer();
  const port = await new Promise<number>((resolve) => {
    other.listen(0, '127.0.0.1', () => {
      const address = other.address();
      resolve(address !== null && typeof address === 'object' ? address.port : 0);
    });
  });
  const error = await t.throwsAsync(openBox({ port }), { instanceOf: UnavailableError });
  t.is(error.code, 'port-taken');
  t.deepEqual(error.fields, { host: '127.0.0.1', port, setting: 'mqtt.port' });
  other.close();
});

test('nobody but the box speaks for the box at its broker', async (t) => {
  const box = await openBox({});
  const url = `mqtt://127.0.0.1:${box.sink.port ?? 0}`;
  const lamp = await Listener.open(url);
  await lamp.on(`${BASE}/availability`, 'online');
  const rogue = connect(url, { reconnectPeriod: 0 });
  await new Promise<void>((resolve) => {
    rogue.once('close', () => {
      resolve();
    });
    rogue.publish(`${BASE}/alert/level`, '3', { retain: true });
  });
  const impostor = connect(url, { clientId: 'tatebako-sakura', reconnectPeriod: 0 });
  const refusal = await new Promise<unknown>((resolve) => {
    impostor.once('error', resolve);
  });
  t.regex(String(refusal), /refused|authorized/i);
  await box.alerts.raise(THREAT, { callId: 'c1' });
  await lamp.on(`${BASE}/event/alert`);
  t.deepEqual(
    lamp.heard.filter((heard) => heard.topic === `${BASE}/alert/level`).map((h) => h.payload),
    ['0', '3'],
  );
  await lamp.close();
  await box.close();
});

test('with a user configured, nobody comes in without the password', async (t) => {
  const box = await openBox({ username: 'lamp', passwordFile: 'x' }, { password: 'secret' });
  const url = `mqtt://127.0.0.1:${box.sink.port ?? 0}`;
  await t.throwsAsync(Listener.open(url));
  await t.throwsAsync(Listener.open(url, { login: { username: 'lamp', password: 'Secret' } }));
  const lamp = await Listener.open(url, { login: { username: 'lamp', password: 'secret' } });
  await lamp.on(`${BASE}/availability`, 'online');
  await lamp.close();
  await box.close();
});

test('commands that are malformed, for nobody, or a test are each answered', async (t) => {
  const box = await openBox({});
  const lamp = await Listener.open(`mqtt://127.0.0.1:${box.sink.port ?? 0}`);
  await lamp.on(`${BASE}/availability`, 'online');
  await lamp.client.publishAsync(`${BASE}/cmd/acknowledge`, 'ack!', { qos: 1 });
  const [broken] = await lamp.on(`${BASE}/cmd/acknowledge/result`);
  t.regex(broken?.payload ?? '', /^\{"id":null,"ok":false,"error":"request: /);
  await lamp.ask(`${BASE}/cmd/acknowledge`, { id: 'r2', alertId: 'nobody' });
  await lamp.until('unknown', (heard) => heard.payload.includes('no such unacknowledged alert'));
  await lamp.ask(`${BASE}/cmd/lamp`, { id: 'r3', level: 2 });
  await lamp.on(`${BASE}/cmd/lamp/result`, '{"id":"r3","ok":false,"error":"no such lamp"}');
  await lamp.ask(`${BASE}/cmd/testAlarm`, { id: 'r4', level: 2 });
  await lamp.on(`${BASE}/alert/level`, '2');
  await lamp.close();
  await box.close();
});

test('rubbish on the broker’s port harms nobody', async (t) => {
  const box = await openBox({});
  const port = box.sink.port ?? 0;
  for (const rubbish of [
    'GET / HTTP/1.0\r\n\r\n',
    '\u0010\u00ff\u00ff\u00ff\u007f',
    '\u0000'.repeat(99),
  ]) {
    await new Promise<void>((resolve) => {
      const socket = connectSocket(port, '127.0.0.1', () => {
        socket.write(Buffer.from(rubbish, 'latin1'), () => {
          socket.destroy();
        });
      });
      socket.on('error', () => undefined);
      socket.once('close', () => {
        resolve();
      });
    });
  }
  const lamp = await Listener.open(`mqtt://127.0.0.1:${port}`);
  await lamp.on(`${BASE}/availability`, 'online');
  t.true(box.sink.isUp);
  await lamp.close();
  await box.close();
});
