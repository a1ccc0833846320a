/**
 * One-way delay and processor time of relaying two-way G.711 calls: the box's media worker, a bare C relay, and rtpengine in
 * userspace, by turns on the same machine in the same minutes.
 *
 *   node dist/bench/relay-bench.js [--calls 1,4,8,50,100] [--seconds 5] [--rounds 5] [--out FILE]
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Child, isInstalled } from './measure/child.js';
import {
  measure,
  ms,
  numberOf,
  numbersOf,
  say,
  type Measured,
  type Settings,
  type Verdict,
} from './measure/measurement.js';
import { cpuSeconds } from './measure/process-figures.js';
import { ratio, summarise, type Summary } from './measure/statistics.js';
import { formatTable, type Cell } from './measure/table.js';
import {
  bridgeRelay,
  compile,
  cRelay,
  hasRtpengine,
  rtpengine,
  type Contestant,
  type OpenContestant,
} from './relay/contestants.js';

const LOAD_FIRST_PORT = 24_000;
const WARMUP_SECONDS = 1;
/** INTERFACES §7: more than the C relay in the same run. */
const P50_ABOVE_MS = 1;
const P99_ABOVE_MS = 5;

const loadReport = z.object({
  sent: z.int(),
  received: z.int(),
  duplicates: z.int(),
  strangers: z.int(),
  sendLateMaxUs: z.int(),
});

interface Round {
  readonly delaysMs: Float64Array;
  readonly sent: number;
  readonly received: number;
  readonly cpuSeconds: number;
  readonly seconds: number;
}

interface Result {
  readonly calls: number;
  readonly relay: string;
  readonly delayMs: Summary;
  /** Of the rounds' own p99: what one round beside a busy neighbour does not move. */
  readonly p99MedianRoundMs: number | null;
  readonly sent: number;
  readonly lost: number;
  /** Of one core. */
  readonly cpuPercent: number;
  readonly cpuPercentPerCall: number;
}

interface Load {
  readonly program: string;
  readonly samplesFile: string;
  readonly seconds: number;
  readonly ports: readonly number[];
}

async function runRound(load: Load, contestant: Contestant): Promise<Round> {
  const { program, samplesFile, seconds, ports } = load;
  const child = new Child([program, String(seconds), String(WARMUP_SECONDS), samplesFile]);
  const line = child.line((text) => text.startsWith('{'));
  const cpuBefore = cpuSeconds(contestant.pid);
  child.write(ports.map((port, i) => `${port} ${contestant.relayPorts[i] ?? 0}\n`).join(''));
  child.endInput();
  const { sent, received } = loadReport.parse(JSON.parse(await line));
  const cpuUsed = cpuSeconds(contestant.pid) - cpuBefore;
  await child.exited;
  const bytes = await readFile(samplesFile);
  const delaysMs = Float64Array.from(
    { length: bytes.length / 4 },
    (_, i) => bytes.readUInt32LE(4 * i) / 1_000,
  );
  return { delaysMs, sent, received, cpuSeconds: cpuUsed, seconds: seconds + WARMUP_SECONDS };
}

function resultOf(calls: number, relay: string, rounds: readonly Round[]): Result {
  const sum = (of: (round: Round) => number): number =>
    rounds.reduce((total, round) => total + of(round), 0);
  const cpuPercent = (100 * sum((round) => round.cpuSeconds)) / sum((round) => round.seconds);
  const delays = new Float64Array(sum((round) => round.delaysMs.length));
  let at = 0;
  for (const { delaysMs } of rounds) {
    delays.set(delaysMs, at);
    at += delaysMs.length;
  }
  return {
    calls,
    relay,
    delayMs: summarise(delays),
    p99MedianRoundMs: summarise(rounds.flatMap(({ delaysMs }) => summarise(delaysMs).p99 ?? []))
      .p50,
    sent: sum((round) => round.sent),
    lost: sum((round) => round.sent - round.received),
    cpuPercent,
    cpuPercentPerCall: cpuPercent / calls,
  };
}

interface Run {
  readonly load: Omit<Load, 'ports'>;
  readonly rounds: number;
  readonly open: readonly OpenContestant[];
}

/** All relays with the same calls up, loaded by turns: A B C A B C. */
async function runCalls(calls: number, { load, rounds, open }: Run): Promise<readonly Result[]> {
  const ports = Array.from({ length: 2 * calls }, (_, i) => LOAD_FIRST_PORT + 2 * i);
  const contestants: Contestant[] = [];
  try {
    for (const openOne of open) contestants.push(await openOne(ports));
    const done = new Map<Contestant, Round[]>(contestants.map((one) => [one, []]));
    for (let round = 1; round <= rounds; round += 1) {
      for (const contestant of contestants) {
        say(`${calls} calls, round ${round} of ${rounds}: ${contestant.name}`);
        done.get(contestant)?.push(await runRound({ ...load, ports }, contestant));
      }
    }
    return [...done].map(([{ name }, its]) => resultOf(calls, name, its));
  } finally {
    for (const contestant of contestants) await contestant.close();
  }
}

const above = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : a - b;

function tableOf(results: readonly Result[]): string {
  const rows = results.map((result): readonly Cell[] => {
    const base = results.find((one) => one.calls === result.calls && one.relay === 'C relay');
    const { calls, relay, delayMs, p99MedianRoundMs, sent, lost } = result;
    const { cpuPercent, cpuPercentPerCall } = result;
    return [
      calls,
      relay,
      delayMs.p50,
      delayMs.p99,
      p99MedianRoundMs,
      delayMs.max,
      ratio(delayMs.p50, base?.delayMs.p50 ?? null),
      ratio(delayMs.p99, base?.delayMs.p99 ?? null),
      cpuPercent,
      cpuPercentPerCall,
      ratio(cpuPercent, base?.cpuPercent ?? null),
      sent,
      lost,
    ];
  });
  const head = [
    'calls',
    'relay',
    'p50 ms',
    'p99 ms',
    'p99 median round',
    'max ms',
    'p50 ÷ C',
    'p99 ÷ C',
  ];
  const rest = ['CPU % of a core', 'CPU % a call', 'CPU ÷ C', 'packets', 'lost'];
  return formatTable([...head, ...rest], rows);
}

function verdictsOf(results: readonly Result[]): readonly Verdict[] {
  return results
    .filter((result) => result.relay.startsWith('media worker'))
    .flatMap(({ calls, relay, delayMs, lost }) => {
      const base = results.find((one) => one.calls === calls && one.relay === 'C relay')?.delayMs;
      const p50 = above(delayMs.p50, base?.p50 ?? null);
      const p99 = above(delayMs.p99, base?.p99 ?? null);
      const what = `${calls} calls, ${relay}`;
      const limits = `p50 ≤ ${P50_ABOVE_MS} ms and p99 ≤ ${P99_ABOVE_MS} ms above the C relay`;
      const found = `p50 ${ms(p50, 2)}, p99 ${ms(p99, 2)} above`;
      const isFast = p50 !== null && p99 !== null && p50 <= P50_ABOVE_MS && p99 <= P99_ABOVE_MS;
      return [
        { what: `${what}, delay`, promised: limits, found, kept: isFast },
        { what: `${what}, loss`, promised: '0 lost', found: `${lost} lost`, kept: lost === 0 },
      ];
    });
}

async function run(settings: Settings): Promise<Measured> {
  if (!isInstalled('gcc')) throw new Error('gcc is missing: the load and the C relay are compiled');
  const folder = await mkdtemp(join(tmpdir(), 'relay-bench-'));
  try {
    const load = {
      program: compile('load', folder),
      samplesFile: join(folder, 'samples'),
      seconds: numberOf(settings, 'seconds'),
    };
    const open = [cRelay(compile('relay', folder)), bridgeRelay(false), bridgeRelay(true)];
    if (hasRtpengine()) open.push(rtpengine);
    else say('rtpengine is not installed (rtpengine-daemon): left out');
    const results: Result[] = [];
    const rounds = numberOf(settings, 'rounds');
    for (const calls of numbersOf(settings, 'calls')) {
      results.push(...(await runCalls(calls, { load, rounds, open })));
    }
    return { table: tableOf(results), verdicts: verdictsOf(results), figures: { results } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await measure({
  title: 'Relay: one-way delay and processor time',
  defaults: { calls: '1,4,8,50,100', seconds: '5', rounds: '5' },
  run,
});
