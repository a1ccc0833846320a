// `npm test`: lint, dependency rules, types, unit tests, and the tests against real peers.
// Ends with the plain line `N passed, N failed, N skipped`; with CI=true a skipped peer test is a failure.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setUpPeers } from './peers.mjs';
import { root, setUp } from './setup.mjs';

const inCi = process.env.CI === 'true';
const only = new Set(process.argv.slice(2));
const wants = (part) => only.size === 0 || only.has(part);
const total = { passed: 0, failed: 0, skipped: 0 };
const say = (line) => process.stdout.write(`${line}\n`);

/** Runs a program to its end. @returns its exit status, and its output when it is to be kept */
function run(command, args, { env = {}, onLine } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = [];
    const keep = (line) => (onLine?.(line) === true ? undefined : output.push(line));
    createInterface({ input: child.stdout }).on('line', keep);
    createInterface({ input: child.stderr }).on('line', keep);
    child.on('close', (status, signal) =>
      resolve({ ok: status === 0, how: signal ?? `exit ${status}`, output }),
    );
    child.on('error', (cause) => resolve({ ok: false, how: cause.message, output }));
  });
}

const bin = (tool) => join(root, 'node_modules', '.bin', tool);

async function check(title, command, args) {
  const startedMs = performance.now();
  const { ok, how, output } = await run(command, args);
  total[ok ? 'passed' : 'failed'] += 1;
  say(
    `${ok ? 'ok    ' : 'FAILED'} ${title} (${((performance.now() - startedMs) / 1000).toFixed(0)} s)`,
  );
  if (!ok)
    say([...output.filter((line) => !line.startsWith('npm warn')).slice(-120), how].join('\n'));
}

/** Runs ava and counts its TAP lines. */
async function ava(title, args, env) {
  const startedMs = performance.now();
  const count = { passed: 0, failed: 0, skipped: 0 };
  const notable = [];
  let telling = false;
  const { ok, how, output } = await run(bin('ava'), ['--tap', ...args], {
    env: { FORCE_COLOR: '0', ...env },
    onLine(line) {
      const result = /^(not ok|ok) \d+ - (.*?)( # (SKIP|TODO).*)?$/.exec(line);
      if (result === null) {
        if (telling) notable.push(line);
        return telling;
      }
      telling = result[1] === 'not ok';
      if (telling) {
        count.failed += 1;
        notable.push(`FAILED ${result[2]}`);
      } else if (result[4] !== undefined) {
        count.skipped += 1;
        notable.push(`skipped ${result[2]}`);
      } else count.passed += 1;
      return true;
    },
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  if (!ok && count.failed === 0) {
    // A file that crashed or timed out before it could say which test it was.
    count.failed += 1;
    notable.push(...output.slice(-80), how);
  }
  for (const key of Object.keys(total)) total[key] += count[key];
  for (const line of notable) say(`  ${line}`);
  say(
    `${count.failed === 0 ? 'ok    ' : 'FAILED'} ${title}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped (${seconds} s)`,
  );
  return count;
}

const source = ['base', 'proto', 'agent', 'firmware', 'demo', 'bench'].filter((folder) =>
  existsSync(join(root, folder)),
);

setUp();
const missing = wants('peers') ? setUpPeers() : [];
if (wants('check')) {
  await Promise.all([
    check('format (prettier)', bin('prettier'), ['--check', '--log-level=warn', '.']),
    check('lint (eslint strictTypeChecked)', bin('eslint'), [
      '--cache',
      '--cache-location',
      'dist/.eslintcache',
      '.',
    ]),
  ]);
  await check('dependency rules (dependency-cruiser)', bin('depcruise'), [
    '--config',
    '.dependency-cruiser.cjs',
    ...source,
  ]);
  await check('types (tsc)', bin('tsc'), ['-b']);
  await check('reference pages (docs/)', process.execPath, [
    join(root, 'scripts', 'docs.mjs'),
    '--check',
  ]);
}
if (wants('unit')) await ava('unit tests', []);
if (wants('peers')) {
  const env = { TATEBAKO_PEERS_MISSING: missing.join(' ') };
  const { skipped } = await ava(
    'tests against real peers',
    ['--config', 'ava.peers.config.js'],
    env,
  );
  if (skipped > 0) {
    say(`  left out for want of: ${missing.join(' ') || 'permission'}`);
    if (inCi) {
      say('  CI=true: a peer test that did not run is a failure');
      total.failed += skipped;
      total.skipped -= skipped;
    }
  }
}
say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
