export type { CliContext } from './cli-context.js';
export { CliError, EXIT, type ExitStatus } from './exit.js';
export { runCli, type AddCommand } from './run-cli.js';
