import type { Command } from 'commander';
import { statusJson, type GetStatusResponse } from '../../proto/index.js';
import { withBox, type GlobalOptions } from './box-connection.js';
import type { CliContext } from './cli-context.js';
import { formatStatus } from './status-view.js';

/** Of GetStatus, as box.proto says. */
const DEADLINE_MS = 2_000;

export function addStatus(program: Command, context: CliContext): void {
  program
    .command('status')
    .description('line, phones, calls, storage, listening, alerts')
    .option('--json', 'as JSON')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { readonly json?: boolean }>();
      await withBox(options, context, async (box) => {
        const { json } = await box.ask<GetStatusResponse>(DEADLINE_MS, (metadata, rpc, answer) =>
          box.client.getStatus({}, metadata, rpc, answer),
        );
        const status = statusJson.parse(JSON.parse(json));
        if (options.json === true) context.out(JSON.stringify(status, undefined, 2));
        else for (const line of formatStatus(status, box.place)) context.out(line);
      });
    });
}
