// Makes a fresh checkout ready with nothing but Node.js: installs the packages, generates the RPC code, compiles.
// Each step runs only when its inputs changed since it last succeeded, so the second time does nothing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sourceFolders = ['base', 'proto', 'agent', 'firmware', 'demo', 'testing', 'bench'];
const skipped = new Set(['node_modules', 'dist', 'gen', '.git']);

function* filesBelow(folder, wanted) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name)) yield* filesBelow(path, wanted);
    } else if (wanted.test(entry.name)) yield path;
  }
}

/** What changes when a step must run again. `exact`: by content, else by time and size. */
function fingerprint(paths, exact) {
  const hash = createHash('sha256');
  for (const path of [...paths].sort()) {
    hash.update(relative(root, path));
    if (exact) hash.update(readFileSync(path));
    else {
      const { mtimeMs, size } = statSync(path);
      hash.update(`${mtimeMs} ${size}`);
    }
  }
  return hash.digest('hex');
}

const at = (...parts) => join(root, ...parts);
const local = (tool) => at('node_modules', '.bin', tool);

const steps = [
  {
    name: 'packages',
    says: 'installing packages (about half a minute)',
    stamp: at('node_modules', '.tatebako-stamp'),
    inputs: () =>
      fingerprint(
        [at('package-lock.json'), at('package.json'), at('agent/media/package.json')],
        true,
      ),
    // The packages carry their binaries; none needs its install script. Not `npm ci`: it refuses a lock file that leaves
    // out the optional binaries of other platforms.
    command: [
      'npm',
      ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    ],
  },
  {
    name: 'rpc',
    says: 'generating RPC code from proto/',
    stamp: at('proto', 'gen', '.stamp'),
    inputs: () => fingerprint([...filesBelow(at('proto'), /\.proto$/), at('buf.gen.yaml')], true),
    command: [local('buf'), ['generate']],
  },
  {
    name: 'build',
    says: 'compiling TypeScript',
    stamp: at('dist', '.stamp'),
    inputs: () =>
      fingerprint(
        [
          ...sourceFolders.flatMap((folder) => [...filesBelow(at(folder), /\.(ts|json)$/)]),
          at('tsconfig.json'),
          at('tsconfig.base.json'),
        ],
        false,
      ),
    command: [local('tsc'), ['-b']],
    // Compiled files of sources that are gone would still be tested.
    before: removeOrphans,
  },
];

function removeOrphans() {
  const places = [
    [at('dist'), root],
    [at('agent/media/dist'), at('agent/media')],
  ];
  for (const [built, source] of places) {
    for (const path of filesBelow(built, /\.js$/)) {
      if (!existsSync(join(source, relative(built, path).replace(/\.js$/, '.ts')))) {
        for (const end of ['.js', '.js.map', '.d.ts'])
          rmSync(path.replace(/\.js$/, end), { force: true });
      }
    }
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  process.stderr.write(
    `Tatebako needs Node.js 20.19 or newer; this is ${process.versions.node}. Install a newer one from your system's packages or nodejs.org.\n`,
  );
  process.exit(69);
}

/** Runs each step that is due. @returns whether anything ran */
export function setUp() {
  checkNode();
  let ran = false;
  for (const step of steps) {
    const wanted = step.inputs();
    if (existsSync(step.stamp) && readFileSync(step.stamp, 'utf8') === wanted) continue;
    process.stderr.write(`setup: ${step.says} …\n`);
    const startedMs = performance.now();
    step.before?.();
    const [command, args] = step.command;
    const env = { ...process.env, npm_config_onnxruntime_node_install: 'skip' };
    const result = spawnSync(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (result.status !== 0) {
      process.stderr.write(
        `setup: ${step.name} failed: \`${command} ${args.join(' ')}\` ended with ${result.status ?? result.error?.message}\n`,
      );
      process.exit(result.status ?? 69);
    }
    mkdirSync(dirname(step.stamp), { recursive: true });
    writeFileSync(step.stamp, wanted);
    process.stderr.write(
      `setup: ${step.name} ready (${((performance.now() - startedMs) / 1000).toFixed(0)} s)\n`,
    );
    ran = true;
  }
  return ran;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setUp();
