import { messageOf, PTIME_MS, UnavailableError, type Clock } from '../../base/index.js';
import type { AlertLevel, Category, DetectorEvent, Speaker } from './detector-event.js';
import { buildPhraseTrie, type Phrase } from './keyword/index.js';
import type { LegListener } from './listening/index.js';
import { readTelephoneAudio, type TelephoneAudio } from './telephone-audio.js';

/** What policy says to an event. */
export interface AnalysedAlert {
  readonly event: 'alert';
  readonly level: AlertLevel;
  readonly type: Category;
  readonly source: string;
  readonly reason: string;
  readonly quote: string;
  readonly atMs: number;
}

export interface AnalysisSummary {
  readonly event: 'summary';
  readonly durationMs: number;
  readonly speechMs: { readonly caller: number; readonly staff: number };
  /** Time of computing per time of audio, all channels together. */
  readonly realTimeFactor: number;
  /** `name@sha256`. */
  readonly models: Readonly<Record<string, string>>;
}

export type AnalysedEvent = { readonly file: string } & (
  DetectorEvent | AnalysedAlert | AnalysisSummary
);

export interface AnalyseOptions {
  readonly modelsDirectory: string;
  readonly phrases: readonly Phrase[];
  /** Reads a recording as 8 kHz; throws when it is not audio. WAV of any rate, unless told. */
  readonly readAudio?: (file: string) => Promise<TelephoneAudio>;
  /** Tell all that is heard, not keywords alone. */
  readonly kana: boolean;
  readonly clock: Clock;
  /** Made for each file: the policy's answer to each event of that call. */
  readonly decider?: () => (event: DetectorEvent) => readonly AnalysedAlert[];
}

const FRAME_SAMPLES = 8 * PTIME_MS;
const SPEAKERS: readonly Speaker[] = ['caller', 'staff'];

/**
 * Hears recordings with the very pipeline that listens to live calls, as fast as it can. Mono is the caller; of two
 * channels left is the caller and right the staff, further ones are left out. Each file's events come in the order of
 * `reportedAtMs`, its summary last.
 * @throws {UnavailableError} `model-refused`; `not-audio` with the file in `fields`
 */
export async function* analyseFiles(
  files: readonly string[],
  options: AnalyseOptions,
): AsyncGenerator<AnalysedEvent, void, undefined> {
  // The runtime of the models is only loaded where something listens: the agent's own process never does.
  const { loadModels, modelNames } = await import('./model/index.js');
  const { LegListener } = await import('./listening/index.js');
  const models = await loadModels(options.modelsDirectory);
  const names = modelNames(models);
  const { ear } = models.ear;
  const { perMora } = models.ear.manifest.thresholds;
  const trie = buildPhraseTrie(options.phrases, ear.alphabet, perMora);
  const { clock } = options;
  const hearing: Hearing = {
    names,
    listen: (speaker) => new LegListener({ speaker, startTick: 0, models, trie, clock }),
  };
  for (const file of files) {
    for await (const event of analyseFile(file, options, hearing)) yield { file, ...event };
  }
}

/** What all files are heard with. */
interface Hearing {
  readonly listen: (speaker: Speaker) => LegListener;
  readonly names: Readonly<Record<string, string>>;
}

async function* analyseFile(
  file: string,
  options: AnalyseOptions,
  { listen, names }: Hearing,
): AsyncGenerator<DetectorEvent | AnalysedAlert | AnalysisSummary, void, undefined> {
  const audio = await (options.readAudio ?? readTelephoneAudio)(file).catch((cause: unknown) => {
    const found = messageOf(cause);
    throw new UnavailableError('not-audio', `${file}: expected audio, found: ${found}`, {
      cause,
      fields: { file, found },
    });
  });
  const { clock, decider, kana } = options;
  const startedMs = clock.monotonicMs();
  const channels = audio.channels.slice(0, SPEAKERS.length);
  const listeners = SPEAKERS.slice(0, channels.length).map(listen);
  const decide = decider?.();
  for await (const event of hearChannels(channels, listeners)) {
    if (event.event !== 'kana' || kana) yield event;
    yield* decide?.(event) ?? [];
  }
  const durationMs = Math.round(Math.max(0, ...channels.map((channel) => channel.length)) / 8);
  const computeMs = clock.monotonicMs() - startedMs;
  const spoken = (speaker: Speaker): number =>
    Math.round(listeners.find((listener) => listener.speaker === speaker)?.spokenMs ?? 0);
  yield {
    event: 'summary',
    durationMs,
    speechMs: { caller: spoken('caller'), staff: spoken('staff') },
    realTimeFactor: durationMs === 0 ? 0 : Math.round((1_000 * computeMs) / durationMs) / 1_000,
    models: names,
  };
}

/** Both channels side by side, 20 ms at a time, as they came from the line. */
async function* hearChannels(
  channels: readonly Int16Array[],
  listeners: readonly LegListener[],
): AsyncGenerator<DetectorEvent, void, undefined> {
  const length = Math.max(0, ...channels.map((channel) => channel.length));
  for (let at = 0; at < length; at += FRAME_SAMPLES) {
    for (const [i, listener] of listeners.entries()) {
      listener.push(channels[i]?.subarray(at, at + FRAME_SAMPLES) ?? new Int16Array(0));
      while (listener.hasWork) yield* await listener.advance();
    }
  }
  const last = await Promise.all(listeners.map((listener) => listener.finish()));
  yield* last.flat().sort((a, b) => a.reportedAtMs - b.reportedAtMs);
}
