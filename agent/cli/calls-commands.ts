import type { Command } from 'commander';
import { callJson, type GetCallResponse, type ListCallsResponse } from '../../proto/index.js';
import { locateBox, withBox, type BoxPlace, type GlobalOptions } from './box-connection.js';
import { saveAudio } from './call-audio.js';
import { formatCall, formatCalls } from './calls-view.js';
import type { CliContext } from './cli-context.js';
import { CliError, EXIT } from './exit.js';
import { parseMoment } from './local-time.js';
import { formatBytes } from './status-view.js';

/** As box.proto says. */
const LIST_DEADLINE_MS = 10_000;
const SHOW_DEADLINE_MS = 2_000;

interface ListOptions extends GlobalOptions {
  readonly since?: string;
  readonly number?: string;
  readonly limit: string;
  readonly json?: boolean;
}

export function addCalls(program: Command, context: CliContext): void {
  const calls = program
    .command('calls')
    .description('the log of calls, newest first')
    .option('--since <time>', 'from then on: 2026-11-22, 2026-11-22T14:03, 90m, 2h, 7d')
    .option('--number <digits>', 'with this number, or a part of it')
    .option('--limit <count>', 'at most so many (1 to 1000)', '100')
    .option('--json', 'as JSON')
    .action((_options: unknown, command: Command) =>
      listCalls(command.optsWithGlobals<ListOptions>(), context),
    );
  calls
    .command('show <id>')
    .description('one call')
    .option('--json', 'as JSON')
    .action((callId: string, _options: unknown, command: Command) =>
      showCall(callId, command.optsWithGlobals<GlobalOptions & { json?: boolean }>(), context),
    );
  calls
    .command('audio <id>')
    .description('the recording as a stereo WAV: left = caller, right = staff')
    .requiredOption('--out <file>', 'where to write it')
    .action((callId: string, _options: unknown, command: Command) =>
      fetchAudio(callId, command.optsWithGlobals<GlobalOptions & { out: string }>(), context),
    );
}

async function listCalls(options: ListOptions, context: CliContext): Promise<void> {
  const place = locateBox(options, context);
  const request = {
    sinceWallMs: sinceOf(options.since, place, context),
    number: digitsOf(options.number ?? ''),
    limit: limitOf(options.limit),
  };
  await withBox(options, context, async (box) => {
    const response = await box.ask<ListCallsResponse>(LIST_DEADLINE_MS, (metadata, rpc, answer) =>
      box.client.listCalls(request, metadata, rpc, answer),
    );
    const calls = response.callJson.map((json) => callJson.parse(JSON.parse(json)));
    if (options.json === true) {
      context.out(`[${calls.map((call) => JSON.stringify(call)).join(',\n ')}]`);
    } else if (calls.length === 0) {
      context.err(place.texts.noCalls);
    } else {
      for (const line of formatCalls(calls, place, context.clock.wallMs())) context.out(line);
    }
  });
}

async function showCall(
  callId: string,
  options: GlobalOptions & { readonly json?: boolean },
  context: CliContext,
): Promise<void> {
  await withBox(options, context, async (box) => {
    const response = await box.ask<GetCallResponse>(
      SHOW_DEADLINE_MS,
      (metadata, rpc, answer) => box.client.getCall({ callId }, metadata, rpc, answer),
      callId,
    );
    const call = callJson.parse(JSON.parse(response.callJson));
    if (options.json === true) context.out(JSON.stringify(call, undefined, 2));
    else for (const line of formatCall(call, box.place, context.clock.wallMs())) context.out(line);
  });
}

async function fetchAudio(
  callId: string,
  options: GlobalOptions & { readonly out: string },
  context: CliContext,
): Promise<void> {
  await withBox(options, context, async (box) => {
    const sizeBytes = await saveAudio(box, callId, options.out, context);
    context.err(box.place.texts.audioSaved(options.out, formatBytes(sizeBytes)));
  });
}

function sinceOf(since: string | undefined, place: BoxPlace, context: CliContext): number {
  if (since === undefined) return 0;
  const moment = parseMoment(since, context.clock.wallMs(), place.timeZone);
  if (moment === null) throw new CliError(EXIT.usage, place.texts.badMoment(since));
  return moment;
}

/** As people write it: full-width, hyphens, blanks, +81. */
const digitsOf = (number: string): string =>
  number
    .normalize('NFKC')
    .replace(/^\s*\+81\s*0?/, '0')
    .replace(/[^\d+]/g, '');

function limitOf(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= 1_000) return limit;
  throw new CliError(
    EXIT.usage,
    `--limit: expected a whole number from 1 to 1000, found "${text}"`,
  );
}
