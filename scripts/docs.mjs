// Writes the parts of docs/ that are generated, and checks what can be checked: `node scripts/docs.mjs [--check]`.
//
// A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`; all else in a document is written by
// people. --check writes nothing, and exits 1 when a part is stale, an error code is not documented, or a link leads nowhere.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blocks } from './docs/blocks.mjs';
import { codesInSources } from './docs/error-codes.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isCheck = process.argv.includes('--check');
const problems = [];

function* documents() {
  for (const name of readdirSync(root)) if (name.endsWith('.md')) yield join(root, name);
  for (const entry of readdirSync(join(root, 'docs'), { withFileTypes: true, recursive: true }))
    if (entry.name.endsWith('.md')) yield join(entry.parentPath ?? entry.path, entry.name);
  yield join(root, 'agent/media/README.md');
}

const PART = /(<!-- generated: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g;

async function fill(path) {
  const before = readFileSync(path, 'utf8');
  const names = [...before.matchAll(PART)].map((match) => match[2]);
  const made = new Map();
  for (const name of names) {
    const make = blocks[name];
    if (make === undefined) problems.push(`${relative(root, path)}: nothing generates ${name}`);
    else made.set(name, await makeOrTell(make, path));
  }
  const after = before.replace(PART, (all, open, name, close) =>
    made.get(name) !== undefined ? `${open}\n${made.get(name)}\n\n${close}` : all,
  );
  if (after === before) return;
  if (isCheck) problems.push(`${relative(root, path)}: stale; run \`node scripts/docs.mjs\``);
  else {
    writeFileSync(path, after);
    process.stdout.write(`docs: wrote ${relative(root, path)}\n`);
  }
}

async function makeOrTell(make, path) {
  try {
    return (await make(root)).trim();
  } catch (cause) {
    problems.push(`${relative(root, path)}: ${cause.message}`);
    return undefined;
  }
}

function checkLinks(path) {
  const text = readFileSync(path, 'utf8').replace(/```[\s\S]*?```/g, '');
  for (const [, target] of text.matchAll(/\]\(([^)\s#]+)[^)]*\)|src(?:set)?="([^"]+)"/g)) {
    if (target === undefined || /^[a-z]+:/.test(target)) continue;
    if (!existsSync(join(dirname(path), target)))
      problems.push(`${relative(root, path)}: no such file: ${target}`);
  }
}

function checkCodes() {
  const documented = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  for (const [code, file] of codesInSources(root)) {
    if (!documented.includes(`\`${code}\``))
      problems.push(`docs/errors.md: no word of \`${code}\`, which ${file} uses`);
  }
}

for (const path of documents()) {
  await fill(path);
  checkLinks(path);
}
checkCodes();
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
