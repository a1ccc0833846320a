import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { z } from 'zod';
import { CALLS, STATUS } from '../control/testing/fake-box.js';

const COMMAND = fileURLToPath(new URL('../../../bin/tatebako.mjs', import.meta.url));
const AGENT = fileURLToPath(new URL('./testing/fake-agent.js', import.meta.url));

interface Outcome {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(words: readonly string[], cwd: string): Promise<Outcome> {
  const child = spawn(process.execPath, [COMMAND, ...words], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (part) => (out += String(part)));
  child.stderr.on('data', (part) => (err += String(part)));
  await once(child, 'close');
  return { exit: child.exitCode, out, err };
}

let folder = '';
let withoutAgent = '';
let agent: ReturnType<typeof spawn> | undefined;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tatebako-cli-'));
  withoutAgent = join(folder, 'none');
  await mkdir(withoutAgent);
  await writeFile(join(folder, 'tatebako.toml'), '[box]\nlanguage = "ja"\n');
  const child = spawn(process.execPath, [AGENT, join(folder, 'data/run/agent.sock')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  agent = child;
  await once(child.stdout, 'data');
});

test.after.always(async () => {
  agent?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

test.serial('status is a page in Japanese with its columns aligned', async (t) => {
  const { exit, out, err } = await run(['status'], folder);
  t.deepEqual([exit, err], [0, '']);
  t.is(
    out,
    `さくら商店 (sakura)  tatebako 0.1.0  2026-11-22 09:00 起動

警報      レベル 2 警告  未確認 1 件
回線      登録済み  hgw
録音      録音中
聞き取り  聞き取り中
保存領域  正常  空き 51.3 GB
表示灯    接続
故障      なし

電話機
  内線  名前        状態      通話
  201   カウンター  登録済み  通話中
  202   Office      未登録    –

通話中
  相手           向き  段階   時間  応対  ID
  090-0000-1234  着信  応答  12:34  201   call-3

警報
  時刻              レベル         種類  理由          状態    ID
  2026-11-22 14:02  レベル 2 警告  暴言  「馬鹿野郎」  未確認  alert-1
`,
  );
});

test.serial('status --json is what the box says, whole', async (t) => {
  const { exit, out } = await run(['status', '--json'], folder);
  t.is(exit, 0);
  t.deepEqual(JSON.parse(out), STATUS);
});

test.serial('the language follows --lang before the configuration', async (t) => {
  const { out } = await run(['--lang', 'en', 'status'], folder);
  t.regex(out, /^Line +registered {2}hgw$/m);
});

test.serial(
  'without an agent every command that needs one says how to start it, exit 69',
  async (t) => {
    for (const words of [
      ['status'],
      ['calls'],
      ['panic'],
      ['token', 'create', '--role', 'auditor'],
    ]) {
      const { exit, out, err } = await run(words, withoutAgent);
      t.deepEqual([exit, out], [69, ''], words.join(' '));
      t.regex(
        err,
        /エージェントに接続できません .*agent\.sock.*tatebako run --config tatebako\.toml/,
      );
    }
  },
);

test.serial('a configuration that is named and not there, or is broken, is exit 78', async (t) => {
  const broken = join(folder, 'broken.toml');
  await writeFile(broken, '[box]\nlanguage = "fr"\n');
  const missing = await run(['status', '--config', 'nowhere.toml'], folder);
  t.is(missing.exit, 78);
  t.regex(missing.err, /nowhere\.toml/);
  const wrong = await run(['status', '--config', broken], folder);
  t.is(wrong.exit, 78);
  t.regex(wrong.err, /box\.language: expected one of "ja", "en", found "fr"/);
  const checked = await run(['check-config', broken], folder);
  t.is(checked.exit, 78);
  t.true(checked.err.trimEnd().split('\n').length > 2);
  const started = await run(['run', '--config', broken], folder);
  t.is(started.exit, 78);
  const daemon = await run(['firmware', '--config', broken], folder);
  t.is(daemon.exit, 78);
  t.regex(daemon.err, /--simulate/);
});

test.serial('wrong usage is exit 64 with a word about it; help is exit 0', async (t) => {
  const wrong = [
    ['fly'],
    ['status', '--jsn'],
    ['calls', '--since', 'yesterday'],
    ['calls', '--limit', '0'],
    ['calls', 'audio', 'call-2'],
    ['token', 'create'],
    ['token', 'create', '--role', 'owner'],
    ['token', 'create', '--role', 'auditor', '--days', '4000'],
    ['check-config'],
  ];
  for (const words of wrong) {
    const { exit, out, err } = await run(words, folder);
    t.deepEqual([exit, out], [64, ''], words.join(' '));
    t.not(err, '', words.join(' '));
  }
  t.is((await run(['--help'], folder)).exit, 0);
  t.is((await run(['calls', '--help'], folder)).exit, 0);
});

test.serial(
  'calls are listed newest first; what a caller calls himself cannot steer the terminal',
  async (t) => {
    const { exit, out } = await run(['calls'], folder);
    t.is(exit, 0);
    t.is(
      out,
      `開始              向き  相手           応対  時間  結果      警報  ID
2026-11-22 13:03  着信  090-0000-1234  201   9:50  応答         3  call-2
2026-11-22 12:03  着信  非通知\ufffd[2J     –        –  応答なし     –  call-1
`,
    );
  },
);

test.serial('calls are chosen by time and by number as people write it', async (t) => {
  const idsOf = async (...words: readonly string[]): Promise<unknown> => {
    const { out } = await run(['calls', '--json', ...words], folder);
    const calls: unknown = JSON.parse(out);
    return z
      .array(z.object({ id: z.string() }))
      .parse(calls)
      .map(({ id }) => id);
  };
  t.deepEqual(await idsOf(), ['call-2', 'call-1']);
  t.deepEqual(await idsOf('--since', '2026-11-22T12:30'), ['call-2']);
  t.deepEqual(await idsOf('--number', '+81 90-0000-1234'), ['call-2']);
  t.deepEqual(await idsOf('--number', '０９０'), ['call-2']);
  t.deepEqual(await idsOf('--number', '03'), []);
});

test.serial(
  'one call is shown with its announcement, its losses and its alerts; an unknown one is exit 66',
  async (t) => {
    const { exit, out } = await run(['calls', 'show', 'call-2'], folder);
    t.is(exit, 0);
    t.regex(out, /^録音の告知 {2}内蔵の音声 {2}最後まで$/m);
    t.regex(out, /^お客様側 {4}損失 1\.0 % {2}揺らぎ 3\.3 ms$/m);
    t.regex(out, /^ {2}2026-11-22 13:11 {2}レベル 3 緊急 {2}脅迫$/m);
    const json = await run(['calls', 'show', 'call-2', '--json'], folder);
    t.deepEqual(JSON.parse(json.out), CALLS[0]);
    const none = await run(['calls', 'show', 'call-9'], folder);
    t.deepEqual([none.exit, none.out], [66, '']);
    t.regex(none.err, /call-9/);
  },
);

test.serial('a recording is written whole or not at all', async (t) => {
  const place = await mkdtemp(join(folder, 'audio-'));
  const saved = await run(['calls', 'audio', 'call-2', '--out', join(place, 'a.wav')], folder);
  t.is(saved.exit, 0);
  t.is((await readFile(join(place, 'a.wav'))).length, 200_004);
  for (const callId of ['call-1', 'call-9']) {
    const { exit } = await run(['calls', 'audio', callId, '--out', join(place, 'a.wav')], folder);
    t.is(exit, 66);
  }
  t.is((await readFile(join(place, 'a.wav'))).length, 200_004);
  t.deepEqual(await readdir(place), ['a.wav']);
  const nowhere = await run(['calls', 'audio', 'call-2', '--out', join(place, 'no/a.wav')], folder);
  t.is(nowhere.exit, 64);
});

test.serial('a token stands alone on standard output, the warning beside it', async (t) => {
  const { exit, out, err } = await run(
    ['token', 'create', '--role', 'auditor', '--days', '9'],
    folder,
  );
  t.is(exit, 0);
  t.is(out, `${'x'.repeat(43)}\n`);
  t.regex(err, /auditor.*2026-12-01 14:03.*二度と表示されません/);
  const json = await run(['token', 'create', '--role', 'installer', '--json'], folder);
  t.deepEqual(JSON.parse(json.out), {
    token: 'x'.repeat(43),
    role: 'installer',
    expiresAt: '2027-11-22T14:03:00.000+09:00',
  });
});

test.serial('alerts are acknowledged, and help is called, from the command line', async (t) => {
  const done = await run(['acknowledge', '--by', '店長'], folder);
  t.deepEqual([done.exit, done.out], [0, '警報 1 件を確認済みにしました。\n']);
  const panic = await run(['panic', '--json'], folder);
  t.is(panic.exit, 0);
  t.regex(panic.out, /^\{"alertId":"alert-\d+"\}\n$/);
});
