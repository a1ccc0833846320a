import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { silentLog, systemClock } from '../../base/index.js';
import { createDeviceSink, type DeviceKeyPress, type DeviceState } from './index.js';
import { startAgentChild, startFirmware } from './testing/child-lines.js';

async function openFolder(t: ExecutionContext) {
  const folder = await mkdtemp(join(tmpdir(), 'tatebako-dev-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const configFile = join(folder, 'tatebako.toml');
  await writeFile(configFile, '[firmware]\nsocket = "fw.sock"\n');
  return { configFile, socketPath: join(folder, 'data', 'fw.sock') };
}

const STATUS = { level: 0, overdueStage: 0, open: [], faults: [] } as const;

test('killed with SIGKILL, the agent is missed: fault on the lamp and line bypassed within 5 s, all well when it is back', async (t) => {
  t.timeout(60_000);
  const { configFile, socketPath } = await openFolder(t);
  const firmware = startFirmware(configFile);
  await firmware.seen('hardwareServed');
  const agent = startAgentChild(socketPath, 2);
  t.teardown(() => Promise.all([firmware.end('SIGKILL'), agent.end('SIGKILL')]));
  await firmware.seen('"pattern":"level2"');
  await firmware.seen('"isLineOnBox":true');
  const from = firmware.lines.length;
  const killedMs = performance.now();
  await agent.end('SIGKILL');
  const faultMs = await firmware.seen('"pattern":"fault"', from);
  const bypassedMs = await firmware.seen('"isLineOnBox":false', from);
  t.true(faultMs - killedMs <= 5_000, `fault after ${faultMs - killedMs} ms`);
  t.true(bypassedMs - killedMs <= 5_000, `bypass after ${bypassedMs - killedMs} ms`);
  const next = startAgentChild(socketPath, 0);
  t.teardown(() => next.end('SIGKILL'));
  const again = firmware.lines.length;
  await firmware.seen('"pattern":"ready"', again);
  await firmware.seen('"isLineOnBox":true', again);
  t.is(await firmware.end('SIGTERM'), 0);
});

test('SOS on the box reaches the agent, even when it was pressed before the agent came', async (t) => {
  t.timeout(60_000);
  const { configFile, socketPath } = await openFolder(t);
  const firmware = startFirmware(configFile);
  t.teardown(() => firmware.end('SIGKILL'));
  await firmware.seen('hardwareServed');
  firmware.process.kill('SIGUSR1');
  await firmware.seen('"keyPressed"');
  const agent = startAgentChild(socketPath, 0);
  t.teardown(() => agent.end('SIGKILL'));
  await agent.seen('{"key":"sos","heldMs":0}');
  const pressedMs = performance.now();
  firmware.process.kill('SIGUSR2');
  const heardMs = await agent.seen('{"key":"acknowledge","heldMs":0}');
  t.true(heardMs - pressedMs < 300, `${heardMs - pressedMs} ms`);
});

test('without the daemon the sink is away and quiet; when it starts, or starts anew, it is told what to show', async (t) => {
  t.timeout(60_000);
  const { configFile, socketPath } = await openFolder(t);
  const states: DeviceState[] = [];
  const keys: DeviceKeyPress[] = [];
  let onHere: () => void = () => undefined;
  const nextHere = (): Promise<void> =>
    new Promise((resolve) => {
      onHere = resolve;
    });
  let isHere = nextHere();
  const sink = createDeviceSink({
    socketPath,
    clock: systemClock,
    log: silentLog,
    onKey: (press) => keys.push(press),
    onState: (state) => {
      states.push(state);
      if (state === 'here') onHere();
    },
  });
  t.teardown(() => sink.close());
  t.is(sink.state, 'away');
  sink.show?.({ ...STATUS, level: 3 });
  sink.setActivity({ callsActive: 1 });
  const first = startFirmware(configFile);
  t.teardown(() => first.end('SIGKILL'));
  await first.seen('"pattern":"level3"');
  await first.seen('"isLineOnBox":true');
  await isHere;
  t.deepEqual(states, ['here']);
  isHere = nextHere();
  sink.show?.(STATUS);
  await first.seen('"pattern":"onCall"');
  await first.end('SIGKILL');
  const second = startFirmware(configFile);
  t.teardown(() => second.end('SIGKILL'));
  await second.seen('"pattern":"onCall"');
  // Within one renewal the daemon may be gone and back unnoticed.
  if (sink.state === 'away') await isHere;
  t.deepEqual(keys, []);
});

test('changes in quick succession end with the last one on the lamp', async (t) => {
  t.timeout(60_000);
  const { configFile, socketPath } = await openFolder(t);
  const firmware = startFirmware(configFile);
  t.teardown(() => firmware.end('SIGKILL'));
  const sink = createDeviceSink({
    socketPath,
    clock: systemClock,
    log: silentLog,
    onKey: () => undefined,
  });
  t.teardown(() => sink.close());
  await firmware.seen('"pattern":"ready"');
  for (let i = 0; i < 200; i += 1) sink.show?.({ ...STATUS, level: i % 2 === 0 ? 1 : 2 });
  sink.show?.({ ...STATUS, level: 3 });
  await firmware.seen('"pattern":"level3"');
  const patterns = firmware.lines.filter((line) => line.includes('"event":"pattern"'));
  t.regex(patterns.at(-1) ?? '', /"level3"/);
});
