/**
 * How fast recordings are listened to: `tatebako analyse` over a call made of the demonstration's speech, and over the box's
 * own prompts. 0.1 means that an hour of audio takes six minutes.
 *
 *   node dist/bench/analyse-bench.js [--minutes 2] [--rounds 3] [--out FILE]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { encodeWav } from 'node-mediastream';
import { z } from 'zod';
import { ROOT } from './box/measured-box.js';
import { demoFiles, readSpeech } from './box/speech-files.js';
import { Child } from './measure/child.js';
import { measure, numberOf, say, type Measured, type Settings } from './measure/measurement.js';
import { summarise } from './measure/statistics.js';
import { formatTable } from './measure/table.js';

const RATE_HZ = 8_000;
const PAUSE = new Int16Array(RATE_HZ / 2);
const COMMAND = join(ROOT, 'bin/tatebako.mjs');
const PROMPTS = ['announcement-ja', 'apology-ja', 'waiting-ja'];

const summaryEvent = z.looseObject({
  event: z.literal('summary'),
  file: z.string(),
  durationMs: z.number(),
  speechMs: z.object({ caller: z.number(), staff: z.number() }),
  realTimeFactor: z.number(),
});
type SummaryEvent = z.infer<typeof summaryEvent>;

interface Run {
  readonly wallS: number;
  readonly keywords: number;
  readonly summaries: readonly SummaryEvent[];
}

async function analyse(files: readonly string[]): Promise<Run> {
  const startedMs = performance.now();
  const child = new Child([process.execPath, COMMAND, 'analyse', '--json', ...files]);
  const summaries: SummaryEvent[] = [];
  let keywords = 0;
  child.onLine((line) => {
    if (!line.startsWith('{')) return;
    if (line.includes('"event":"keyword"')) keywords += 1;
    const parsed = summaryEvent.safeParse(JSON.parse(line));
    if (parsed.success) summaries.push(parsed.data);
  });
  child.endInput();
  const code = await child.exited;
  if (code !== 0 || summaries.length !== files.length) {
    throw new Error(`tatebako analyse ended with ${code ?? 'a signal'}:\n${child.tail}`);
  }
  return { wallS: (performance.now() - startedMs) / 1_000, keywords, summaries };
}

/** The demonstration's call again and again: left the caller, right the staff, by turns. */
async function writeCall(file: string, minutes: number): Promise<void> {
  const [caller, staff] = await Promise.all(
    (['caller', 'staff'] as const).map((side) => Promise.all(demoFiles(side).map(readSpeech))),
  );
  if (caller === undefined || staff === undefined) throw new TypeError('a call has two sides');
  const frames = Math.round(minutes * 60 * RATE_HZ);
  const samples = new Int16Array(2 * frames);
  let at = 0;
  for (let turn = 0; at < frames; turn += 1) {
    const side = turn % 2;
    const sentences = side === 0 ? caller : staff;
    const sentence = sentences[(turn >> 1) % sentences.length] ?? PAUSE;
    for (let n = 0; n < sentence.length && at + n < frames; n += 1) {
      samples[2 * (at + n) + side] = sentence[n]!;
    }
    at += sentence.length + PAUSE.length;
  }
  await writeFile(file, encodeWav(samples, { sampleRateHz: RATE_HZ, channelCount: 2 }));
}

async function run(settings: Settings): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'analyse-bench-'));
  try {
    const call = join(folder, 'call.wav');
    await writeCall(call, numberOf(settings, 'minutes'));
    const prompts = PROMPTS.map((name) => join(ROOT, 'agent/call/prompts', `${name}.wav`));
    const runs: Run[] = [];
    const rounds = numberOf(settings, 'rounds');
    for (let round = 1; round <= rounds; round += 1) {
      say(`round ${round} of ${rounds}`);
      runs.push(await analyse([call, ...prompts]));
    }
    return report(runs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function report(runs: readonly Run[]): Measured {
  const files = runs[0]?.summaries ?? [];
  const factors = files.map(({ file }, i) => ({
    file: basename(file),
    factor: summarise(runs.map(({ summaries }) => summaries[i]?.realTimeFactor ?? NaN)),
  }));
  const audioS = files.reduce((sum, { durationMs }) => sum + durationMs / 1_000, 0);
  const wallS = summarise(runs.map((one) => one.wallS)).p50 ?? NaN;
  const rows = files.map((file, i) => [
    basename(file.file),
    file.durationMs / 1_000,
    file.speechMs.caller / 1_000,
    file.speechMs.staff / 1_000,
    factors[i]?.factor.p50 ?? null,
    factors[i]?.factor.max ?? null,
  ]);
  const head = ['file', 'audio s', 'caller speaks s', 'staff speaks s', 'factor p50', 'factor max'];
  const whole = `the whole command: ${wallS.toFixed(1)} s for ${audioS.toFixed(0)} s of audio, start and models included: factor ${(wallS / audioS).toFixed(2)}; keywords heard: ${runs[0]?.keywords ?? 0}`;
  return {
    table: `${formatTable(head, rows)}\n\n${whole}`,
    figures: { runs },
    // Nothing is promised of it; below 1 a recording is heard faster than it was spoken.
    verdicts: [],
  };
}

await measure({
  title: 'Analyse: real-time factor over recordings',
  defaults: { minutes: '2', rounds: '3' },
  run,
});
