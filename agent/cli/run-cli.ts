import { Command, CommanderError, Option } from 'commander';
import { ConfigError, messageOf, TatebakoError } from '../../base/index.js';
import type { CliContext } from './cli-context.js';
import { CliError, EXIT, type ExitStatus } from './exit.js';

/** Adds one command, or a family of them. */
export type AddCommand = (program: Command, context: CliContext) => void;

/** Codes of errors that mean: something outside is away, and the person can do something about it. */
const CONFIG_CODES: ReadonlySet<string> = new Set(['config', 'port-taken', 'socket-taken']);

/**
 * Runs one command line.
 * @param words after `tatebako`
 * @returns the exit status (INTERFACES §1)
 */
export async function runCli(
  commands: readonly AddCommand[],
  words: readonly string[],
  context: CliContext,
): Promise<number> {
  const program = new Command('tatebako')
    .description('A shield box for a small shop’s telephone.')
    .option('--config <file>', 'the configuration (tatebako.toml)')
    .addOption(new Option('--lang <language>', 'of what is printed').choices(['ja', 'en']))
    .configureOutput({
      writeOut: (text) => context.out(text.trimEnd()),
      writeErr: (text) => context.err(text.trimEnd()),
    })
    .showHelpAfterError('(tatebako --help)')
    .exitOverride();
  for (const add of commands) add(program, context);
  for (const command of program.commands) inherit(command, program);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (cause) {
    return tell(cause, context);
  }
}

/** Commander copies these only to commands that are made after they are set. */
function inherit(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
}

function tell(cause: unknown, context: CliContext): ExitStatus {
  if (cause instanceof CommanderError) {
    // Help and version were asked for and have been printed, as have errors of usage.
    return cause.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  if (cause instanceof CliError) {
    context.err(cause.message);
    return cause.exitStatus;
  }
  if (cause instanceof TatebakoError) {
    context.err(cause.message);
    if (cause instanceof ConfigError || CONFIG_CODES.has(cause.code)) return EXIT.config;
    return cause.code === 'not-audio' ? EXIT.notAudio : EXIT.unreachable;
  }
  context.err(cause instanceof Error ? (cause.stack ?? cause.message) : messageOf(cause));
  return EXIT.bug;
}
