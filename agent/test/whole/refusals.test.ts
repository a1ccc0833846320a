import { createSocket } from 'node:dgram';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { Box, writeBoxConfig, type BoxOptions } from '../harness/box.js';
import { Child, type Exit } from '../harness/child.js';
import { openPlace, SIP_PORT, type Place } from '../harness/place.js';
import { OutsideLine } from './testing/party.js';
import { at, openScene, openSceneAt, statusOf, talk, wholeTest } from './testing/whole-test.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const COMMAND = join(ROOT, 'bin/tatebako.mjs');
const BAD_CONFIG = 78;

/** Starts an agent that should not start. @returns how it ended, and what it said to the person */
async function refusal(
  t: ExecutionContext,
  config: string,
): Promise<{ readonly exit: Exit; readonly said: string }> {
  const child = new Child(t, 'agent', [process.execPath, COMMAND, 'run', '--config', config]);
  const exit = await child.exit();
  const said = child.lines.all.filter((line) => !line.startsWith('{')).join('\n');
  return { exit, said };
}

async function takeUdp(t: ExecutionContext, address: string, port: number): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(port, address, resolve));
  t.teardown(() => void socket.close());
}

async function takeTcp(t: ExecutionContext, address: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  t.teardown(() => void server.close());
}

const TAKEN: readonly (readonly [string, (t: ExecutionContext, place: Place) => Promise<void>])[] =
  [
    ['sip.port', (t, place) => takeUdp(t, place.box, SIP_PORT)],
    ['sip.port', (t, place) => takeTcp(t, place.box, SIP_PORT)],
    ['mqtt.port', (t, place) => takeTcp(t, place.box, 1_883)],
  ];
for (const [n, [setting, take]] of TAKEN.entries()) {
  const transport = n === 0 ? 'UDP' : 'TCP';
  wholeTest(
    `a ${transport} port that another program has ends the agent with 78 and names ${setting}`,
    async (t) => {
      const place = await openPlace(t);
      await take(t, place);
      const { exit, said } = await refusal(t, await writeBoxConfig(place));
      t.deepEqual(exit, { code: BAD_CONFIG, signal: null });
      t.regex(said, new RegExp(`: ${setting.replace('.', '\\.')}: expected a free port, found`));
      t.is(said.split('\n').length, 1);
    },
  );
}

wholeTest(
  'a second agent on the same data directory ends with 78; the first goes on',
  async (t) => {
    const scene = await openScene(t);
    const second = { box: `${scene.place.box.slice(0, -1)}9` };
    const text = await readFile(scene.box.config, 'utf8');
    const config = join(scene.place.folder, 'second.toml');
    await writeFile(config, text.replaceAll(`"${scene.place.box}"`, `"${second.box}"`));
    const { exit, said } = await refusal(t, config);
    t.is(exit.code, BAD_CONFIG);
    t.regex(said, /box\.dataDirectory: expected a directory that no other agent uses/);
    const { caller } = await talk(scene);
    caller.hangUp();
  },
);

wholeTest(
  'with every RTP port taken a call is refused with 503, a fault stands, and the next call passes',
  async (t) => {
    const place = await openPlace(t);
    const sockets: ReturnType<typeof createSocket>[] = [];
    for (let port = place.rtpFirstPort; port <= place.rtpLastPort; port += 1) {
      const socket = createSocket('udp4');
      sockets.push(socket);
      await new Promise<void>((resolve) => socket.bind(port, place.box, resolve));
    }
    const scene = await openSceneAt(t, place);
    const refused = await scene.line.call();
    const end = await refused.ended();
    t.is(end.status, 503);
    const status = await statusOf(scene.box);
    t.log(JSON.stringify(at(status, 'alerts', 'faults')));
    const faults = at(status, 'alerts', 'faults');
    t.true(Array.isArray(faults) && faults.length === 1);
    for (const socket of sockets) socket.close();
    const { caller } = await talk(scene);
    caller.hangUp();
    const after = await statusOf(scene.box);
    t.deepEqual(at(after, 'alerts', 'faults'), []);
  },
);

/** Files with something wrong, and what the person reads of it. */
const FILES: readonly {
  readonly what: string;
  readonly options?: BoxOptions;
  readonly change: (text: string) => string | Uint8Array;
  readonly says: readonly RegExp[];
}[] = [
  {
    what: 'five mistakes in five tables are told at once',
    change: (text) =>
      text
        .replace('id = "sakura"', 'id = "Sakura!"')
        .replace(/firstPort = \d+/, 'firstPort = "6O"')
        .replace('[detector]', '[detector]\nenabeld = true')
        .replace('profile = "generic"', 'profile = "genric"')
        .replace('broker = "embedded"', 'broker = "embeded"'),
    says: [
      /box\.id: expected /,
      /rtp\.firstPort: expected .*found "6O"/,
      /detector\.enabeld: .*did you mean enabled\?/,
      /line\.profile: expected one of "hgw", "ht813", "generic", found "genric"/,
      /mqtt\.broker: expected /,
    ],
  },
  {
    what: 'full-width digits are no number',
    change: (text) => text.replace(/gatewayPort = \d+/, 'gatewayPort = "５０６０"'),
    says: [/line\.gatewayPort: expected a whole number.*found "５０６０"/],
  },
  {
    what: 'bare full-width digits are broken TOML, and the place is told',
    change: (text) => text.replace(/gatewayPort = \d+/, 'gatewayPort = ５０６０'),
    says: [/line \d+, column \d+: expected TOML 1\.0/],
  },
  {
    what: 'an empty file lacks every table that must be there',
    change: () => '',
    says: [/: box: expected a table, found nothing/, /: sip: expected/, /: line: expected/],
  },
  {
    what: 'bytes that are no UTF-8 are refused',
    change: (text) =>
      Buffer.concat([
        Buffer.from(text),
        Buffer.from('# '),
        Buffer.from([0x82, 0xb3, 0x82, 0xad, 0x0a]),
      ]),
    says: [/UTF-8/],
  },
];
for (const { what, change, says } of FILES) {
  wholeTest(`in a configuration ${what}`, async (t) => {
    const place = await openPlace(t);
    const config = await writeBoxConfig(place);
    await writeFile(config, change(await readFile(config, 'utf8')));
    const { exit, said } = await refusal(t, config);
    t.is(exit.code, BAD_CONFIG, said);
    for (const sentence of says) t.regex(said, sentence);
    if (!says.some((sentence) => sentence.source.includes('found nothing'))) {
      t.is(said.split('\n').length, says.length, said);
    }
    t.notRegex(said, /\n {4}at /);
  });
}

wholeTest('a byte order mark and CRLF, as Notepad writes them, change nothing', async (t) => {
  const place = await openPlace(t);
  const config = await writeBoxConfig(place);
  const text = await readFile(config, 'utf8');
  await writeFile(config, `\uFEFF${text.replaceAll('\n', '\r\n')}`);
  const box = new Box(t, place, config);
  const { exit, output } = await box.command('check-config', config);
  t.is(exit.code, 0, output);
});

wholeTest('a directory in place of the file, and one that is not there, end with 78', async (t) => {
  const place = await openPlace(t);
  const folder = join(place.folder, 'tatebako.d');
  await mkdir(folder);
  for (const config of [folder, join(place.folder, 'nothing.toml')]) {
    const { exit, said } = await refusal(t, config);
    t.is(exit.code, BAD_CONFIG);
    t.regex(said, /expected a readable file/);
    t.notRegex(said, /\n {4}at /);
  }
});

wholeTest(
  'a password that others can read is refused, with the command that mends it',
  async (t) => {
    const place = await openPlace(t);
    const config = await writeBoxConfig(place);
    await chmod(join(place.folder, 'phone-201'), 0o644);
    const { exit, said } = await refusal(t, config);
    t.is(exit.code, BAD_CONFIG);
    t.regex(
      said,
      /phone\[0\]\.passwordFile: expected .*mode 0600.*found .*mode 0644; chmod 0600 it/,
    );
    t.notRegex(said, /shop-201-pass/);
  },
);

wholeTest('a data directory that cannot be written ends with 78 and names it', async (t) => {
  const place = await openPlace(t);
  const config = await writeBoxConfig(place);
  const text = await readFile(config, 'utf8');
  await writeFile(join(place.folder, 'plain-file'), 'not a folder');
  await writeFile(config, text.replace('"data"', '"plain-file"'));
  const { exit, said } = await refusal(t, config);
  t.is(exit.code, BAD_CONFIG, said);
  t.regex(said, /box\.dataDirectory: expected/);
  await OutsideLine.open(t, place);
});
