import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { readWav } from 'node-mediastream';

const run = promisify(execFile);
const COMMAND = fileURLToPath(new URL('../../../../bin/tatebako.mjs', import.meta.url));

test('the demonstration announces, bridges, records and alerts, and leaves both sides on separate channels', async (t) => {
  t.timeout(180_000);
  const folder = await mkdtemp(join(tmpdir(), 'tatebako-demo-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const words = ['demo', '--once', '--quiet', '--record', folder];
  const { stdout } = await run(process.execPath, [COMMAND, ...words], { timeout: 170_000 });
  t.regex(stdout, /announced, bridged, recorded, alerted/);
  const { channels, sampleRateHz } = readWav(await readFile(join(folder, 'call.wav')));
  t.is(sampleRateHz, 8_000);
  t.is(channels.length, 2);
  const call: unknown = JSON.parse(await readFile(join(folder, 'call.json'), 'utf8'));
  t.like(call, { outcome: 'answered', answeredBy: '201', announcement: { completed: true } });
  const events = (await readFile(join(folder, 'events.jsonl'), 'utf8')).trim().split('\n');
  t.true(events.some((line) => line.includes('"change":"raised"')));
});
