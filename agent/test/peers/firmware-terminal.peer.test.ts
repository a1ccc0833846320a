import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const COMMAND = fileURLToPath(new URL('../../../../bin/tatebako.mjs', import.meta.url));

test('in a terminal the simulated hardware is one line, its keys are buttons, and Ctrl-C ends it with 0', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tatebako-tty-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'tatebako.toml'), '[firmware]\nsocket = "fw.sock"\n');
  const words = [process.execPath, COMMAND, 'firmware', '--simulate'].join(' ');
  // script(1) gives the command a pty of its own; -e hands its exit status on.
  const terminal = spawn('script', ['-qec', words, '/dev/null'], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(terminal, 'exit');
  let seen = '';
  terminal.stdout.on('data', (part) => (seen += String(part)));
  const until = async (part: string): Promise<void> => {
    while (!seen.includes(part)) await once(terminal.stdout, 'data');
  };
  await until('[s] SOS');
  // No agent comes: white while it may still start, then the fault in amber.
  await until('● 白');
  await until('● 橙');
  terminal.stdin.write('sar');
  await until('♪  400 Hz');
  t.false(seen.trimEnd().includes('\n'));
  terminal.stdin.write('\u0003');
  await ended;
  t.is(terminal.exitCode, 0);
});
