import test from 'ava';
import { lampArrivalTopic, lampMessage } from './lamp.js';
import { mqttConfig } from './mqtt-config.js';

const problems = (value: unknown): readonly string[] => {
  const parsed = mqttConfig.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'));
};

test('without a table the broker is embedded, on loopback, with numbers masked', (t) => {
  const config = mqttConfig.parse({});
  t.deepEqual([config.broker, config.host, config.port], ['embedded', '127.0.0.1', 1_883]);
  t.false(config.fullNumbers);
});

test('the embedded broker leaves loopback only with a user', (t) => {
  t.deepEqual(problems({ host: '0.0.0.0' }), ['host']);
  t.deepEqual(problems({ host: '0.0.0.0', username: 'lamp', passwordFile: 'secrets/mqtt' }), []);
  t.deepEqual(problems({ host: '::1' }), []);
  t.deepEqual(problems({ username: 'lamp' }), ['passwordFile']);
});

test('a broker is named by an MQTT address', (t) => {
  t.deepEqual(problems({ broker: 'mqtts://broker.example:8883' }), []);
  for (const broker of ['http://x', 'mqtt://', 'broker.example', 'mqtt://a b']) {
    t.deepEqual(problems({ broker }), ['broker']);
  }
});

test('lamps have different names and topics without wildcards', (t) => {
  const lamp = { name: 'counter', kind: 'raw', topic: 'shop/lamp' };
  t.deepEqual(problems({ lamp: [lamp, lamp] }), ['lamp']);
  t.deepEqual(problems({ lamp: [{ ...lamp, topic: 'shop/#' }] }), ['lamp.0.topic']);
});

test('each kind of lamp is told in its own words', (t) => {
  const tell = (
    kind: 'tasmota' | 'zigbee2mqtt' | 'patlite' | 'home-assistant' | 'raw',
    level: 0 | 3,
  ) => lampMessage({ name: 'a', kind, topic: 'cmnd/lamp1' }, { level, overdueStage: 0 });
  t.deepEqual(tell('tasmota', 3), { topic: 'cmnd/lamp1/POWER', payload: 'ON', retain: false });
  t.is(tell('tasmota', 0).payload, 'OFF');
  t.is(tell('patlite', 3).payload, '{"alert":"200001"}');
  t.is(tell('patlite', 0).payload, '{"alert":"000000"}');
  t.deepEqual(JSON.parse(tell('zigbee2mqtt', 3).payload), {
    state: 'ON',
    brightness: 254,
    color: { r: 255, g: 0, b: 0 },
  });
  t.is(tell('zigbee2mqtt', 3).topic, 'cmnd/lamp1/set');
  t.deepEqual(tell('raw', 0), { topic: 'cmnd/lamp1', payload: 'OFF', retain: true });
});

test('an alert that nobody acknowledged looks different on a PATLITE', (t) => {
  const lamp = { name: 'a', kind: 'patlite', topic: 'patlite' } as const;
  for (const level of [1, 2, 3] as const) {
    const fresh = lampMessage(lamp, { level, overdueStage: 0 });
    t.notDeepEqual(lampMessage(lamp, { level, overdueStage: 1 }), fresh);
  }
});

test('a Tasmota lamp tells of its arrival on its own topic', (t) => {
  t.is(lampArrivalTopic({ name: 'a', kind: 'tasmota', topic: 'cmnd/lamp1' }), 'tele/lamp1/LWT');
  t.is(lampArrivalTopic({ name: 'a', kind: 'raw', topic: 'cmnd/lamp1' }), null);
});
