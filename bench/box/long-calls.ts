import { ratio, slopePerHour, type Sample } from '../measure/statistics.js';
import { cpuSeconds } from '../measure/process-figures.js';
import { say, wait, type Verdict } from '../measure/measurement.js';
import { formatTable } from '../measure/table.js';
import { AlarmListener, type BoxHealth } from './alarm-listener.js';
import { MeasuredBox, MemoryWatch } from './measured-box.js';
import { Shop, type ShopCall } from './shop.js';
import { demoTurns } from './speech-files.js';
import { talk } from './talk.js';

/** INTERFACES §7 and the targets of the agent and its detector at eight calls. */
const AGENT_RSS_MAX_MB = 200;
const DETECTOR_RSS_MAX_MB = 400;
/** Packets on their way when the counters are read. */
const ON_THE_WAY_MAX = 5;
const SETTLE_MS = 1_000;

export interface LongCalls {
  readonly calls: number;
  readonly minutes: number;
  readonly detector: boolean;
}

/** One direction of one call. */
export interface DirectionCount {
  readonly call: string;
  readonly direction: 'caller to staff' | 'staff to caller';
  readonly sent: number;
  readonly received: number;
  /** Gaps in the receiver's sequence numbers. */
  readonly lost: number;
  readonly duplicates: number;
  /** SSRCs that the receiver heard: one, when the stream was continuous from announcement to end. */
  readonly streams: number;
}

export interface Memory {
  readonly process: 'agent' | 'detector';
  readonly firstMb: number;
  readonly maxMb: number;
  readonly lastMb: number;
  /** Over the second half, when all that is allocated once has been. */
  readonly slopeMbPerHour: number | null;
  readonly cpuPercent: number;
  readonly samples: readonly Sample[];
}

export interface LongCallsResult {
  readonly directions: readonly DirectionCount[];
  readonly memory: readonly Memory[];
  /** Calls that did not last. */
  readonly callsLost: number;
  /** Packet times that the load generator itself missed: each is no packet of the box's. */
  readonly framesNotSent: number;
  readonly complaints: Readonly<Record<string, number>>;
  /** As the box last told it; null in the first minute. */
  readonly health: BoxHealth | null;
}

/** Calls through the box, both sides talking real speech, for some minutes. */
export async function runLongCalls(options: LongCalls): Promise<LongCallsResult> {
  const { calls: count, minutes, detector } = options;
  const box = await MeasuredBox.start({ phones: count, detector });
  try {
    const shop = await Shop.open(count);
    const listener = await AlarmListener.open();
    try {
      const calls: ShopCall[] = [];
      const memory = new MemoryWatch(box, Math.max(1_000, minutes * 250));
      const turns = { caller: await demoTurns('caller'), staff: await demoTurns('staff') };
      const stops: (() => void)[] = [];
      for (let n = 0; n < count; n += 1) {
        const call = await shop.call();
        calls.push(call);
        stops.push(talk(call, turns.caller, turns.staff));
        say(`call ${n + 1} of ${count} is up`);
      }
      const cpu = cpuWatch(box);
      const counts = calls.map(countBoth);
      await passed(minutes, calls);
      const cpuPercent = cpu();
      const directions = counts.flatMap((finish) => finish());
      const callsLost = calls.filter((call) => call.lost() !== null).length;
      for (const stop of stops) stop();
      for (const call of calls) if (call.lost() === null) await call.hangUp();
      memory.stop();
      const voices = calls.flatMap(({ caller, staff }) => [caller, staff]);
      return {
        directions,
        memory: [
          memoryOf('agent', memory.agent, cpuPercent.agent),
          ...(detector ? [memoryOf('detector', memory.detector, cpuPercent.detector)] : []),
        ],
        callsLost,
        framesNotSent: voices.reduce((sum, voice) => sum + voice.framesSkipped, 0),
        complaints: Object.fromEntries(box.complaints),
        health: listener.health,
      };
    } finally {
      await listener.close();
      await shop.close();
    }
  } finally {
    await box.stop();
  }
}

async function passed(minutes: number, calls: readonly ShopCall[]): Promise<void> {
  const endMs = performance.now() + minutes * 60_000;
  let nextWordMs = performance.now() + 60_000;
  while (performance.now() < endMs) {
    await wait(Math.min(SETTLE_MS, Math.max(0, endMs - performance.now())));
    if (performance.now() < nextWordMs) continue;
    nextWordMs += 60_000;
    const up = calls.filter((call) => call.lost() === null).length;
    say(`${up} calls up, ${Math.ceil((endMs - performance.now()) / 60_000)} min to go`);
  }
}

/** Counts from now on. @returns what to call at the end */
function countBoth(call: ShopCall): () => readonly DirectionCount[] {
  const { caller, staff, extension } = call;
  const pairs = [
    { direction: 'caller to staff', from: caller, to: staff },
    { direction: 'staff to caller', from: staff, to: caller },
  ] as const;
  const before = pairs.map(({ from, to }) => ({
    sent: from.packetsSent,
    received: to.heard.received,
    lost: to.heard.lost,
    duplicates: to.heard.duplicates,
  }));
  return () =>
    pairs.map(({ direction, from, to }, i) => ({
      call: extension,
      direction,
      sent: from.packetsSent - (before[i]?.sent ?? 0),
      received: to.heard.received - (before[i]?.received ?? 0),
      lost: to.heard.lost - (before[i]?.lost ?? 0),
      duplicates: to.heard.duplicates - (before[i]?.duplicates ?? 0),
      streams: to.heard.streams,
    }));
}

function cpuWatch(box: MeasuredBox): () => { readonly agent: number; readonly detector: number } {
  const startedMs = performance.now();
  const { pid, detectorPid } = box;
  const before = {
    agent: cpuSeconds(pid),
    detector: detectorPid === null ? 0 : cpuSeconds(detectorPid),
  };
  return () => {
    const percent = (used: number): number => (100_000 * used) / (performance.now() - startedMs);
    // Another detector than at the start: one was restarted, and the figure would be of both.
    const isSame = detectorPid !== null && box.detectorPid === detectorPid;
    return {
      agent: percent(cpuSeconds(pid) - before.agent),
      detector: percent(isSame ? cpuSeconds(detectorPid) - before.detector : NaN),
    };
  };
}

function memoryOf(
  process: 'agent' | 'detector',
  samples: readonly Sample[],
  cpuPercent: number,
): Memory {
  const values = samples.map(({ value }) => value);
  return {
    process,
    firstMb: values[0] ?? NaN,
    maxMb: Math.max(...values),
    lastMb: values.at(-1) ?? NaN,
    slopeMbPerHour: slopePerHour(samples.slice(samples.length >> 1)),
    cpuPercent,
    samples,
  };
}

/** Sent and never heard, beyond what may be on its way. */
const unheard = ({ sent, received }: DirectionCount): number =>
  Math.max(0, sent - received - ON_THE_WAY_MAX);

export function longCallsTable(result: LongCallsResult): string {
  const packets = formatTable(
    ['phone', 'direction', 'sent', 'received', 'lost', 'repeated', 'streams', 'received ÷ sent'],
    result.directions.map((one) => [
      one.call,
      one.direction,
      one.sent,
      one.received,
      one.lost,
      one.duplicates,
      one.streams,
      ratio(one.received, one.sent),
    ]),
  );
  const limits = { agent: AGENT_RSS_MAX_MB, detector: DETECTOR_RSS_MAX_MB };
  const memory = formatTable(
    [
      'process',
      'RSS first MB',
      'max MB',
      'last MB',
      'max ÷ limit',
      'MB an hour',
      'CPU % of a core',
    ],
    result.memory.map((one) => [
      one.process,
      one.firstMb,
      one.maxMb,
      one.lastMb,
      one.maxMb / limits[one.process],
      one.slopeMbPerHour,
      one.cpuPercent,
    ]),
  );
  const told = Object.entries(result.complaints).map(([event, count]) => `${event} ${count}×`);
  const log = `the box's warnings: ${told.length === 0 ? 'none' : told.join(', ')}`;
  const own = `packet times that the load generator itself missed: ${result.framesNotSent}`;
  const dropped = result.health?.detectorPacketsDropped ?? 'not told yet';
  const heard = `packets of 20 ms that the detector was too late for: ${dropped}`;
  return `${packets}\n\n${memory}\n\n${log}\n${heard}\n${own}`;
}

export function longCallsVerdicts(result: LongCallsResult): readonly Verdict[] {
  const lost = result.directions.reduce((sum, one) => sum + one.lost, 0);
  const gone = result.directions.reduce((sum, one) => sum + unheard(one), 0);
  return [
    {
      what: 'packets',
      promised: '0 lost',
      found: `${lost} missing by sequence number, ${gone} sent and not received`,
      kept: lost === 0 && gone === 0,
    },
    {
      what: 'calls',
      promised: 'all last',
      found: `${result.callsLost} ended early`,
      kept: result.callsLost === 0,
    },
    ...result.memory.map(({ process, maxMb }) => {
      const limit = process === 'agent' ? AGENT_RSS_MAX_MB : DETECTOR_RSS_MAX_MB;
      return {
        what: `memory of the ${process}`,
        promised: `≤ ${limit} MB`,
        found: `${maxMb.toFixed(0)} MB`,
        kept: maxMb <= limit,
      };
    }),
  ];
}
