import test from 'ava';
import { silentLog } from '../../../base/index.js';
import { FakeClock } from '../../../base/testing/fake-clock.js';
import type { DetectorEvent } from '../detector-event.js';
import { WireReader, type WirePacket } from '../pipe/wire.js';
import type { ChildEvents } from './child.js';
import {
  createDetectorClient,
  type DetectorClient,
  type DetectorGap,
  type DetectorState,
} from './detector-client.js';
import { WAITING_MAX } from './leg-mailbox.js';

class FakeChild {
  readonly events: ChildEvents;
  readonly packets: WirePacket[] = [];
  readonly #reader = new WireReader();
  isFull = false;
  isKilled = false;

  constructor(events: ChildEvents) {
    this.events = events;
  }

  write(bytes: Buffer): boolean {
    this.packets.push(...this.#reader.push(bytes));
    return !this.isFull;
  }

  kill(): void {
    this.isKilled = true;
  }

  say(message: unknown): void {
    this.events.onOutput(`${JSON.stringify(message)}\n`);
  }

  beat(): void {
    const loads = { legs: 1, windows: 0, windowsDropped: 0, lateMs: 0, rssBytes: 0 };
    this.say({ say: 'heartbeat', effort: 'full', ...loads });
  }

  get audioTicks(): number[] {
    return this.packets.flatMap((packet) => (packet.kind === 'audio' ? [packet.startTick] : []));
  }

  get orders(): unknown[] {
    return this.packets.flatMap((packet): unknown[] =>
      packet.kind === 'json' ? [JSON.parse(packet.text)] : [],
    );
  }
}

interface Scene {
  readonly clock: FakeClock;
  readonly client: DetectorClient;
  readonly children: FakeChild[];
  readonly last: () => FakeChild;
  readonly states: DetectorState[];
  readonly gaps: DetectorGap[];
  readonly heard: { readonly legId: string; readonly event: DetectorEvent }[];
}

function scene(): Scene {
  const clock = new FakeClock();
  const children: FakeChild[] = [];
  const states: DetectorState[] = [];
  const gaps: DetectorGap[] = [];
  const heard: { legId: string; event: DetectorEvent }[] = [];
  const client = createDetectorClient(
    {
      modelsDirectory: 'models',
      phrases: [],
      clock,
      log: silentLog,
      spawn: (events) => {
        const child = new FakeChild(events);
        children.push(child);
        return child;
      },
    },
    {
      onEvent: (leg, event) => heard.push({ legId: leg.legId, event }),
      onState: (state) => states.push(state),
      onGap: (gap) => gaps.push(gap),
    },
  );
  const last = (): FakeChild => {
    const child = children.at(-1);
    if (child === undefined) throw new Error('no child');
    return child;
  };
  return { clock, client, children, last, states, gaps, heard };
}

const READY = { say: 'ready', models: { encoder: 'ear@0' } };
const LEG = { legId: 'c1:a', callId: 'c1', speaker: 'caller' } as const;
const FRAME = new Int16Array(160);
const SPEECH = { event: 'speechStarted', speaker: 'caller', atMs: 1, reportedAtMs: 2 } as const;

test('a killed detector listens again at once, its legs are opened anew, and the gap is told', (t) => {
  const { clock, client, children, last, gaps, states } = scene();
  last().say(READY);
  client.openLeg(LEG);
  clock.advance(1_000);
  last().beat();
  const diedAtMs = clock.wallMs();
  last().events.onExit('SIGKILL');
  t.is(client.state.name, 'restarting');
  client.push(LEG.legId, FRAME, 0);
  clock.advance(700);
  t.is(children.length, 2);
  last().say(READY);
  t.deepEqual(gaps, [
    { legId: 'c1:a', callId: 'c1', fromWallMs: diedAtMs, toWallMs: diedAtMs + 700 },
  ]);
  client.push(LEG.legId, FRAME, 8_000);
  t.deepEqual(last().audioTicks, [8_000]);
  t.like(last().orders.at(-1), { do: 'openLeg', leg: 0, speaker: 'caller' });
  t.deepEqual(
    states.map(({ name }) => name),
    ['listening', 'restarting', 'starting', 'listening'],
  );
});

test('a detector without a sign of life for 4 s is killed and another started', (t) => {
  const { clock, client, children, last } = scene();
  last().say(READY);
  clock.advance(3_900);
  last().beat();
  clock.advance(3_900);
  t.is(client.state.name, 'listening');
  clock.advance(200);
  t.true(children[0]?.isKilled);
  t.is(children.length, 2);
  // What the dead one says late is nobody's.
  children[0]?.say(READY);
  t.is(client.state.name, 'starting');
});

test('a refused model turns the detector off with its reason, and costs one try a minute', (t) => {
  const { clock, client, children, last } = scene();
  last().say({
    say: 'refused',
    code: 'model-refused',
    reason: 'ear.onnx: expected SHA-256 a, found b',
  });
  t.deepEqual(client.state, { name: 'off', reason: 'ear.onnx: expected SHA-256 a, found b' });
  clock.advance(59_000);
  t.is(children.length, 1);
  clock.advance(1_000);
  t.is(children.length, 2);
  last().say(READY);
  t.is(client.state.name, 'listening');
});

test('while the pipe is full a leg keeps one second, drops the oldest, and counts', (t) => {
  const { client, last } = scene();
  last().say(READY);
  client.openLeg(LEG);
  last().isFull = true;
  const frames = WAITING_MAX + 30;
  for (let i = 0; i <= frames; i += 1) client.push(LEG.legId, FRAME, i * 160);
  t.deepEqual(last().audioTicks, [0]);
  t.is(client.packetsDropped, 30);
  last().isFull = false;
  last().events.onDrain();
  t.is(last().audioTicks.length, 1 + WAITING_MAX);
  t.is(last().audioTicks.at(-1), frames * 160);
});

test('events find their leg, also the last ones of a leg that has closed', (t) => {
  const { client, last, heard } = scene();
  last().say(READY);
  client.openLeg(LEG);
  client.closeLeg(LEG.legId);
  client.openLeg({ ...LEG, legId: 'c2:a', callId: 'c2' });
  last().say({ say: 'heard', leg: 0, event: SPEECH });
  last().say({ say: 'heard', leg: 1, event: SPEECH });
  last().say({ say: 'heard', leg: 9, event: SPEECH });
  last().events.onOutput('nonsense\n{"say":"heard","leg":0}\n');
  t.deepEqual(
    heard.map(({ legId }) => legId),
    ['c1:a', 'c2:a'],
  );
});

test('phrases that change while the detector starts arrive all the same', (t) => {
  const { client, last } = scene();
  client.setPhrases([{ text: '殺すぞ', reading: 'コロスゾ', category: 'threat', level: 3 }]);
  last().say(READY);
  t.like(last().orders.at(-1), { do: 'setPhrases' });
});

test('a stopped client starts nothing any more', (t) => {
  const { clock, client, children, last } = scene();
  last().say(READY);
  client.stop();
  t.true(last().isKilled);
  last().events.onExit('SIGKILL');
  clock.advance(120_000);
  t.is(children.length, 1);
  t.is(clock.pendingCount, 0);
});

test('a machine that has no process left to give costs tries, never a call', (t) => {
  const clock = new FakeClock();
  let tries = 0;
  const nothing = (): void => undefined;
  const client = createDetectorClient(
    {
      modelsDirectory: 'models',
      phrases: [],
      clock,
      log: silentLog,
      spawn: () => {
        tries += 1;
        throw new Error('EAGAIN');
      },
    },
    { onEvent: nothing, onState: nothing, onGap: nothing },
  );
  clock.advance(30_000);
  t.is(tries, 7);
  t.deepEqual(client.state, { name: 'off', reason: 'EAGAIN' });
  client.openLeg(LEG);
  client.push(LEG.legId, FRAME, 0);
  client.closeLeg(LEG.legId);
  clock.advance(60_000);
  t.true(tries > 7);
  client.stop();
});
