/**
 * Long calls: one of six hours on a virtual clock, the alignment of its recording, and one in real time at the wired box.
 *
 *   node dist/bench/soak.js [--hours 6] [--minutes 20] [--out FILE]
 *
 * Honest at speed: SIP with session timers and registrations, the call machine, the clock ladder, RTP through the media
 * worker's own code with all its wraps. Not honest at speed, and so in real time: threads, sockets, disk, models, memory.
 */
import { spawnSync } from 'node:child_process';
import { longCallsTable, longCallsVerdicts, runLongCalls } from './box/long-calls.js';
import { ROOT } from './box/measured-box.js';
import { measure, numberOf, say, type Measured, type Verdict } from './measure/measurement.js';
import { formatTable } from './measure/table.js';
import { simulateCall, type SimulatedCall } from './soak/simulated-call.js';

const ALIGNMENT_TEST = 'dist/agent/recorder/rebuild-wav.test.js';
const ALIGNMENT_TITLE = 'after six hours*';
/** What the clock ladder promises, minutes and level. */
const LADDER = ['20: 1', '30: 2', '60: 2'];
/** The lossy network may hold a BYE back for some seconds. */
const DURATION_OFF_MAX_MS = 5_000;
const HEAP_GROWTH_MAX_MB = 5;
const PACKETS_AN_HOUR = 3_600 * 50;

function simulated(result: SimulatedCall): Measured {
  const { hours, tookS, directions, heapMb } = result;
  const packets = formatTable(
    [
      'direction',
      'sent',
      'heard',
      'out of order',
      'timestamp jumps',
      'sequence wraps',
      'timestamp wraps',
    ],
    directions.map((one) => [
      one.direction,
      one.sent,
      one.heard,
      one.outOfOrder,
      one.timestampSteps,
      one.sequenceWraps,
      one.timestampWraps,
    ]),
  );
  const rungs = result.rungs.map(({ afterMin, level }) => `${afterMin}: ${level}`);
  const due = LADDER.filter((rung) => Number(rung.split(':')[0]) < hours * 60);
  const growthMb = heapMb.atTheEnd - (heapMb.afterOneHour ?? heapMb.atTheEnd);
  const offMs = Math.abs((result.recordedDurationMs ?? 0) - hours * 3_600_000);
  const isWhole = directions.every(
    ({ heard, outOfOrder, timestampSteps }) =>
      heard >= hours * PACKETS_AN_HOUR && outOfOrder === 0 && timestampSteps === 0,
  );
  const figures = [
    `${hours} h in ${tookS.toFixed(0)} s (${((hours * 3_600) / tookS).toFixed(0)}× real time)`,
    `session refreshes: ${result.refreshes}; packets to the recorder: ${result.recordTapped}`,
    `live heap: ${heapMb.afterOneHour?.toFixed(1) ?? '–'} MB after 1 h, ${heapMb.atTheEnd.toFixed(1)} MB at the end`,
    `ends: ${result.ends.join('; ')}`,
  ];
  const isUp = result.ends[0] === 'both sides were talking';
  return {
    table: `${packets}\n\n${figures.join('\n')}`,
    figures: { simulated: result },
    verdicts: [
      verdict('the call', 'lasts', isUp ? 'lasted' : (result.ends[0] ?? ''), isUp),
      verdict('packets', 'all, in order, time line whole', isWhole ? 'so' : 'not so', isWhole),
      verdict(
        'detector time line',
        '0 jumps',
        String(result.detectJumps),
        result.detectJumps === 0,
      ),
      verdict('clock ladder', due.join(', '), rungs.join(', '), rungs.join() === due.join()),
      verdict(
        'duration on the record',
        `± ${DURATION_OFF_MAX_MS} ms`,
        `${offMs.toFixed(0)} ms off`,
        offMs <= DURATION_OFF_MAX_MS,
      ),
      verdict(
        'live heap',
        `grows ≤ ${HEAP_GROWTH_MAX_MB} MB after the first hour`,
        `${growthMb.toFixed(1)} MB`,
        growthMb <= HEAP_GROWTH_MAX_MB,
      ),
      verdict('faults', 'none', result.faults.join(', ') || 'none', result.faults.length === 0),
    ],
  };
}

const verdict = (what: string, promised: string, found: string, kept: boolean): Verdict => ({
  what,
  promised,
  found,
  kept,
});

/** The recorder has a test of six hours with clocks that drift; here it is run, not repeated. */
function alignment(): Verdict {
  const argv = ['node_modules/ava/entrypoints/cli.mjs', ALIGNMENT_TEST, '--match', ALIGNMENT_TITLE];
  const { status, stdout } = spawnSync(process.execPath, [...argv, '--verbose'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const worst = /worst .*? apart/.exec(stdout)?.[0] ?? 'the test says nothing';
  return verdict('sides of a recording of 6 h', '≤ 20 ms apart', worst, status === 0);
}

await measure({
  title: 'Soak: long calls',
  defaults: { hours: '6', minutes: '20', calls: '1' },
  async run(settings) {
    const [hours, minutes] = [numberOf(settings, 'hours'), numberOf(settings, 'minutes')];
    const parts: Measured[] = [];
    if (hours > 0) {
      say(`a call of ${hours} h on a virtual clock`);
      parts.push(simulated(await simulateCall(hours)));
      say('the alignment of a recording of 6 h');
      parts.push({ table: '', verdicts: [alignment()], figures: {} });
    }
    if (minutes > 0) {
      say(`a call of ${minutes} min in real time`);
      const calls = numberOf(settings, 'calls');
      const result = await runLongCalls({ calls, minutes, detector: true });
      const table = longCallsTable(result);
      parts.push({ table, verdicts: longCallsVerdicts(result), figures: { realTime: result } });
    }
    return {
      table: parts.map(({ table }) => table).join('\n\n'),
      verdicts: parts.flatMap(({ verdicts }) => verdicts),
      figures: { parts: parts.map(({ figures }) => figures) },
    };
  },
});
