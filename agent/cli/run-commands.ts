/** The long-running programs, and the check of their file: loaded when asked for, so that `status` starts without them. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { openLog } from '../../base/index.js';
import { DEFAULT_CONFIG_FILE, locateBox, type GlobalOptions } from './box-connection.js';
import type { CliContext } from './cli-context.js';
import { openTerminal } from './terminal.js';

export function addRun(program: Command, context: CliContext): void {
  program
    .command('run')
    .description('the agent, in the foreground; logs JSON lines')
    .action(async (_options: unknown, command: Command) => {
      const file = configFileOf(command.optsWithGlobals<GlobalOptions>(), context);
      const [{ loadConfig }, { runAgent }] = await Promise.all([
        import('../config.js'),
        import('../main.js'),
      ]);
      process.exitCode = await runAgent(loadConfig(file), { complain: context.err });
    });
}

export function addFirmware(program: Command, context: CliContext): void {
  program
    .command('firmware')
    .description('the hardware daemon, in the foreground')
    .option('--simulate', 'lamp, buzzer and buttons in the terminal')
    .option('--json', 'JSON lines for every change of lamp, buzzer and relay')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<
        GlobalOptions & { simulate?: boolean; json?: boolean }
      >();
      const { runFirmware } = await import('../../firmware/main.js');
      const everyChange = options.json === true;
      const terminal = everyChange ? undefined : openTerminal();
      process.exitCode = await runFirmware({
        configFile: configFileOf(options, context),
        simulate: options.simulate === true,
        everyChange,
        // A line of the log would tear the drawing.
        log: openLog(terminal === undefined ? 'info' : 'silent'),
        ...(terminal === undefined ? {} : { terminal }),
      });
    });
}

export function addCheckConfig(program: Command, context: CliContext): void {
  program
    .command('check-config <file>')
    .description('every problem of a configuration, one a line')
    .action(async (file: string, _options: unknown, command: Command) => {
      const { loadConfig } = await import('../config.js');
      loadConfig(resolve(context.workingDirectory, file));
      const place = locateBox(
        { ...command.optsWithGlobals<GlobalOptions>(), config: file },
        context,
      );
      context.out(place.texts.configIsGood(file));
    });
}

const configFileOf = (
  { config = DEFAULT_CONFIG_FILE }: GlobalOptions,
  context: CliContext,
): string => resolve(context.workingDirectory, config);
