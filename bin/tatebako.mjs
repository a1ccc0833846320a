#!/usr/bin/env node
// The `tatebako` command; its parts are compiled from agent/cli.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const compiled = new URL('../dist/agent/cli/main.js', import.meta.url);
if (!existsSync(fileURLToPath(compiled))) {
  process.stderr.write(
    'tatebako: not built yet; run `node scripts/setup.mjs` in the checkout first\n',
  );
  process.exit(69);
}
process.setSourceMapsEnabled(true);
await import(compiled.href);
