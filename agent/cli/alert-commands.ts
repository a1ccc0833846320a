import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { AcknowledgeAlertResponse, PanicResponse } from '../../proto/index.js';
import { withBox, type GlobalOptions } from './box-connection.js';
import type { CliContext } from './cli-context.js';

/** Of both, as box.proto says. */
const DEADLINE_MS = 2_000;

interface AlertOptions extends GlobalOptions {
  readonly by?: string;
  readonly json?: boolean;
}

/** `acknowledge` and `panic`: what the buttons on the box do, for scripts and for a box without buttons. */
export function addAlerts(program: Command, context: CliContext): void {
  const by = [
    '--by <name>',
    'who it is, shown to people; the user of this computer unless told',
  ] as const;
  program
    .command('acknowledge [alert]')
    .description('acknowledges one alert, or every one that is waiting')
    .option(...by)
    .option('--json', 'as JSON')
    .action(async (alertId: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<AlertOptions>();
      await withBox(options, context, async (box) => {
        const request = { alertId: alertId ?? '', by: whoOf(options) };
        const { acknowledged } = await box.ask<AcknowledgeAlertResponse>(
          DEADLINE_MS,
          (metadata, rpc, answer) => box.client.acknowledgeAlert(request, metadata, rpc, answer),
        );
        const text = box.place.texts.acknowledged(acknowledged);
        context.out(options.json === true ? JSON.stringify({ acknowledged }) : text);
      });
    });
  program
    .command('panic')
    .description('calls for help, for the call in progress if there is one')
    .option(...by)
    .option('--json', 'as JSON')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<AlertOptions>();
      await withBox(options, context, async (box) => {
        const { alertId } = await box.ask<PanicResponse>(DEADLINE_MS, (metadata, rpc, answer) =>
          box.client.panic({ by: whoOf(options) }, metadata, rpc, answer),
        );
        const text = box.place.texts.panicRaised(alertId);
        context.out(options.json === true ? JSON.stringify({ alertId }) : text);
      });
    });
}

function whoOf({ by }: AlertOptions): string {
  if (by !== undefined) return by;
  try {
    return userInfo().username;
  } catch {
    // An account without a name, as in a container.
    return 'command';
  }
}
