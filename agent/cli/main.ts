/** The `tatebako` command: what bin/tatebako.mjs starts. */
import { systemClock } from '../../base/index.js';
import { addAlerts } from './alert-commands.js';
import { addAnalyse } from './analyse-command.js';
import { addCalls } from './calls-commands.js';
import { addDemo } from './demo-command.js';
import { addCheckConfig, addFirmware, addRun } from './run-commands.js';
import { runCli, type AddCommand } from './run-cli.js';
import { addStatus } from './status-command.js';
import { addToken } from './token-command.js';

/** In the order of the help. */
const commands: readonly AddCommand[] = [
  addRun,
  addFirmware,
  addCheckConfig,
  addStatus,
  addCalls,
  addAlerts,
  addToken,
  addAnalyse,
  addDemo,
];

// A reader that has enough (`tatebako calls | head`) is no error.
process.stdout.on('error', () => process.exit());

process.exitCode = await runCli(commands, process.argv.slice(2), {
  out: (line) => console.log(line),
  err: (line) => console.error(line),
  clock: systemClock,
  workingDirectory: process.cwd(),
});
