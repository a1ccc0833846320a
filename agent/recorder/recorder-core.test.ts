import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, writeFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';
import { readPacketBatch } from 'node-mediastream';

import { FakeClock } from '../../base/testing/fake-clock.js';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import { RecorderCore } from './recorder-core.js';
import { nodeFileSystem, type RecorderFileSystem } from './recorder-files.js';
import { RECORDER_LIMITS, type RecorderLimits } from './recorder-limits.js';
import type { RecorderEvent, RecordingSummary } from './recorder-protocol.js';
import { readSegment } from './segment-reader.js';
import type { RecordedPacket, SegmentBlock } from './segment-format.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { packetOf, tapOf } from './testing/packets.js';

const ROOT = '/recordings';
const CALL = 'call-1';

class Bench {
  readonly clock = new FakeClock();
  readonly disk = new MemoryDisk();
  readonly events: RecorderEvent[] = [];
  readonly core: RecorderCore;
  readonly startMs: number;
  sent = 0;

  constructor(
    limits: Partial<RecorderLimits> = {},
    disk?: { files: RecorderFileSystem; root: string },
  ) {
    this.startMs = this.clock.wallMs();
    this.core = new RecorderCore(
      { directory: disk?.root ?? ROOT, limits: { ...RECORDER_LIMITS, ...limits } },
      {
        clock: this.clock,
        files: disk?.files ?? this.disk,
        readPackets: readPacketBatch,
        emit: (event) => this.events.push(event),
      },
    );
  }

  /** Both sides talk for `ms`, in batches of 100 ms. */
  talk(ms: number, ...others: string[]): void {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.advance(100);
      const packets = Array.from({ length: 5 }, (_, n) => packetOf(this.sent + n, this.startMs));
      this.sent += 5;
      for (const callId of [CALL, ...others]) {
        this.core.tap(tapOf(callId, 'caller', packets));
        this.core.tap(tapOf(callId, 'staff', packets));
      }
    }
  }

  end(callId = CALL): RecordingSummary | undefined {
    this.core.dispatch(callId, { name: 'end' });
    this.clock.advance(20_000);
    return this.summary;
  }

  get summary(): RecordingSummary | undefined {
    return this.events.flatMap((event) => (event.name === 'ended' ? event.summary : []))[0];
  }

  names(): string[] {
    return this.events.map((event) => event.name);
  }

  blocks(track: string, from = this.disk.contents): SegmentBlock[] {
    const paths = [...from.keys()].filter((path) => path.includes(`/${CALL}/${track}-`)).sort();
    return paths.flatMap((path) => {
      const contents = readSegment(from.get(path) ?? Buffer.alloc(0));
      return typeof contents === 'string' ? [] : contents.blocks;
    });
  }

  packets(track: string, from = this.disk.contents): RecordedPacket[] {
    return this.blocks(track, from).flatMap(({ content }) =>
      content.kind === 'packets' ? content.packets : [],
    );
  }
}

const plain = (packets: readonly RecordedPacket[]): unknown[] =>
  packets.map((packet) => ({ ...packet, payload: Buffer.from(packet.payload).toString('hex') }));

test('both sides are on the disk bit for bit, over wraps of sequence and timestamp (RFC 3550 §5.1)', (t) => {
  const bench = new Bench();
  bench.core.begin(CALL, { heldUntilAnswered: false });
  bench.talk(150_000);
  const summary = bench.end();
  const expected = plain(Array.from({ length: bench.sent }, (_, n) => packetOf(n, bench.startMs)));
  t.deepEqual(plain(bench.packets('caller')), expected);
  t.deepEqual(plain(bench.packets('staff')), expected);
  t.is(summary?.durationMs, (bench.sent - 1) * 20);
  t.is(summary?.lost, 0);
  t.deepEqual(summary?.gaps, []);
  // Segments of a minute each.
  t.is(summary?.files.filter((file) => file.includes('caller')).length, 3);
  t.true(summary?.files.includes(join('2026', '10', '01', CALL, 'caller-0001.seg')));
  t.deepEqual(bench.blocks('caller').at(-1)?.content.kind, 'end');
  const bytes = [...bench.disk.contents.values()].reduce((sum, file) => sum + file.length, 0);
  t.is(summary?.bytes, bytes);
  t.is(bench.disk.openCount, 0);
});

test('at no moment does a power cut take more than 2 s', (t) => {
  const random = new SeededRandom(3);
  const bench = new Bench();
  bench.core.begin(CALL, { heldUntilAnswered: false });
  for (let n = 0; n < 100; n += 1) {
    bench.talk(100 * (1 + random.below(20)));
    const lastMs = bench.clock.wallMs();
    const onDisk = bench.packets('caller', bench.disk.synced);
    const expected = Array.from({ length: bench.sent }, (_, m) =>
      packetOf(m, bench.startMs),
    ).filter((packet) => packet.arrivalMs < lastMs - 1_200);
    t.true(onDisk.length >= expected.length, `${onDisk.length} of ${expected.length}`);
  }
});

test('a call that nobody answers leaves no file and no folder', (t) => {
  const bench = new Bench();
  bench.core.begin(CALL, { heldUntilAnswered: true });
  bench.talk(30_000);
  bench.core.dispatch(CALL, { name: 'discard' });
  bench.talk(1_000);
  t.is(bench.disk.contents.size, 0);
  t.is(bench.disk.directories.size, 0);
  t.deepEqual(bench.names(), []);
});

test('a held call that ends unanswered is discarded, with a summary without files', (t) => {
  const bench = new Bench();
  bench.core.begin(CALL, { heldUntilAnswered: true });
  bench.talk(5_000);
  const summary = bench.end();
  t.deepEqual(summary?.files, []);
  t.is(summary?.bytes, 0);
  t.is(bench.disk.contents.size, 0);
});

test('what was said before the answer is recorded; beyond 120 s the oldest is a gap on the record', (t) => {
  const bench = new Bench();
  bench.core.begin(CALL, { heldUntilAnswered: true });
  bench.talk(150_000);
  bench.core.dispatch(CALL, { name: 'commit' });
  bench.talk(2_000);
  const summary = bench.end();
  const first = bench.blocks('caller')[0]?.content;
  if (first?.kind !== 'gap') return t.fail('the gap comes first');
  t.is(first.gap.why, 'held-too-long');
  t.is(first.gap.fromWallMs, bench.startMs);
  t.is(bench.packets('caller').length + first.gap.packets, bench.sent);
  t.is(bench.packets('caller')[0]?.arrivalMs, first.gap.toWallMs);
  t.is(summary?.gaps.length, 2);
});

test('a full disk raises one alarm for all calls; recording resumes without loss when room comes soon', (t) => {
  const bench = new Bench();
  bench.core.begin(CALL, { heldUntilAnswered: false });
  bench.core.begin('call-2', { heldUntilAnswered: false });
  bench.talk(5_000);
  bench.disk.roomBytes = 5_000;
  bench.talk(20_000, 'call-2');
  t.deepEqual(bench.names(), ['storageFailed']);
  bench.disk.roomBytes = Number.POSITIVE_INFINITY;
  bench.talk(5_000);
  bench.end();
  t.deepEqual(bench.names().slice(0, 2), ['storageFailed', 'storageRecovered']);
  t.deepEqual(bench.summary?.gaps, []);
  const numbers = bench.packets('caller').map((packet) => packet.arrivalMs);
  t.is(new Set(numbers).size, numbers.length, 'nothing is twice on the disk');
  t.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
  );
  t.is(bench.packets('caller').length, bench.sent);
  for (const [path, bytes] of bench.disk.contents) {
    const contents = readSegment(bytes);
    if (typeof contents === 'string') return t.fail(path);
    t.is(contents.cutBytes, 0, 'what the full disk tore is taken off again');
  }
});

test('a disk that stays full costs the oldest only, in bounded memory, and the gap is on the record', (t) => {
  const bench = new Bench({ heldMsMax: 10_000 });
  bench.core.begin(CALL, { heldUntilAnswered: false });
  bench.talk(5_000);
  bench.disk.refusal = 'ENOSPC';
  bench.talk(60_000);
  bench.disk.refusal = null;
  bench.talk(5_000);
  const summary = bench.end();
  t.is(summary?.gaps.length, 2);
  const gap = summary?.gaps.find((one) => one.speaker === 'caller');
  t.is(gap?.why, 'disk-full');
  t.is(bench.packets('caller').length + (gap?.packets ?? 0), bench.sent);
  t.true((gap?.toWallMs ?? 0) - (gap?.fromWallMs ?? 0) > 45_000);
  const kinds = bench.blocks('caller').map(({ content }) => content.kind);
  t.is(kinds.filter((kind) => kind === 'gap').length, 1);
  t.is(bench.names().filter((name) => name === 'gap').length, 2);
});

for (const code of ['EIO', 'EROFS', 'EDQUOT']) {
  test(`a disk that fails with ${code} at the end of a call does not hold up its record`, (t) => {
    const bench = new Bench();
    bench.core.begin(CALL, { heldUntilAnswered: false });
    bench.talk(5_500);
    bench.disk.refusal = code;
    bench.talk(3_000);
    const summary = bench.end();
    t.is(summary?.gaps.length, 2);
    t.is(summary?.gaps[0]?.why, code === 'EDQUOT' ? 'disk-full' : 'disk-failed');
    bench.disk.refusal = null;
    bench.clock.advance(5_000);
    t.is(bench.names().at(-1), 'storageRecovered', 'the alarm goes out without a call');
  });
}

test('packets still on their way when the call ends are kept; those of a call long ended are stray', (t) => {
  const bench = new Bench();
  bench.core.begin(CALL, { heldUntilAnswered: false });
  bench.talk(1_000);
  bench.core.dispatch(CALL, { name: 'end' });
  bench.talk(100);
  bench.clock.advance(1_000);
  t.is(bench.summary?.legs[0]?.packets, bench.sent);
  bench.talk(10_000);
  t.is(bench.core.strayBatches, 200 - RECORDER_LIMITS.earlyBatchesMax);
});

test('packets that overtake the command to begin are kept', (t) => {
  const bench = new Bench();
  bench.talk(500);
  bench.core.begin(CALL, { heldUntilAnswered: false });
  bench.talk(500);
  bench.end();
  t.is(bench.packets('staff').length, bench.sent);
});

test('a call taken up again after a restart goes on behind its first segments', (t) => {
  const bench = new Bench();
  bench.core.begin(CALL, { heldUntilAnswered: false });
  bench.talk(3_000);
  const next = new Bench({}, { files: bench.disk, root: ROOT });
  next.core.begin(CALL, { heldUntilAnswered: false, beganAtWallMs: bench.startMs });
  next.talk(2_000);
  t.deepEqual(
    next.end()?.files.map((file) => file.slice(-15)),
    ['caller-0002.seg', '/staff-0002.seg'],
  );
  t.true(bench.packets('caller').length >= 200);
});

test('a transfer records the second phone on a track of its own', (t) => {
  const bench = new Bench();
  bench.core.begin(CALL, { heldUntilAnswered: false });
  bench.talk(1_000);
  const packets = [packetOf(0, bench.clock.wallMs())];
  bench.core.tap({ ...tapOf(CALL, 'staff', packets), legId: `${CALL}:c` });
  const summary = bench.end();
  t.true(summary?.files.some((file) => file.endsWith('staff2-0001.seg')));
  t.is(summary?.legs.length, 3);
});

test('over the maximum of recordings a call goes on unrecorded, and says so', (t) => {
  const bench = new Bench({ recordingsMax: 1 });
  bench.core.begin(CALL, { heldUntilAnswered: false });
  bench.core.begin('call-2', { heldUntilAnswered: false });
  t.deepEqual(bench.names(), ['refused']);
});

test('losses are counted by sequence number, not by time', (t) => {
  const bench = new Bench();
  bench.core.begin(CALL, { heldUntilAnswered: false });
  const packets = Array.from({ length: 100 }, (_, n) => packetOf(n, bench.startMs));
  bench.core.tap(
    tapOf(
      CALL,
      'caller',
      packets.filter((_, n) => n % 10 !== 5),
    ),
  );
  t.is(bench.end()?.lost, 10);
});

test('closing puts everything on the disk at once', (t) => {
  const bench = new Bench();
  bench.core.begin(CALL, { heldUntilAnswered: false });
  bench.talk(500);
  bench.core.close();
  t.is(bench.packets('caller', bench.disk.synced).length, bench.sent);
  t.deepEqual(bench.names(), ['ended', 'closed']);
  t.is(bench.clock.pendingCount, 0);
});

test('whatever the order of commands, packets and failures, each call ends once and nothing is twice on the disk', (t) => {
  for (let seed = 0; seed < 40; seed += 1) {
    const random = new SeededRandom(seed);
    const bench = new Bench({ heldMsMax: 5_000 });
    const names = ['commit', 'discard', 'end', 'settled', 'drained', 'gaveUp'] as const;
    bench.core.begin(CALL, { heldUntilAnswered: random.below(2) === 0 });
    for (let n = 0; n < 60; n += 1) {
      const dice = random.below(12);
      if (dice < 7) bench.talk(100 + random.below(2_000));
      else if (dice === 7) bench.disk.refusal = random.pick(['ENOSPC', 'EIO', null, null]);
      else if (dice === 8) bench.disk.roomBytes = random.pick([100, 20_000, 1e9, 1e9]);
      else if (dice === 9 && random.below(4) === 0) {
        const name = random.pick(names);
        // Two of the events are the driver's own.
        if (name !== 'drained' && name !== 'gaveUp') bench.core.dispatch(CALL, { name });
      }
    }
    bench.disk.refusal = null;
    bench.disk.roomBytes = 1e9;
    bench.clock.advance(5_000);
    bench.end();
    const ended = bench.events.filter((event) => event.name === 'ended');
    t.true(ended.length <= 1);
    const on = bench.packets('caller').map((packet) => packet.arrivalMs);
    t.is(new Set(on).size, on.length, `seed ${seed}`);
    const summary = bench.summary;
    if (summary === undefined || summary.files.length === 0) continue;
    const gone = summary.gaps
      .filter((gap) => gap.speaker === 'caller')
      .reduce((sum, gap) => sum + gap.packets, 0);
    const leg = summary.legs.find((one) => one.speaker === 'caller');
    t.is(on.length + gone, leg?.packets ?? 0, `seed ${seed}: on the disk or in a gap`);
    t.is(bench.disk.openCount, 0);
  }
});

test('on a real disk that is full, the call goes on and recording resumes', async (t) => {
  const mount = await mkdtemp(join(tmpdir(), 'recorder-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount], { stdio: 'pipe' });
  } catch {
    t.log('skipped: this user may not mount a small file system');
    t.pass();
    return;
  }
  try {
    const bench = new Bench({}, { files: nodeFileSystem, root: join(mount, 'recordings') });
    bench.core.begin(CALL, { heldUntilAnswered: false });
    bench.talk(5_000);
    const filler = join(mount, 'filler');
    await t.throwsAsync(writeFile(filler, Buffer.alloc(2 << 20)), { code: 'ENOSPC' });
    bench.talk(20_000);
    t.deepEqual(bench.names(), ['storageFailed']);
    await rm(filler);
    bench.talk(5_000);
    const summary = bench.end();
    t.deepEqual(bench.names().slice(0, 2), ['storageFailed', 'storageRecovered']);
    let packets = 0;
    for (const file of summary?.files ?? []) {
      const contents = readSegment(await readFile(join(mount, 'recordings', file)));
      if (typeof contents === 'string') return t.fail(contents);
      t.is(contents.cutBytes, 0);
      for (const { content } of contents.blocks) {
        if (content.kind === 'packets') packets += content.packets.length;
      }
    }
    t.is(packets, 2 * bench.sent);
  } finally {
    execFileSync('umount', ['-l', mount]);
  }
});
