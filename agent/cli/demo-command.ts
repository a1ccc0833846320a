import type { Command } from 'commander';

interface DemoOptions {
  readonly record?: string;
  readonly quiet?: boolean;
  readonly once?: boolean;
}

/** A box, a gateway and a phone of its own on this computer, and one whole call. */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('a first call through a box on this computer, hardware simulated')
    .option('--record <dir>', 'where call.wav, call.json and events.jsonl go')
    .option('--quiet', 'a line for each step instead of the view')
    .option('--once', 'end when the call has ended')
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import('../../demo/index.js');
      process.exitCode = await runDemo({
        record: options.record ?? null,
        quiet: options.quiet === true,
        once: options.once === true,
      });
    });
}
