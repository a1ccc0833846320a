import { createSocket } from 'node:dgram';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { SHOP_HZ } from '../harness/audio.js';
import { startPhone } from '../harness/baresip.js';
import { Box, BOX_ID, startBox, writeBoxConfig } from '../harness/box.js';
import { beHungUp, dialBox, startCaller, startGateway, upToAck } from '../harness/flows.js';
import { publish, startLamp, startMosquitto } from '../harness/mosquitto.js';
import { peerTest } from '../harness/peer-test.js';
import { openPlace, SIP_PORT } from '../harness/place.js';
import { LineCall } from '../harness/sipp-messages.js';
import { scenario } from '../harness/sipp-scenario.js';

peerTest([], 'a SIP port that is taken: exit 78, and which port by what setting', async (t) => {
  const place = await openPlace(t);
  const other = createSocket('udp4');
  t.teardown(() => void other.close());
  await new Promise<void>((resolve) => other.bind(SIP_PORT, place.box, resolve));
  const box = new Box(t, place, await writeBoxConfig(place));
  t.deepEqual(await box.exited, { code: 78, signal: null });
  t.regex(box.lines.tail(), /sip\.port.*5060/);
});

peerTest([], 'an MQTT port that is taken: exit 78, and which port by what setting', async (t) => {
  const place = await openPlace(t);
  const other = createServer();
  t.teardown(() => void other.close());
  await new Promise<void>((resolve) => void other.listen(1_883, place.box, resolve));
  const box = new Box(t, place, await writeBoxConfig(place));
  t.deepEqual(await box.exited, { code: 78, signal: null });
  t.regex(box.lines.tail(), /mqtt\.port.*1883/);
});

peerTest([], 'a bad configuration: exit 78, and every problem at once', async (t) => {
  const place = await openPlace(t);
  const config = await writeBoxConfig(place);
  const text = (await readFile(config, 'utf8'))
    .replace('profile = "generic"', 'profile = "hwg"')
    .replace('user = "3"', 'usr = "3"')
    .replace('id = "sakura"', 'id = "Sakura Shop"');
  await writeFile(config, text);
  await appendFile(config, '[call]\nringSeconds = 1\n');
  const box = new Box(t, place, config);
  t.deepEqual(await box.exited, { code: 78, signal: null });
  const said = box.lines.all.join('\n');
  for (const path of ['box.id', 'line.profile', 'line.usr', 'call.ringSeconds']) {
    t.true(said.includes(path), `${path} in:\n${said}`);
  }
  t.regex(said, /line\.usr.*\buser\b/, 'the nearest known key is named');
  const check = await box.command('check-config', config);
  t.is(check.exit.code, 78);
});

peerTest(
  ['baresip'],
  'with a broken model file calls go on and are recorded, and the state says that nobody listens',
  async (t) => {
    const place = await openPlace(t);
    const models = join(place.folder, 'models');
    await mkdir(models);
    for (const name of ['manifest.json', 'ear-v0.json', 'ear-v0.onnx', 'vad.onnx']) {
      await writeFile(join(models, name), 'no model');
    }
    const box = await startBox(t, place, {
      detector: true,
      more: { detector: ['modelsDirectory = "models"'] },
    });
    const phone = await startPhone(t, place, '201', { says: SHOP_HZ });
    const caller = await startCaller(t, place);
    await dialBox(caller, place);
    await phone.event('CALL_RTPESTAB');
    const mqtt = await box.mqtt();
    await mqtt.until(
      'a detector that does not listen',
      ({ topic, payload }) =>
        topic.endsWith('/state') && /"detector":"(?!listening|starting|up)/.test(payload),
    );
    await new Promise((resolve) => setTimeout(resolve, 800));
    await caller.command('hangup');
    await box.callsEnded();
    const call = await box.onlyCall();
    t.is(call.outcome, 'answered');
    t.true((call.recording?.bytes ?? 0) > 0);
    t.deepEqual(await box.stop(), { code: 0, signal: null });
  },
);

peerTest(
  ['mosquitto', 'mosquitto_sub'],
  'a lamp at mosquitto sees the alert level rise to 3 and fall to 0 when somebody acknowledges',
  async (t) => {
    const place = await openPlace(t);
    const brokerUrl = await startMosquitto(t, place);
    const lamp = startLamp(t, brokerUrl, `tatebako/${BOX_ID}/alert/level`);
    const answers = startLamp(t, brokerUrl, `tatebako/${BOX_ID}/cmd/+/result`);
    const box = new Box(t, place, await writeBoxConfig(place, { broker: brokerUrl }));
    await box.ready();
    const level = (n: number) => (line: string) => line.endsWith(`/alert/level ${n}`);
    await lamp.lines.until('level 0', level(0));
    const at = new Date().toISOString();
    const command = (name: string): string => `tatebako/${BOX_ID}/cmd/${name}`;
    await publish(t, brokerUrl, command('testAlarm'), JSON.stringify({ id: 'a', at, level: 3 }));
    await lamp.lines.until('level 3', level(3));
    await publish(t, brokerUrl, command('acknowledge'), JSON.stringify({ id: 'b', at }));
    await answers.lines.until('answer', (line) => /acknowledge\/result .*"ok":true/.test(line));
    await lamp.lines.until('level 0 again', level(0), { count: 2 });
    t.deepEqual(await box.stop(), { code: 0, signal: null });
    t.deepEqual(lamp.lines.all.map((line) => line.split(' ')[1]).slice(0, 3), ['0', '3', '0']);
  },
);

peerTest(
  ['sipp'],
  'SIGTERM in the middle of a call: both sides get a BYE, the record is complete, exit 0',
  async (t) => {
    const place = await openPlace(t);
    const box = await startBox(t, place, { announcement: 'builtIn' });
    const call = new LineCall();
    const gateway = await startGateway(t, place, {
      scenario: scenario(...upToAck(call), ...beHungUp()),
    });
    await box.log.until('a call', (line) => line.event === 'callIncoming');
    const exit = await box.stop();
    t.deepEqual(exit, { code: 0, signal: null });
    await gateway.done();
    await box.startAgain();
    t.like(await box.onlyCall(), { endedBy: 'box' });
  },
);
