import test from 'ava';
import { FakeClock } from '../../../base/testing/fake-clock.js';
import { FakeHardware } from './fake-hardware.js';
import { drawPanel, openTerminalPanel } from './terminal-panel.js';

test('the panel is one line, redrawn in place, and its keys press the buttons', (t) => {
  const clock = new FakeClock();
  const hardware = new FakeHardware(clock);
  const written: string[] = [];
  let type: (key: string) => void = () => undefined;
  let isQuit = false;
  const close = openTerminalPanel(
    hardware,
    {
      write: (text) => written.push(text),
      onKey: (listener) => {
        type = listener;
        return () => undefined;
      },
    },
    () => (isQuit = true),
  );
  const edges: string[] = [];
  for (const button of hardware.buttons) {
    const { key } = button;
    button.onEdge((isPressed) => edges.push(`${key} ${isPressed ? 'down' : 'up'}`));
  }
  hardware.lamp.show('red');
  hardware.buzzer.sound(1_600);
  t.true(written.every((text) => text.startsWith('\r\u001b[2K') && !text.includes('\n')));
  t.regex(written.at(-1) ?? '', /● 赤 .*♪ 1600 Hz/);
  for (const key of ['s', 'a', 'x', 'r', '\u0003']) type(key);
  clock.advance(11_000);
  t.deepEqual(edges, [
    'sos down',
    'acknowledge down',
    'reset down',
    'sos up',
    'acknowledge up',
    'reset up',
  ]);
  t.true(isQuit);
  close();
  t.is(written.at(-1), '\n');
});

test('every state of the hardware takes the same columns, so that nothing of the last one stays', (t) => {
  const bare = (text: string): string => text.replace(/\u001b\[[\d;]*m/g, '');
  const lengths = new Set<number>();
  for (const buzzerHz of [0, 400, 1_600]) {
    for (const lamp of ['red', 'amber', 'green', 'white'] as const) {
      lengths.add(bare(drawPanel({ lamp, buzzerHz, isLineOnBox: false })).length);
    }
  }
  t.is(lengths.size, 1);
});
