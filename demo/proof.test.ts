import test from 'ava';
import { FakeClock } from '../base/testing/fake-clock.js';
import { SeededRandom } from '../base/testing/seeded-random.js';
import { missingStep, NOTHING_SHOWN, prove, type Happening, type Proof } from './proof.js';
import { DemoStopped, Happenings } from './stage/happenings.js';
import { LINE_CHARACTERS_MAX, LineSplitter } from './peer/json-lines.js';

const callId = 'c1';
const caller = { kind: 'number', number: '09000001234' } as const;
type CallEvent = Extract<Extract<Happening, { from: 'box' }>['event'], { kind: 'call' }>['call'];

const phase = (name: CallEvent['phase'], more: Partial<CallEvent> = {}): Happening => ({
  from: 'box',
  event: { kind: 'call', call: { callId, phase: name, atMs: 0, caller, ...more } },
});
const heard = (from: 'gateway' | 'phone', levelDbov: number): Happening => ({
  from,
  event: { event: 'heard', levelDbov, packets: 50 },
});
const mqtt = (payload: string): Happening => ({
  from: 'box',
  event: { kind: 'mqtt', topic: 'tatebako/demo/alert/level', payload, retained: true },
});
const ALERT: Happening = {
  from: 'box',
  event: {
    kind: 'alert',
    alertId: 'a1',
    callId,
    change: 'raised',
    level: 3,
    type: 'threat',
    reason: '',
    atMs: 0,
  },
};
const stored = (durationMs: number): Happening => ({
  from: 'memory',
  call: { id: callId, endedAtMs: 1, recording: { bytes: 1, durationMs } },
});

const WHOLE: readonly Happening[] = [
  { from: 'gateway', event: { event: 'answered' } },
  { from: 'phone', event: { event: 'answered' } },
  phase('announcementPlayed', { completed: true }),
  phase('answered'),
  { from: 'script', speaker: 'staff' },
  heard('gateway', -22),
  { from: 'script', speaker: 'caller' },
  heard('phone', -22),
  ALERT,
  mqtt('3'),
  phase('ended'),
  stored(40_000),
];
const shown = (happenings: readonly Happening[]): Proof => happenings.reduce(prove, NOTHING_SHOWN);

test('a whole call misses nothing, and each step left out is named', (t) => {
  t.is(missingStep(shown(WHOLE)), null);
  const named = WHOLE.map((left) => missingStep(shown(WHOLE.filter((one) => one !== left))));
  t.deepEqual(
    named.map((step) => step?.split(':')[0] ?? null),
    [
      '着信',
      // Without our phone it is a person who answered, and only they hear the caller.
      null,
      '録音告知',
      '呼出',
      '通話',
      '通話',
      '通話',
      '通話',
      '検知・警報',
      'MQTT',
      null,
      '録音',
    ],
  );
});

test('announcement and ringing tone are not taken for the other side talking', (t) => {
  const early = shown([
    ...WHOLE.slice(0, 2),
    heard('gateway', -20),
    phase('answered'),
    heard('gateway', -20),
  ]);
  t.false(early.heardBy.caller);
  const silent = shown([...WHOLE.slice(0, 5), heard('gateway', -70)]);
  t.false(silent.heardBy.caller);
});

test('an announcement cut short, an alarm that was only cleared, an empty recording show nothing', (t) => {
  const inPart = WHOLE.map((one, i) =>
    i === 2 ? phase('announcementPlayed', { completed: false }) : one,
  );
  t.regex(missingStep(shown(inPart)) ?? '', /最後まで/);
  t.regex(missingStep(shown([...WHOLE.slice(0, -1), stored(0)])) ?? '', /^録音/);
  t.regex(missingStep(shown(WHOLE.map((one, i) => (i === 9 ? mqtt('0') : one)))) ?? '', /^MQTT/);
});

test('what another call does proves nothing for this one', (t) => {
  const other = shown([phase('ringing'), phase('answered', { callId: 'c2' })]);
  t.is(other.callId, callId);
  t.false(other.answered);
});

test('a wait ends with what it waits for, with its time, or with the stop of all', async (t) => {
  const clock = new FakeClock();
  const happenings = new Happenings(clock);
  let isSo = false;
  const seen = happenings.until(() => isSo, 1_000);
  isSo = true;
  happenings.tell();
  t.true(await seen);
  const late = happenings.until(() => false, 1_000);
  clock.advance(1_000);
  t.false(await late);
  const stopped = happenings.until(() => false, 1_000);
  happenings.stop('回線が切れました');
  happenings.stop('later');
  await t.throwsAsync(stopped, { instanceOf: DemoStopped, message: '回線が切れました' });
  await t.throwsAsync(
    happenings.until(() => true, 1),
    { instanceOf: DemoStopped },
  );
  t.is(clock.pendingCount, 0);
});

test('lines come out whole however the bytes were cut, and one without end is dropped', (t) => {
  const random = new SeededRandom(3);
  const wanted = ['{"text":"録音しております"}', 'short', '盾箱'.repeat(50)];
  const bytes = Buffer.from(`${wanted.join('\n')}\n\n`);
  for (let n = 0; n < 50; n += 1) {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + random.below(9);
      splitter.push(bytes.subarray(at, end));
      at = end;
    }
    t.deepEqual(lines, wanted);
  }
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  splitter.push(Buffer.alloc(LINE_CHARACTERS_MAX + 1, 0x78));
  splitter.push(Buffer.from('xx\nnext\n'));
  t.deepEqual(lines, ['next']);
});
