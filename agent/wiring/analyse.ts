/** The pipeline that listens to live calls, with the policy that judges them, over files. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { ConfigError, messageOf, UnavailableError, type Clock } from '../../base/index.js';
import type { Config } from '../config.js';
import {
  analyseFiles,
  parsePhrases,
  readTelephoneAudio,
  type AnalysedAlert,
  type AnalysedEvent,
  type DetectorEvent,
  type Phrase,
} from '../detector/index.js';
import {
  decide,
  DEFAULT_POLICY,
  NEW_CALL,
  type AbuseType,
  type AlertType,
  type Policy,
} from '../policy/index.js';

export interface AnalyseRequest {
  readonly files: readonly string[];
  readonly kana: boolean;
  /** Words and policy of a shop; null: the built-in ones. */
  readonly config: Config | null;
  /** A TSV that stands for the built-in and the shop's own words; null: those. */
  readonly keywordsFile: string | null;
  readonly clock: Clock;
  /** A file that is not audio; the others are still heard. */
  readonly onNotAudio: (file: string, why: string) => void;
}

const OWN_MODELS = fileURLToPath(new URL('../../../models', import.meta.url));

/**
 * @throws {ConfigError} for a TSV that cannot be read, every wrong line at once
 * @throws {UnavailableError} `model-refused`
 */
export async function* analyse(request: AnalyseRequest): AsyncGenerator<AnalysedEvent> {
  const { files, kana, config, clock, onNotAudio } = request;
  const modelsDirectory = config?.modelsDirectory ?? OWN_MODELS;
  const refused = new Set<string>();
  const events = analyseFiles(files, {
    modelsDirectory,
    phrases: phrasesOf(request, modelsDirectory),
    kana,
    clock,
    decider: () => deciderOf(config?.policy ?? DEFAULT_POLICY),
    readAudio: async (file) => {
      try {
        return await readTelephoneAudio(file);
      } catch (cause) {
        refused.add(file);
        onNotAudio(file, messageOf(cause));
        return { channels: [] };
      }
    },
  });
  for await (const event of events) if (!refused.has(event.file)) yield event;
}

function phrasesOf(request: AnalyseRequest, modelsDirectory: string): readonly Phrase[] {
  const { keywordsFile, config } = request;
  const file = keywordsFile ?? join(modelsDirectory, 'phrases.tsv');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (keywordsFile === null)
      throw new UnavailableError('model-refused', messageOf(cause), { cause });
    throw new ConfigError([
      { file, path: '(file)', expected: 'a readable file', found: messageOf(cause) },
    ]);
  }
  const { phrases, problems } = parsePhrases(text);
  if (problems.length > 0) {
    throw new ConfigError(
      problems.map(({ line, expected, found }) => ({
        file,
        path: `line ${line}`,
        expected,
        found,
      })),
    );
  }
  return keywordsFile === null ? [...phrases, ...(config?.keywords ?? [])] : phrases;
}

/** The policy over one file: the call begins with it, and the audio's own time is its clock. */
function deciderOf(policy: Policy): (event: DetectorEvent) => readonly AnalysedAlert[] {
  let callState = decide(policy, NEW_CALL, { event: 'answered' }, 0).callState;
  return (event) => {
    if (event.event !== 'keyword') return [];
    const verdict = decide(policy, callState, event, event.reportedAtMs);
    callState = verdict.callState;
    return verdict.decisions.flatMap(({ do: what, level, type, source, reason, quote }) => {
      if (what !== 'raise' || !isAbuse(type)) return [];
      return [
        {
          event: 'alert',
          level,
          type,
          source,
          reason,
          quote: quote ?? '',
          atMs: event.reportedAtMs,
        },
      ];
    });
  };
}

const isAbuse = (type: AlertType): type is AbuseType => type !== 'panic' && type !== 'test';
