import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';
import { encodePcmu, PCMU_SILENCE, readPacketBatch } from 'node-mediastream';

import { silentLog } from '../../base/index.js';
import { FakeClock } from '../../base/testing/fake-clock.js';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import { layTogether, rebuildWav, type LegPackets } from './rebuild-wav.js';
import { RecorderCore } from './recorder-core.js';
import { nodeFileSystem } from './recorder-files.js';
import { RECORDER_LIMITS } from './recorder-limits.js';
import type { RecorderEvent } from './recorder-protocol.js';
import type { RecordedPacket } from './segment-format.js';
import { packetOf, tapOf } from './testing/packets.js';

const START_MS = 1_790_812_800_000;
const MARK = 0x80; // The loudest positive sample of µ-law.
const MARK_LEVEL = 30_000;
const MARK_EVERY_MS = 10_000;

interface LegPlan {
  readonly speaker: 'caller' | 'staff';
  /** How much faster than the box's clock the sender's samples come. */
  readonly driftPpm: number;
  readonly durationMs: number;
  readonly lossRate: number;
  readonly jitterMs: number;
  /** Talks without a pause. */
  readonly breathless?: boolean;
  /** Samples of the sender's clock at which its timestamps jump and its SSRC changes. */
  readonly newStreamEveryMs?: number;
}

const SPEECH = new Uint8Array(160);
encodePcmu(
  Int16Array.from({ length: 160 }, (_, n) => (n % 16 < 8 ? 5_000 : -5_000)),
  SPEECH,
);
const SILENCE = new Uint8Array(160).fill(PCMU_SILENCE);

/** A leg whose sender hears a mark every 10 s of true time, and samples it by a clock that drifts. */
async function* legOf(plan: LegPlan, seed: number): AsyncGenerator<RecordedPacket[]> {
  const random = new SeededRandom(seed);
  const rateHz = 8_000 * (1 + plan.driftPpm / 1e6);
  const held: RecordedPacket[] = [];
  let nextMarkMs = MARK_EVERY_MS / 2;
  let stream = 0;
  let streamStart = random.uint32();
  for (let n = 0; ; n += 1) {
    const fromMs = ((n * 160) / rateHz) * 1_000;
    const toMs = (((n + 1) * 160) / rateHz) * 1_000;
    if (fromMs >= plan.durationMs) break;
    if (plan.newStreamEveryMs !== undefined && fromMs >= (stream + 1) * plan.newStreamEveryMs) {
      stream += 1;
      streamStart = random.uint32();
    }
    // 3 s of speech, 1 s of pause.
    let payload = plan.breathless === true || fromMs % 4_000 < 3_000 ? SPEECH : SILENCE;
    if (nextMarkMs < toMs) {
      payload = Uint8Array.from(payload);
      const at = Math.floor(((nextMarkMs - fromMs) * rateHz) / 1_000);
      payload.fill(MARK, Math.max(0, at), Math.max(0, at) + 1);
      nextMarkMs += MARK_EVERY_MS;
    }
    if (random.fraction() < plan.lossRate) continue;
    const packet: RecordedPacket = {
      // It leaves when it is full.
      arrivalMs: START_MS + toMs + random.fraction() ** 3 * plan.jitterMs,
      sequenceNumber: n & 0xffff,
      rtpTimestamp: (streamStart + n * 160) >>> 0,
      payloadType: 0,
      marker: false,
      ssrc: 1 + stream,
      payload,
    };
    held.push(packet);
    if (random.fraction() < 0.005) held.push({ ...packet, arrivalMs: packet.arrivalMs + 15 });
    if (held.length < 64) continue;
    held.sort((a, b) => a.arrivalMs - b.arrivalMs);
    yield held.splice(0, 56);
  }
  held.sort((a, b) => a.arrivalMs - b.arrivalMs);
  yield held;
  await Promise.resolve();
}

interface Marks {
  readonly caller: number[];
  readonly staff: number[];
  frames: number;
}

async function marksOf(legs: readonly LegPackets[]): Promise<Marks> {
  const marks: Marks = { caller: [], staff: [], frames: 0 };
  for await (const window of layTogether(legs, START_MS)) {
    for (let n = 0; n < window.length; n += 1) {
      if (window[n]! < MARK_LEVEL) continue;
      const frame = marks.frames + (n >> 1);
      const side = n % 2 === 0 ? marks.caller : marks.staff;
      if (frame - (side.at(-1) ?? -10_000) > 1_000) side.push(frame);
    }
    marks.frames += window.length / 2;
  }
  return marks;
}

/** @returns how far apart the two sides hear the same mark, ms, for each that neither lost */
function distances(marks: Marks): number[] {
  const staff = new Map(marks.staff.map((frame) => [Math.round(frame / 80_000 - 0.5), frame]));
  return marks.caller.flatMap((frame) => {
    const other = staff.get(Math.round(frame / 80_000 - 0.5));
    return other === undefined ? [] : Math.abs(frame - other) / 8;
  });
}

test('after six hours the sides are within 20 ms, with clocks 200 ppm apart, loss, jitter and repeats', async (t) => {
  t.timeout(180_000);
  const common = { durationMs: 6 * 3_600_000, lossRate: 0.02, jitterMs: 40 };
  const legs = [
    {
      speaker: 'caller' as const,
      packets: legOf({ ...common, speaker: 'caller', driftPpm: 100 }, 1),
    },
    {
      speaker: 'staff' as const,
      packets: legOf({ ...common, speaker: 'staff', driftPpm: -100 }, 2),
    },
  ];
  const marks = await marksOf(legs);
  const apart = distances(marks);
  t.true(apart.length > 1_900, `${apart.length} marks heard on both sides`);
  const worst = Math.max(...apart);
  t.log(`worst ${worst.toFixed(1)} ms apart, last ${(apart.at(-1) ?? 0).toFixed(1)} ms`);
  t.true(worst <= 20, `${worst} ms`);
  t.true(Math.abs(marks.frames / 8 - common.durationMs) < 100, 'as long as the call');
});

test('one who talks for an hour without a pause stays aligned too, through changes of SSRC', async (t) => {
  t.timeout(60_000);
  const common = { durationMs: 3_600_000, lossRate: 0, jitterMs: 30 };
  const breathless = { ...common, breathless: true, newStreamEveryMs: 600_000 };
  const legs = [
    {
      speaker: 'caller' as const,
      packets: legOf({ ...breathless, speaker: 'caller', driftPpm: 150 }, 3),
    },
    { speaker: 'staff' as const, packets: legOf({ ...common, speaker: 'staff', driftPpm: 0 }, 4) },
  ];
  const apart = distances(await marksOf(legs));
  t.true(apart.length > 350);
  t.true(Math.max(...apart) <= 20, `${Math.max(...apart)} ms`);
});

async function* from(
  packets: readonly RecordedPacket[],
): AsyncGenerator<readonly RecordedPacket[]> {
  await Promise.resolve();
  yield packets;
}

async function leftOf(packets: readonly RecordedPacket[]): Promise<Int16Array> {
  const samples: number[] = [];
  for await (const window of layTogether(
    [{ speaker: 'caller', packets: from(packets) }],
    START_MS,
  )) {
    for (let n = 0; n < window.length; n += 2) samples.push(window[n]!);
  }
  return Int16Array.from(samples);
}

const speech = (n: number, over: Partial<RecordedPacket> = {}): RecordedPacket =>
  packetOf(n, START_MS, { payload: SPEECH, ...over });
const seconds = (from: number, to: number): RecordedPacket[] =>
  Array.from({ length: (to - from) * 50 }, (_, n) => speech(from * 50 + n));

/** @returns the stretches of sound, in packets of 20 ms: [first, behind the last] */
function stretches(samples: Int16Array): number[][] {
  const found: number[][] = [];
  for (let n = 0; n < samples.length; n += 160) {
    if (Math.abs(samples[n + 40] ?? 0) < 1_000) continue;
    const last = found.at(-1);
    if (last?.[1] === n / 160) last[1] += 1;
    else found.push([n / 160, n / 160 + 1]);
  }
  return found;
}

test('what was lost, and what a full disk cost, is silence of the same length', async (t) => {
  const samples = await leftOf([...seconds(0, 10), ...seconds(40, 50)]);
  t.is(samples.length, 50 * 8_000);
  t.deepEqual(stretches(samples), [
    [0, 500],
    [2_000, 2_500],
  ]);
});

test('a sender whose timestamps stood still on hold goes on where it went on', async (t) => {
  const packets = [
    ...seconds(0, 10),
    ...seconds(10, 20).map((p) => ({ ...p, arrivalMs: p.arrivalMs + 30_000 })),
  ];
  t.deepEqual(stretches(await leftOf(packets)), [
    [0, 500],
    [2_000, 2_500],
  ]);
});

test('a network that stood still for 3 s and then caught up costs nothing', async (t) => {
  const packets = seconds(0, 20).map((p, n) => ({
    ...p,
    arrivalMs: n < 500 ? p.arrivalMs : Math.max(p.arrivalMs, START_MS + 13_000 + (n - 500)),
  }));
  t.deepEqual(stretches(await leftOf(packets)), [[0, 1_000]]);
});

test('overtaken packets are put in place, and repeats and digits leave no trace (RFC 4733)', async (t) => {
  const packets = seconds(0, 4).map((p, n) =>
    n % 4 === 0 ? { ...p, arrivalMs: p.arrivalMs + 55 } : p,
  );
  const all = [...packets, ...packets.map((p) => ({ ...p, arrivalMs: p.arrivalMs + 130 }))];
  const digits = seconds(1, 2).map((p) => ({ ...p, payloadType: 101, rtpTimestamp: 5 }));
  const sorted = [...all, ...digits].sort((a, b) => a.arrivalMs - b.arrivalMs);
  const samples = await leftOf(sorted);
  t.deepEqual(stretches(samples), [[0, 200]]);
});

test('timestamps of a hostile sender cost neither memory nor time', async (t) => {
  const random = new SeededRandom(9);
  const packets = Array.from({ length: 20_000 }, (_, n) =>
    speech(n % 1_000, {
      arrivalMs: START_MS + n,
      rtpTimestamp: random.uint32(),
      sequenceNumber: random.below(65_536),
      ssrc: random.below(1_000),
    }),
  );
  const samples = await leftOf(packets);
  t.true(samples.length < 60 * 8_000);
});

test('a recording becomes a WAV: left the caller, right the staff; an unreadable segment is silence', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'rebuild-'));
  const clock = new FakeClock(START_MS);
  const events: RecorderEvent[] = [];
  const core = new RecorderCore(
    { directory, limits: { ...RECORDER_LIMITS, segmentMsMax: 2_000 } },
    {
      clock,
      files: nodeFileSystem,
      readPackets: readPacketBatch,
      emit: (event) => events.push(event),
    },
  );
  core.begin('call-1', { heldUntilAnswered: false });
  for (let n = 0; n < 10; n += 1) {
    const packets = seconds(n, n + 1);
    core.tap(tapOf('call-1', 'caller', packets));
    core.tap(
      tapOf(
        'call-1',
        'staff',
        packets.map((p) => ({ ...p, payload: SILENCE })),
      ),
    );
    clock.advance(1_000);
  }
  core.dispatch('call-1', { name: 'end' });
  clock.advance(1_000);
  const files = events.flatMap((event) => (event.name === 'ended' ? event.summary.files : []));
  await writeFile(
    join(directory, files.find((file) => file.includes('caller-0002')) ?? ''),
    'rotten',
  );
  const out = join(directory, 'call.wav');
  const rebuilt = await rebuildWav({ directory, files }, out, { log: silentLog });
  t.is(rebuilt.startedWallMs, START_MS);
  t.is(rebuilt.durationMs, 10_000);
  const wav = await readFile(out);
  t.is(wav.length, 44 + 10 * 8_000 * 4);
  t.is(wav.readUInt32LE(4), wav.length - 8);
  t.is(wav.readUInt32LE(40), wav.length - 44);
  const left = Int16Array.from({ length: 80_000 }, (_, n) => wav.readInt16LE(44 + n * 4));
  const right = Int16Array.from({ length: 80_000 }, (_, n) => wav.readInt16LE(46 + n * 4));
  t.is(stretches(left).length, 2);
  t.deepEqual(stretches(right), []);
  t.is((await stat(out)).mode & 0o077, 0);
  const error = await t.throwsAsync(rebuildWav({ directory, files: [] }, out, { log: silentLog }));
  t.like(error, { code: 'recording-empty' });
  t.is((await readFile(out)).length, wav.length, 'a failed rebuild leaves the file of before');
  t.false((await readdir(directory)).includes('call.wav.part'));
  await rm(directory, { recursive: true });
});
