import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { GlobalOptions } from './box-connection.js';
import type { CliContext } from './cli-context.js';
import { EXIT } from './exit.js';

interface AnalyseOptions extends GlobalOptions {
  readonly json?: boolean;
  readonly kana?: boolean;
  readonly keywords?: string;
}

/** Hearing recordings needs no agent; models and pipeline are loaded when they are asked for. */
export function addAnalyse(program: Command, context: CliContext): void {
  program
    .command('analyse <files...>')
    .description(
      'what the box hears in recordings: mono = the caller; left = caller, right = staff',
    )
    .option('--json', 'a JSON line for each event')
    .option('--kana', 'all that was heard, in kana')
    .option(
      '--keywords <file>',
      'a TSV of text, reading, category, level instead of the words of the box',
    )
    .action(async (files: string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<AnalyseOptions>();
      const [{ loadConfig }, { analyse }] = await Promise.all([
        import('../config.js'),
        import('../wiring/analyse.js'),
      ]);
      const at = (file: string): string => resolve(context.workingDirectory, file);
      const events = analyse({
        files: files.map(at),
        kana: options.kana === true,
        config: options.config === undefined ? null : loadConfig(at(options.config)),
        keywordsFile: options.keywords === undefined ? null : at(options.keywords),
        clock: context.clock,
        onNotAudio: (file, why) => {
          context.err(`${file}: ${why}`);
          process.exitCode = EXIT.notAudio;
        },
      });
      // Each event carries the file as it was named on the command line.
      const named = new Map(files.map((file) => [at(file), file]));
      for await (const event of events) {
        const file = named.get(event.file) ?? event.file;
        if (options.json === true) context.out(JSON.stringify({ ...event, file }));
        else for (const line of linesOf({ ...event, file })) context.out(line);
      }
    });
}

type Told = Readonly<Record<string, unknown>> & { readonly event: string; readonly file: string };

/** An event for people; those that only programs want are left out. */
function linesOf(event: Told): readonly string[] {
  const at = (ms: unknown): string =>
    typeof ms === 'number' ? `${(ms / 1_000).toFixed(1)} s` : '';
  const head = `${event.file}  ${at(event['startMs'] ?? event['atMs'])}`;
  switch (event.event) {
    case 'kana':
      return [`${head}  ${event['speaker'] === 'staff' ? '店' : '客'}  ${text(event['text'])}`];
    case 'keyword':
      return [
        `${head}  「${text(event['phrase'])}」 ${text(event['category'])} ${text(event['level'])}`,
      ];
    case 'alert':
      return [`${head}  警報 ${text(event['level'])}  ${text(event['reason'])}`];
    case 'summary':
      return [
        `${event.file}  ${at(event['durationMs'])}  実時間比 ${text(event['realTimeFactor'])}`,
      ];
    default:
      return [];
  }
}

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
