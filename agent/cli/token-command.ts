import { Option, type Command } from 'commander';
import { formatIsoTime } from '../../base/index.js';
import { Role, type CreateTokenResponse } from '../../proto/index.js';
import { withBox, type GlobalOptions } from './box-connection.js';
import type { CliContext } from './cli-context.js';
import { CliError, EXIT } from './exit.js';
import { formatLocalTime } from './local-time.js';

/** Of CreateToken, as box.proto says. */
const DEADLINE_MS = 2_000;
const DAYS_MAX = 3_650;

const ROLES = {
  supervisor: Role.ROLE_SUPERVISOR,
  installer: Role.ROLE_INSTALLER,
  auditor: Role.ROLE_AUDITOR,
} as const;

interface TokenOptions extends GlobalOptions {
  readonly role: keyof typeof ROLES;
  readonly days: string;
  readonly json?: boolean;
}

export function addToken(program: Command, context: CliContext): void {
  program
    .command('token')
    .description('tokens for the API')
    .command('create')
    .description('a new token, printed once')
    .addOption(
      new Option('--role <role>', 'what it may do')
        .choices(Object.keys(ROLES))
        .makeOptionMandatory(),
    )
    .option('--days <days>', 'how long it is valid (1 to 3650)', '365')
    .option('--json', 'as JSON')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<TokenOptions>();
      const days = daysOf(options.days);
      await withBox(options, context, async (box) => {
        const { texts, timeZone } = box.place;
        const role = ROLES[options.role];
        const { token, expiresWallMs } = await box.ask<CreateTokenResponse>(
          DEADLINE_MS,
          (metadata, rpc, answer) => box.client.createToken({ role, days }, metadata, rpc, answer),
        );
        if (options.json === true) {
          const expiresAt = formatIsoTime(expiresWallMs, timeZone);
          context.out(JSON.stringify({ token, role: options.role, expiresAt }));
          return;
        }
        // The token alone on standard output, so that a script can take it.
        context.out(token);
        context.err(texts.tokenOnce(options.role, formatLocalTime(expiresWallMs, timeZone)));
      });
    });
}

function daysOf(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= DAYS_MAX) return days;
  throw new CliError(EXIT.usage, `--days: expected a whole number from 1 to 3650, found "${text}"`);
}
