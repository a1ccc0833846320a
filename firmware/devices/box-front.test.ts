import test from 'ava';
import { silentLog } from '../../base/index.js';
import { FakeClock } from '../../base/testing/fake-clock.js';
import { FakeHardware, RELAY_HOLD_MS } from '../hal/index.js';
import { BoxFront, PRESSES_KEPT_MAX } from './box-front.js';
import type { KeyPress } from './button-press.js';
import { AGENT_START_MAX_MS } from './relay-lease-machine.js';

function open() {
  const clock = new FakeClock();
  const hardware = new FakeHardware(clock);
  const front = new BoxFront({ hardware, clock, log: silentLog });
  return { clock, hardware, front };
}

test('a line whose lease is not renewed runs past the box within 3.5 s and the lamp says so', (t) => {
  const { clock, hardware, front } = open();
  front.show('ready');
  front.renewLease(3_000);
  t.true(hardware.state.isLineOnBox);
  clock.advance(2_999);
  t.true(hardware.state.isLineOnBox);
  t.is(front.health.pattern, 'ready');
  clock.advance(1);
  t.is(front.health.pattern, 'fault');
  clock.advance(RELAY_HOLD_MS);
  t.false(hardware.state.isLineOnBox);
  t.deepEqual(front.health.faults, ['agent gone, line bypassed']);
});

test('when the agent is back the lamp shows what was wanted last, even if that was said meanwhile', (t) => {
  const { clock, front } = open();
  front.show('level3');
  front.renewLease(3_000);
  clock.advance(4_000);
  t.is(front.health.pattern, 'fault');
  front.show('onCall');
  t.is(front.health.pattern, 'fault');
  front.renewLease(3_000);
  t.is(front.health.pattern, 'onCall');
  t.true(front.health.isLineOnBox);
});

test('an hour of renewals each second keeps the line on the box without a gap', (t) => {
  const { clock, hardware, front } = open();
  let changes = 0;
  let wasOnBox = false;
  hardware.watch(({ isLineOnBox }) => {
    if (isLineOnBox !== wasOnBox) changes += 1;
    wasOnBox = isLineOnBox;
  });
  for (let second = 0; second < 3_600; second += 1) {
    front.renewLease(3_000);
    clock.advance(1_000);
  }
  t.is(changes, 1);
  t.true(wasOnBox);
});

test('a daemon without an agent says so within its time to start, the line bypassed all along', (t) => {
  const { clock, front } = open();
  t.is(front.health.pattern, 'updating');
  clock.advance(AGENT_START_MAX_MS);
  t.is(front.health.pattern, 'fault');
  t.false(front.health.isLineOnBox);
});

test('a cry for help while the agent restarts waits for it, for ten seconds', (t) => {
  const { clock, hardware, front } = open();
  hardware.press('sos');
  clock.advance(2_000);
  const heard: KeyPress[] = [];
  const stop = front.watchPresses((press) => heard.push(press));
  t.deepEqual(
    heard.map(({ key, heldMs }) => [key, heldMs]),
    [['sos', 0]],
  );
  stop();
  hardware.press('sos');
  clock.advance(10_100);
  front.watchPresses((press) => heard.push(press));
  t.is(heard.length, 1);
});

test('of presses that nobody hears no more than the newest are kept', (t) => {
  const { clock, hardware, front } = open();
  for (let i = 0; i < 40; i += 1) {
    hardware.press('acknowledge', 50);
    clock.advance(100);
  }
  let heard = 0;
  front.watchPresses(() => (heard += 1));
  t.is(heard, PRESSES_KEPT_MAX);
});

test('a closed daemon leaves lamp and buzzer dark, the line bypassed and no timer behind', (t) => {
  const { clock, hardware, front } = open();
  front.renewLease(3_000);
  front.show('level3');
  clock.advance(50);
  t.is(hardware.state.lamp, 'red');
  hardware.edge('reset', true);
  clock.advance(30);
  front.close();
  clock.advance(RELAY_HOLD_MS);
  t.deepEqual(hardware.state, { lamp: 'off', buzzerHz: 0, isLineOnBox: false });
  t.is(clock.pendingCount, 0);
});
