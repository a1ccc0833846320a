import type { Speaker } from './events.js';
import { inkFor, type Ink } from './ink.js';
import { cutTo, padTo, textWidth } from './text-width.js';
import {
  SILENCE_DBOV,
  STEPS,
  type HeardLine,
  type StepName,
  type ViewState,
} from './view-state.js';
import { LAMP_LOOKS, LEVEL_WORDS, SPEAKER_WORDS, STEP_WORDS, typeWord } from './words.js';

export interface RenderOptions {
  /** Of the terminal; 20 at least. */
  readonly columns: number;
  readonly colour: boolean;
  /** Wall clock, Unix ms: for the rhythm of the lamp and the length of the call. */
  readonly nowMs: number;
}

/** Narrower than this, one step stands on each line. */
const FLOW_COLUMNS_MIN = 74;
const COLUMNS_MIN = 20;
const COLUMNS_MAX = 100;
/** What a bar shows, dBov: speech on a telephone lies within. */
const BAR_FLOOR_DBOV = -60;
const BAR_TOP_DBOV = -10;
const BAR_COLUMNS_MAX = 40;

interface Canvas {
  readonly columns: number;
  readonly ink: Ink;
  readonly nowMs: number;
}

/** Draws the whole view; each line fits in `columns`. Pure: same state and options, same lines. */
export function renderView(state: ViewState, options: RenderOptions): readonly string[] {
  const columns = Math.max(COLUMNS_MIN, Math.min(COLUMNS_MAX, options.columns));
  const canvas = { columns, ink: inkFor(options.colour), nowMs: options.nowMs };
  return [
    ...header(state, canvas),
    '',
    ...flow(state, canvas),
    '',
    ...call(state, canvas),
    level('caller', state, canvas),
    level('staff', state, canvas),
    script(state, canvas),
    '',
    ...heard(state, canvas),
    '',
    ...lamp(state, canvas),
    '',
    ...mqtt(state, canvas),
    ...(state.note === null ? [] : ['', canvas.ink.dim(cutTo(` ${state.note}`, columns))]),
  ];
}

function header(state: ViewState, { columns, ink, nowMs }: Canvas): string[] {
  const { status, steps } = state;
  const title = columns < 44 ? ' 盾箱 Tatebako' : ' 盾箱 Tatebako  はじめての通話 the first call';
  const clock = lengthText(steps.incoming, steps.ended ?? nowMs);
  const gap = ' '.repeat(Math.max(1, columns - textWidth(title) - textWidth(clock) - 1));
  const facts =
    status === null
      ? ' 準備中 starting …'
      : ` 回線 ${lineWord(status.line)} · 電話機 ${status.phones} 台 · 聞き取り ${detectorWord(status.detector)}${droppedText(state)}`;
  return [
    ink.bold(cutTo(`${title}${gap}${clock}`, columns)),
    ink.dim(cutTo(facts, columns)),
    ink.dim('─'.repeat(columns)),
  ];
}

const droppedText = ({ dropped }: ViewState): string =>
  dropped === 0 ? '' : ` · 取りこぼし ${dropped}`;

const LINE_WORDS: ReadonlyMap<string, string> = new Map([
  ['registered', '登録済み'],
  ['ready', '使用可'],
  ['registering', '登録中'],
  ['down', '不通'],
]);
const DETECTOR_WORDS: ReadonlyMap<string, string> = new Map([
  ['listening', '準備完了'],
  ['starting', '準備中'],
  ['off', '停止'],
  ['failed', '故障'],
]);

const lineWord = (line: string): string => LINE_WORDS.get(line) ?? line;
const detectorWord = (detector: string): string => DETECTOR_WORDS.get(detector) ?? detector;

/** `1:23`; empty while there is no call. */
function lengthText(fromMs: number | undefined, toMs: number): string {
  if (fromMs === undefined) return '';
  const seconds = Math.max(0, Math.floor((toMs - fromMs) / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function flow(state: ViewState, canvas: Canvas): string[] {
  return canvas.columns < FLOW_COLUMNS_MIN ? flowDown(state, canvas) : flowAcross(state, canvas);
}

/** `着信 → 録音告知 → …`, and under each its time. */
function flowAcross(state: ViewState, { ink }: Canvas): string[] {
  let [words, times] = ['', ''];
  for (const [i, name] of STEPS.entries()) {
    const arrow = i === 0 ? ' ' : ' → ';
    const word = STEP_WORDS[name][0];
    const time = stepTime(state, name);
    const width = Math.max(textWidth(word), 6);
    words += ink.dim(arrow) + paintStep(state, name, ink)(padTo(word, width));
    times += ' '.repeat(textWidth(arrow)) + padTo(time, width);
  }
  return [words.trimEnd(), ink.dim(times.trimEnd())];
}

function flowDown(state: ViewState, { columns, ink }: Canvas): string[] {
  return STEPS.map((name) => {
    const [japanese, english] = STEP_WORDS[name];
    const mark = state.steps[name] === undefined ? '·' : '✓';
    const line = ` ${mark} ${padTo(japanese, 9)}${padTo(stepTime(state, name), 7)}`;
    const whole = textWidth(line + english) > columns ? line : line + english;
    return paintStep(state, name, ink)(whole.trimEnd());
  });
}

/** Seconds since the call came in. */
function stepTime({ steps }: ViewState, name: StepName): string {
  const [start, at] = [steps.incoming, steps[name]];
  if (start === undefined || at === undefined) return '';
  return `${Math.max(0, (at - start) / 1_000).toFixed(1)}s`;
}

const ALARMING: ReadonlySet<StepName> = new Set(['detected', 'alerted']);

function paintStep(state: ViewState, name: StepName, ink: Ink): (text: string) => string {
  if (state.steps[name] === undefined) return ink.dim;
  return ALARMING.has(name) ? (text) => ink.bold(ink.red(text)) : ink.green;
}

function call(state: ViewState, canvas: Canvas): string[] {
  const { columns, ink } = canvas;
  if (state.steps.incoming === undefined) {
    return [ink.dim(cutTo(' 着信を待っています waiting for a call', columns))];
  }
  const who = ` 電話 ${state.caller ?? ''}${beyond(state)}`;
  const [tape, paint] = recording(state, canvas);
  const lines =
    columns < textWidth(who) + textWidth(tape) + 2
      ? [cutTo(who, columns), paint(cutTo(tape, columns))]
      : [`${who}  ${paint(tape)}`.trimEnd()];
  if (state.announcementWhole === false) {
    lines.push(ink.red(cutTo(' 告知は途中で切れました announced in part', columns)));
  }
  return lines.filter((line) => line !== '');
}

/** Who is on the other side of the box, as far as it goes. */
function beyond({ extension, displayName, steps, endCause }: ViewState): string {
  if (steps.ended !== undefined && endCause !== null) return ` 終話 ${endCause}`;
  if (extension !== null) return ` ⇄ 内線 ${extension}`;
  return displayName === null ? '' : ` → 電話機の表示「${displayName}」`;
}

function recording(
  { recordingSinceMs: since, steps }: ViewState,
  { ink, nowMs }: Canvas,
): [text: string, paint: (text: string) => string] {
  if (since === null) return ['', ink.dim];
  const length = lengthText(since, steps.ended ?? nowMs);
  if (steps.ended !== undefined) return [` ■ 録音済み recorded ${length}`, ink.green];
  return [` ● 録音中 recording ${length}`, ink.red];
}

function level(speaker: Speaker, state: ViewState, { columns, ink }: Canvas): string {
  const [japanese, english] = SPEAKER_WORDS[speaker];
  const dbov = state.levelsDbov[speaker];
  const figure = dbov <= SILENCE_DBOV ? '' : String(Math.round(dbov));
  const label =
    columns < 40
      ? ` ${japanese} ${figure.padStart(4)} `
      : ` ${padTo(`${japanese} ${english}`, 12)}${figure.padStart(4)} dBov `;
  const room = Math.min(BAR_COLUMNS_MAX, columns - textWidth(label) - 1);
  const share = (dbov - BAR_FLOOR_DBOV) / (BAR_TOP_DBOV - BAR_FLOOR_DBOV);
  const filled = Math.round(room * Math.max(0, Math.min(1, share)));
  const paint = speaker === 'caller' ? ink.cyan : ink.green;
  return label + paint('█'.repeat(filled)) + ink.dim('·'.repeat(room - filled));
}

/** What is being said, as the script has it: the box does not know it, whoever watches should. */
function script({ script: line }: ViewState, { columns, ink }: Canvas): string {
  if (line === null) return '';
  return ink.dim(cutTo(` ${SPEAKER_WORDS[line.speaker][0]}「${line.text}」`, columns));
}

function heard(state: ViewState, canvas: Canvas): string[] {
  const { columns, ink } = canvas;
  const title = ink.bold(cutTo(' 聞こえた言葉 heard on the box', columns));
  if (state.heard.length === 0) return [title, ink.dim('   —')];
  return [title, ...state.heard.map((line) => heardLine(line, state, canvas))];
}

function heardLine(line: HeardLine, state: ViewState, { columns, ink }: Canvas): string {
  const sinceMs = line.atMs - (state.steps.incoming ?? line.atMs);
  const time = `${(sinceMs / 1_000).toFixed(1)}s`.padStart(7);
  const head = `${time} ${SPEAKER_WORDS[line.speaker][0]} `;
  const { what } = line;
  if (what.kind === 'kana') return ink.dim(cutTo(head + what.text, columns));
  const { phrase, category, score } = what;
  const facts = `「${phrase}」 ${typeWord(category)} ${LEVEL_WORDS[what.level]} ${score.toFixed(2)}`;
  const text = cutTo(head + facts, columns);
  return line.speaker === 'caller' && what.level > 0 ? ink.bold(ink.red(text)) : text;
}

function lamp(state: ViewState, { columns, ink, nowMs }: Canvas): string[] {
  const look = state.lamp === null ? null : LAMP_LOOKS[state.lamp.pattern];
  if (look === null) return [ink.dim(cutTo(' ランプ lamp  —', columns))];
  const isLit = look.blinkMs === 0 || nowMs % look.blinkMs < look.blinkMs / 2;
  const lit = isLit ? ink[look.colour]('██████') : ink.dim('░░░░░░');
  const name = columns < 44 ? ' ' : ' ランプ lamp  ';
  const word = cutTo(look.word, columns - textWidth(name) - 8);
  const lines = [`${name}${lit}  ${ink.bold(ink[look.colour](word))}`];
  const { alert } = state;
  if (alert === null) return lines;
  const indent = ' '.repeat(columns < 44 ? 1 : textWidth(name));
  const say = (text: string): string => indent + cutTo(text, columns - indent.length);
  lines.push(say(`${typeWord(alert.type)}: ${alert.reason}`));
  if (alert.line !== null) lines.push(say(`言い方:「${alert.line}」`));
  if (alert.by !== null) lines.push(ink.green(say(`✓ 確認 seen by ${alert.by}`)));
  return lines;
}

function mqtt(state: ViewState, { columns, ink }: Canvas): string[] {
  const title = ink.bold(' MQTT');
  if (state.mqtt.length === 0) return [title, ink.dim('   —')];
  const lines = state.mqtt.map(({ topic, payload, retained }) => {
    const text = cutTo(`   ${topic} = ${payload}${retained ? ' (retained)' : ''}`, columns);
    return topic.endsWith('/alert/level') && payload !== '0' ? ink.red(text) : text;
  });
  return [title, ...lines];
}
