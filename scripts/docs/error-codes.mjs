// The stable codes of errors and faults, as they stand in the sources.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const FOLDERS = ['base', 'agent', 'firmware', 'demo'];
const UNION = /type (?:\w*ErrorCode|CallFault) =([^;]+);/g;
const PATTERNS = [
  /new \w+Error\(\s*'([\w.-]+)'/g,
  /(?:(?<!de)[fF]ault|onFaultGone)\('([\w-]+)'/g,
  /do: 'raiseFault', code: '([\w-]+)'/g,
  /(?:return refused|#refusal)\('([\w-]+)'/g,
];

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (['dist', 'node_modules', 'testing', 'test'].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (/(?<!\.test)\.ts$/.test(entry.name)) yield path;
  }
}

/** @returns each code with a file that uses it */
export function codesInSources(root) {
  const codes = new Map();
  const there = readdirSync(root);
  for (const folder of FOLDERS.filter((one) => there.includes(one))) {
    for (const path of sources(join(root, folder))) {
      const text = readFileSync(path, 'utf8');
      for (const pattern of PATTERNS)
        for (const [, code] of text.matchAll(pattern)) codes.set(code, relative(root, path));
      for (const [, union] of text.matchAll(UNION))
        for (const [, code] of union.matchAll(/'([\w.-]+)'/g))
          codes.set(code, relative(root, path));
    }
  }
  return codes;
}
