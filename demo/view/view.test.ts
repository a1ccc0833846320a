import test from 'ava';
import { FakeClock } from '../../base/testing/fake-clock.js';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import { eventLine } from './event-lines.js';
import { parseWatchEvent } from './events.js';
import { renderView } from './render.js';
import { Screen } from './screen.js';
import { cutTo, padTo, textWidth } from './text-width.js';
import {
  EMPTY_VIEW,
  formatNumber,
  HEARD_MAX,
  reduce,
  type ViewEvent,
  type ViewState,
} from './view-state.js';

const START_MS = 1_790_812_800_000;
const CALLER = { kind: 'number', number: '09000001234' } as const;
const callId = 'c1';

type Phase = Extract<ViewEvent, { kind: 'call' }>['call']['phase'];

const phase = (name: Phase, atS: number, more: object = {}): [ViewEvent, number] => {
  const atMs = START_MS + atS * 1_000;
  return [{ kind: 'call', call: { callId, phase: name, atMs, caller: CALLER, ...more } }, atMs];
};
const at = (atS: number, event: ViewEvent): [ViewEvent, number] => [event, START_MS + atS * 1_000];

const KEYWORD = {
  event: 'keyword',
  speaker: 'caller',
  phrase: 'ただじゃ済まない',
  reading: 'タダジャスマナイ',
  category: 'threat',
  level: 3,
  score: 0.81,
  startMs: 1,
  endMs: 2,
  reportedAtMs: 3,
  computeMs: 4,
} as const;

const alert = (
  change: 'raised' | 'escalated' | 'acknowledged' | 'cleared',
  more: object = {},
): ViewEvent => ({
  kind: 'alert',
  alertId: 'a1',
  callId,
  change,
  level: 3,
  type: 'threat',
  reason: '「ただじゃ済まない」と言われました',
  atMs: START_MS + 21_400,
  ...more,
});

const WHOLE_CALL: readonly [ViewEvent, number][] = [
  at(-1, { kind: 'status', line: 'registered', phones: 1, detector: 'listening' }),
  at(0, { kind: 'dialled', number: '09000001234' }),
  phase('recordingStarted', 0.2),
  phase('announcementPlayed', 4.8, { completed: true }),
  phase('ringing', 4.9),
  at(5, { kind: 'phoneRang', displayName: '090-0000-1234' }),
  phase('answered', 6.4, { extension: '201' }),
  at(20, { kind: 'levels', callId, speaker: 'caller', levelDbov: -20 }),
  at(20, { kind: 'levels', callId, speaker: 'staff', levelDbov: -55 }),
  at(20, {
    kind: 'script',
    speaker: 'caller',
    text: 'ふざけるな。お前、名前覚えたからな。ただじゃ済まないぞ。',
  }),
  at(21, {
    kind: 'heard',
    callId,
    event: {
      event: 'kana',
      speaker: 'caller',
      startMs: 1,
      endMs: 2,
      text: 'タダジャスマナイゾ',
      reportedAtMs: 3,
    },
  }),
  at(21.3, { kind: 'heard', callId, event: KEYWORD }),
  at(21.4, alert('raised', { line: 'ご要望にはお応えできません。' })),
  at(21.4, { kind: 'lamp', level: 3, pattern: 'LEVEL_3' }),
  at(21.5, { kind: 'mqtt', topic: 'tatebako/demo/alert/level', payload: '3', retained: true }),
];

const play = (events: readonly [ViewEvent, number][], from: ViewState = EMPTY_VIEW): ViewState =>
  events.reduce((state, [event, atMs]) => reduce(state, event, atMs), from);

test('the view of an alarm shows flow, levels, words, lamp and MQTT in 80 columns', (t) => {
  const lines = renderView(play(WHOLE_CALL), {
    columns: 80,
    colour: false,
    nowMs: START_MS + 22_000,
  });
  t.deepEqual(lines, [
    ' 盾箱 Tatebako  はじめての通話 the first call                              0:22',
    ' 回線 登録済み · 電話機 1 台 · 聞き取り 準備完了',
    '─'.repeat(80),
    '',
    ' 着信   → 録音告知 → 呼出   → 通話   → 検知   → 警報   → 確認   → 終話',
    ' 0.0s     4.8s       4.9s     6.4s     21.3s    21.4s',
    '',
    ' 電話 090-0000-1234 ⇄ 内線 201   ● 録音中 recording 0:21',
    ' 相手 caller  -20 dBov ████████████████████████████████········',
    ' 店員 staff   -55 dBov ████····································',
    ' 相手「ふざけるな。お前、名前覚えたからな。ただじゃ済まないぞ。」',
    '',
    ' 聞こえた言葉 heard on the box',
    '  21.0s 相手 タダジャスマナイゾ',
    '  21.3s 相手 「ただじゃ済まない」 威嚇・脅迫 緊急 0.81',
    '',
    ' ランプ lamp  ██████  緊急 level 3',
    '              威嚇・脅迫: 「ただじゃ済まない」と言われました',
    '              言い方:「ご要望にはお応えできません。」',
    '',
    ' MQTT',
    '   tatebako/demo/alert/level = 3 (retained)',
  ]);
});

test('the view stands in 20 columns, one step on each line', (t) => {
  const lines = renderView(play(WHOLE_CALL), {
    columns: 20,
    colour: false,
    nowMs: START_MS + 22_000,
  });
  t.deepEqual(lines.slice(4, 12), [
    ' ✓ 着信     0.0s',
    ' ✓ 録音告知 4.8s',
    ' ✓ 呼出     4.9s',
    ' ✓ 通話     6.4s',
    ' ✓ 検知     21.3s',
    ' ✓ 警報     21.4s',
    ' · 確認',
    ' · 終話',
  ]);
  for (const line of lines) t.true(textWidth(line) <= 20, line);
});

test('no line is ever wider than the terminal, whatever happens in whatever order', (t) => {
  const random = new SeededRandom(7);
  const strange: readonly ViewEvent[] = [
    { kind: 'note', text: '確認は a キー、'.repeat(20) },
    { kind: 'mqtt', topic: `tatebako/${'長'.repeat(90)}`, payload: '{}', retained: false },
    { kind: 'phoneRang', displayName: '⚠3回目 暴言 090-0000-1234'.repeat(5) },
    { kind: 'dropped', levels: 3, events: 0 },
    alert('acknowledged', { by: '店長（デモ）'.repeat(20) }),
    alert('cleared'),
    { kind: 'lamp', level: 0, pattern: 'UNACKNOWLEDGED' },
  ];
  const events = [...WHOLE_CALL.map(([event]) => event), ...strange];
  let state = EMPTY_VIEW;
  for (let n = 0; n < 500; n += 1) {
    state = reduce(state, random.pick(events), START_MS + n * 100);
    const columns = 20 + random.below(90);
    const nowMs = START_MS + n * 100;
    for (const line of renderView(state, { columns, colour: random.below(2) === 0, nowMs })) {
      t.true(textWidth(line) <= columns, `${columns}: ${line}`);
    }
  }
  t.true(state.heard.length <= HEARD_MAX);
});

test('a lamp at level 3 blinks in its rhythm and is steady when nothing is wrong', (t) => {
  const lampAt = (state: ViewState, nowMs: number): boolean =>
    renderView(state, { columns: 80, colour: false, nowMs }).some((line) =>
      line.includes('██████  '),
    );
  const alarmed = play(WHOLE_CALL);
  t.deepEqual(
    [0, 200, 300, 499, 500].map((ms) => lampAt(alarmed, START_MS + ms)),
    [true, true, false, false, true],
  );
  const calm = reduce(alarmed, { kind: 'lamp', level: 0, pattern: 'READY' }, START_MS);
  t.true([0, 200, 300, 499].every((ms) => lampAt(calm, START_MS + ms)));
});

test('without colour there is not one escape in the view, with it there are', (t) => {
  const view = (colour: boolean): string =>
    renderView(play(WHOLE_CALL), { columns: 80, colour, nowMs: START_MS }).join('\n');
  t.false(view(false).includes('\u001b'));
  t.true(view(true).includes('\u001b[31m'));
});

test('what comes from outside cannot move the cursor', (t) => {
  const state = play([
    ...WHOLE_CALL,
    at(22, { kind: 'phoneRang', displayName: '\u001b[2J悪\r\n' }),
    at(22, { kind: 'mqtt', topic: 't', payload: '\u001b]0;x\u0007', retained: false }),
    at(22, { kind: 'heard', callId, event: { ...KEYWORD, phrase: 'a\u001b[31mb' } }),
    at(22, alert('raised', { reason: 'x\u009b2Jy' })),
  ]);
  const text = renderView(state, { columns: 80, colour: false, nowMs: START_MS }).join('');
  t.notRegex(text, /\p{Cc}/u);
  t.is(state.displayName, ' [2J悪  ');
});

test('staff who repeat a threat detect nothing', (t) => {
  const state = play([
    phase('ringing', 0),
    at(1, { kind: 'heard', callId, event: { ...KEYWORD, speaker: 'staff' } }),
  ]);
  t.is(state.steps.detected, undefined);
  t.is(state.heard.length, 1);
});

test('an alert that rises again after it was acknowledged wants a person again', (t) => {
  const seen = play([...WHOLE_CALL, at(25, alert('acknowledged', { by: '店長（デモ）' }))]);
  t.is(seen.alert?.by, '店長（デモ）');
  t.is(reduce(seen, alert('escalated'), START_MS).alert?.by, null);
  const other = alert('acknowledged', { alertId: 'other', by: '誰か' });
  t.is(reduce(seen, other, START_MS).alert?.by, '店長（デモ）');
});

test('a second call begins on a clean screen, and one that rings meanwhile changes nothing', (t) => {
  const during = play(WHOLE_CALL);
  const second = (event: ViewEvent): ViewEvent =>
    event.kind === 'call' ? { ...event, call: { ...event.call, callId: 'c2' } } : event;
  const [ring, ringMs] = phase('ringing', 30);
  t.is(reduce(during, second(ring), ringMs), during);
  const after = play([phase('ended', 40, { cause: 'bye' })], during);
  t.deepEqual(after.levelsDbov, { caller: -127, staff: -127 });
  const next = reduce(after, second(ring), ringMs);
  t.is(next.callId, 'c2');
  t.deepEqual([next.heard, next.alert], [[], null]);
  t.deepEqual(Object.keys(next.steps).toSorted(), ['incoming', 'phoneRang']);
  t.is(next.mqtt, after.mqtt);
});

test('wide characters take two columns, combining marks none, and a cut never splits one', (t) => {
  t.is(textWidth('盾箱 Tatebako'), 13);
  t.is(textWidth('か\u3099'), 2);
  t.is(textWidth('ﾃﾞﾓ'), 3);
  t.is(textWidth('\u001b[31m赤\u001b[39m'), 2);
  t.is(cutTo('あいう', 6), 'あいう');
  t.is(cutTo('あいう', 5), 'あい…');
  t.is(cutTo('あいう', 4), 'あ…');
  t.is(padTo('店', 4), '店  ');
});

test('numbers are written as people read them', (t) => {
  t.is(formatNumber('09000001234'), '090-0000-1234');
  t.is(formatNumber('0300005678'), '03-0000-5678');
  t.is(formatNumber('201'), '201');
});

test('a line that is no event of the box is passed over', (t) => {
  for (const line of [
    '',
    '{',
    'null',
    '{"kind":"call"}',
    '{"kind":"later"}',
    `"${'x'.repeat(70_000)}"`,
  ]) {
    t.is(parseWatchEvent(line), null);
  }
  const event = { kind: 'levels', callId, speaker: 'staff', levelDbov: -31 };
  t.is(
    JSON.stringify(parseWatchEvent(JSON.stringify({ ...event, more: 1 }))),
    JSON.stringify(event),
  );
});

test('where there is no terminal each event is a line, and levels are none', (t) => {
  const clock = new FakeClock();
  let text = '';
  const terminal = { write: (more: string) => (text += more) };
  const screen = new Screen({ terminal, clock, quiet: false, colour: false });
  screen.open();
  for (const [event] of WHOLE_CALL) screen.show(event);
  screen.close();
  t.false(text.includes('\u001b'));
  t.is(text.split('\n').length - 1, WHOLE_CALL.length - 2);
  t.regex(text, /着信 incoming: 090-0000-1234/);
  t.regex(text, /検知 detected: 相手「ただじゃ済まない」 威嚇・脅迫 緊急 0\.81/);
  t.is(clock.pendingCount, 0);
});

test('a terminal is drawn over in place, gets its cursor back, and is never written to again', (t) => {
  const clock = new FakeClock();
  const writes: string[] = [];
  const terminal = {
    isTTY: true,
    columns: 80,
    rows: 12,
    write: (text: string) => writes.push(text),
  };
  const screen = new Screen({ terminal, clock, quiet: false, colour: true });
  screen.open();
  for (const [event] of WHOLE_CALL) screen.show(event);
  clock.advance(250);
  const second = writes.at(-1) ?? '';
  t.regex(second, /\u001b\[11A/, 'goes up over the eleven lines that fit');
  screen.close();
  t.is(writes.at(-1), '\u001b[?25h');
  const count = writes.length;
  clock.advance(1_000);
  t.is(writes.length, count);
});

test('an event line carries the time since the call came in', (t) => {
  const state = play(WHOLE_CALL);
  const [event, atMs] = at(25, alert('acknowledged', { by: '店長（デモ）' }));
  t.is(eventLine(event, state, atMs), '  25.0s  確認 seen: 店長（デモ）');
});
