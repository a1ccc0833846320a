import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { numberOf, openBox, THREAT } from '../../mqtt/testing/box-on-mqtt.js';
import { Gate } from '../../mqtt/testing/gate.js';
import { Listener } from '../../mqtt/testing/listener.js';

const BASE = 'tatebako/sakura';
const isAlertEvent = (heard: { readonly topic: string }): boolean =>
  heard.topic === `${BASE}/event/alert`;

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => {
        resolve(port);
      });
    });
  });

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connectSocket(port, '127.0.0.1');
    const answer = (isOpen: boolean) => () => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
  });

/** A mosquitto of this test, killed by its process id. */
class Mosquitto {
  readonly port: number;
  readonly #configFile: string;
  #process: ChildProcess | undefined;

  constructor(port: number, configFile: string) {
    this.port = port;
    this.#configFile = configFile;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const path = `${process.env['PATH'] ?? ''}:/usr/sbin`;
    const options = { stdio: 'ignore', env: { ...process.env, PATH: path } } as const;
    this.#process = spawn('mosquitto', ['-c', this.#configFile], options);
    for (let i = 0; i < 200; i += 1) {
      if (await isListening(this.port)) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('mosquitto did not start');
  }

  async kill(): Promise<void> {
    const running = this.#process;
    if (running === undefined) return;
    this.#process = undefined;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await gone;
  }
}

async function openMosquitto(
  t: { teardown(run: () => Promise<void>): void },
  extra: readonly string[] = ['allow_anonymous true'],
): Promise<Mosquitto> {
  const folder = await mkdtemp(join(tmpdir(), 'tatebako-mosquitto-'));
  const port = await freePort();
  const configFile = join(folder, 'mosquitto.conf');
  // Nagle's algorithm off, or each small message waits 40 ms.
  const lines = [`listener ${port} 127.0.0.1`, 'persistence false', 'set_tcp_nodelay true'];
  await writeFile(configFile, [...lines, ...extra].join('\n'));
  const broker = new Mosquitto(port, configFile);
  t.teardown(async () => {
    await broker.kill();
    await rm(folder, { recursive: true });
  });
  await broker.start();
  return broker;
}

/** Runs one of mosquitto's own clients; @returns what it printed */
function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    child.once('error', reject);
    child.once('close', () => {
      resolve(output);
    });
  });
}

test('mosquitto is spoken to in MQTT 5, and its clients see and acknowledge an alarm', async (t) => {
  const broker = await openMosquitto(t);
  const box = await openBox({ broker: broker.url });
  const watcher = await Listener.open(broker.url, { version: 5 });
  await watcher.on(`${BASE}/availability`, 'online');
  t.is(box.sink.version, 5);
  await box.alerts.raise(THREAT, { callId: 'c1' });
  await watcher.on(`${BASE}/alert/level`, '3');
  const at = ['-h', '127.0.0.1', '-p', String(broker.port), '-q', '1'];
  const level = await run('mosquitto_sub', [
    ...at,
    '-t',
    `${BASE}/alert/level`,
    '-C',
    '1',
    '-W',
    '10',
  ]);
  t.is(level, '3\n');
  const answer = run('mosquitto_sub', [
    ...at,
    ...['-t', `${BASE}/cmd/acknowledge/result`, '-C', '1', '-W', '10'],
  ]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await run('mosquitto_pub', [...at, '-t', `${BASE}/cmd/acknowledge`, '-m', '{"id":"p1"}']);
  t.is(await answer, '{"id":"p1","ok":true,"error":null}\n');
  await watcher.on(`${BASE}/alert/level`, '0');
  for (const heard of watcher.heard) t.notRegex(heard.payload, /殺すぞ/);
  await watcher.close();
  await box.close();
});

test('mosquitto killed again and again: what it had not taken arrives, once, and the level stands', async (t) => {
  const broker = await openMosquitto(t);
  const gate = await Gate.open(broker.port);
  const box = await openBox({ broker: gate.url });
  const seqOf = new Map<string, number>();
  const rounds = 4;
  for (let round = 0; round < rounds; round += 1) {
    // The gate keeps the box out until somebody listens at the new broker.
    const watcher = await Listener.open(broker.url, { version: 5 });
    gate.letIn();
    const lastOfRoundBefore = `"seq":${3 * round},`;
    if (round > 0) await watcher.until('what waited', (h) => h.payload.includes(lastOfRoundBefore));
    await watcher.on(`${BASE}/alert/level`, round === 0 ? '0' : '3');
    await box.alerts.raise(THREAT, { callId: `before-${round}` });
    await watcher.until('before', (h) => h.payload.includes(`"seq":${3 * round + 1},`));
    // The alert that is on its way when the broker dies is the hard one.
    const crossing = box.alerts.raise(THREAT, { callId: `crossing-${round}` });
    const killed = broker.kill();
    gate.shut();
    await Promise.all([crossing, killed]);
    await box.alerts.raise(THREAT, { callId: `away-${round}` });
    for (const { payload } of watcher.heard.filter(isAlertEvent)) {
      const { id, seq } = numberOf(payload);
      t.true(seqOf.get(id) === undefined || seqOf.get(id) === seq);
      seqOf.set(id, seq);
    }
    await watcher.close();
    await broker.start();
  }
  const seqs = [...seqOf.values()].sort((a, b) => a - b);
  t.is(new Set(seqs).size, seqs.length);
  // The last round's two still wait; a crossing one may have died inside mosquitto, after its PUBACK.
  const isCertain = (seq: number): boolean => seq % 3 !== 2;
  t.deepEqual(
    seqs.filter(isCertain),
    Array.from({ length: 3 * rounds - 1 }, (_, i) => i + 1).filter(isCertain),
  );
  await box.close();
  gate.close();
});

test('the box falls silent without a word: its last will says offline', async (t) => {
  const broker = await openMosquitto(t);
  const watcher = await Listener.open(broker.url, { version: 5 });
  const box = await openBox({ broker: broker.url, willDelayS: 0, clientId: 'the-box' });
  await watcher.on(`${BASE}/availability`, 'online');
  // Whoever takes the same client id cuts the box off without its farewell (MQTT 5 §3.1.4).
  const thief = await Listener.open(broker.url, { version: 5, login: { clientId: 'the-box' } });
  await watcher.on(`${BASE}/availability`, 'offline');
  await thief.close();
  await watcher.until(
    'online again',
    (heard) => heard.topic.endsWith('/availability') && heard.payload === 'online',
    2,
  );
  t.is(box.sink.version, 5);
  await watcher.close();
  await box.close();
});

test('a request of long ago is refused through mosquitto too', async (t) => {
  const broker = await openMosquitto(t);
  const watcher = await Listener.open(broker.url, { version: 5 });
  const box = await openBox({ broker: broker.url });
  await watcher.on(`${BASE}/availability`, 'online');
  await box.alerts.raise(THREAT, { callId: 'c1' });
  await watcher.ask(`${BASE}/cmd/acknowledge`, { id: 'old', at: '2020-01-01T00:00:00+09:00' });
  await watcher.on(
    `${BASE}/cmd/acknowledge/result`,
    '{"id":"old","ok":false,"error":"expired: older than 60 s"}',
  );
  t.is(box.alerts.level, 3);
  await watcher.close();
  await box.close();
});

test('a wrong password keeps the box out and waiting, and it stays with MQTT 5', async (t) => {
  const broker = await openMosquitto(t, ['allow_anonymous false']);
  const box = await openBox(
    { broker: broker.url, username: 'a', passwordFile: 'b' },
    { password: 'c' },
  );
  await box.alerts.raise(THREAT, { callId: 'c1' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.false(box.sink.isUp);
  t.is(box.sink.version, 5);
  t.is(box.sink.waiting, 1);
  await box.close();
});

test('a broker that allows the box its own topics alone still gets its alarms', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tatebako-acl-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const acl = join(folder, 'acl');
  await writeFile(acl, `topic write ${BASE}/#\ntopic read ${BASE}/event/#\n`, { mode: 0o644 });
  await chmod(folder, 0o755);
  const broker = await openMosquitto(t, ['allow_anonymous true', `acl_file ${acl}`]);
  const watcher = await Listener.open(broker.url, { filter: `${BASE}/event/#` });
  const box = await openBox({ broker: broker.url });
  await box.alerts.raise(THREAT, { callId: 'c1' });
  const [heard] = await watcher.until('the alert', isAlertEvent);
  t.is(numberOf(heard?.payload ?? '').seq, 1);
  await watcher.close();
  await box.close();
});
