import { resolve } from 'node:path';
import { messageOf, systemClock, type Clock } from '../base/index.js';
import { acknowledge, awaitReady, playCall } from './conductor.js';
import { describeBox, printCalls } from './farewell.js';
import { keepCall, keepLog } from './keepsakes.js';
import { watchKeys } from './keys.js';
import { DemoStopped } from './stage/happenings.js';
import { Stage } from './stage/stage.js';
import { Screen } from './view/index.js';

export interface DemoOptions {
  /** Where `call.wav`, `call.json` and `events.jsonl` go; null: into a temporary folder that is named at the end. */
  readonly record: string | null;
  /** A line for each event, even on a terminal. */
  readonly quiet: boolean;
  /** Ends when the call has ended; else the box stays open until Ctrl-C. */
  readonly once: boolean;
}

/** From the start to the end of the first call; also what `once` takes at most, ms. */
const DEADLINE_MS = 120_000;
/** More calls wait for a key, and this is how long the box stays open for one, ms: a day. */
const OPEN_MS_MAX = 24 * 3_600_000;

const EXIT_SHOWN = 0;
const EXIT_MISSING = 1;

/**
 * Plays one whole call through a box of its own.
 * @returns 0 when the call was announced, bridged, recorded and alerted; else 1, and the missing step was told
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const clock = systemClock;
  const screen = new Screen({
    terminal: process.stdout,
    clock,
    quiet: options.quiet,
    colour: wantsColour(),
  });
  const stage = await Stage.open(screen, clock);
  const onExit = (): void => stage.kill();
  process.once('exit', onExit);
  const signals = onSignals((signal) => stage.happenings.stop(`${signal} で止めました`, true));
  try {
    return await play(stage, { screen, clock, options });
  } finally {
    screen.close();
    await stage.close();
    await stage.folder.remove();
    process.off('exit', onExit);
    signals.forget();
  }
}

interface Direction {
  readonly screen: Screen;
  readonly clock: Clock;
  readonly options: DemoOptions;
}

async function play(stage: Stage, direction: Direction): Promise<number> {
  const { screen, clock, options } = direction;
  const deadline = clock.after(DEADLINE_MS, () =>
    stage.happenings.stop(`${DEADLINE_MS / 1_000} 秒で終わりませんでした`),
  );
  const isAsked = { again: false, over: false };
  const keys = watchKeys((key) => {
    if (key === 'acknowledge') void acknowledge(stage, 'この画面の人');
    if (key === 'again') isAsked.again = true;
    if (key === 'quit') {
      isAsked.over = true;
      stage.happenings.stop('キー操作で止めました', true);
    }
    stage.happenings.tell();
  });
  try {
    screen.open();
    if (keys.isOpen) stage.note('[a] 警報を確認 acknowledge   [q] 終わる quit');
    await awaitReady(stage);
    const missing = await playCall(stage);
    deadline.cancel();
    await tellResult(stage, direction, missing);
    if (!options.once) await stayOpen(stage, direction, isAsked);
    return missing === null ? EXIT_SHOWN : EXIT_MISSING;
  } catch (cause) {
    if (!(cause instanceof DemoStopped)) throw cause;
    screen.close();
    screen.say(`\n止まりました stopped: ${cause.message}`);
    if (!cause.isWanted) screen.say(`ログ log: ${await keepLog(stage, folderOf(stage, options))}`);
    return EXIT_MISSING;
  } finally {
    deadline.cancel();
    keys.close();
  }
}

async function tellResult(
  stage: Stage,
  { screen, options }: Direction,
  missing: string | null,
): Promise<void> {
  screen.close();
  screen.say('');
  if (missing === null) {
    screen.say('できました: 告知し、つなぎ、録音し、警報を出しました。');
    screen.say('Shown: announced, bridged, recorded, alerted.');
  } else screen.say(`できなかった手順 missing step: ${missing}`);
  const folder = folderOf(stage, options);
  if (missing !== null) screen.say(`ログ log: ${await keepLog(stage, folder)}`);
  try {
    const file = await keepCall(stage, folder);
    screen.say(`\n録音 recording: ${file}（左 left = 相手 caller、右 right = 店員 staff）`);
  } catch (cause) {
    screen.say(`\n録音を書き出せませんでした no recording: ${messageOf(cause)}`);
  }
  await printCalls(stage, screen);
}

/** The box stays as it is: for a softphone, for MQTT, for another call. */
async function stayOpen(
  stage: Stage,
  direction: Direction,
  isAsked: { again: boolean; readonly over: boolean },
): Promise<void> {
  const { screen } = direction;
  for (const line of describeBox(stage)) screen.say(line);
  try {
    while (await stage.happenings.until(() => isAsked.again, OPEN_MS_MAX)) {
      isAsked.again = false;
      screen.open();
      const missing = await playCall(stage);
      await tellResult(stage, direction, missing);
      screen.say('\n[c] もう一度 again   [q] 終わる quit');
    }
  } catch (cause) {
    // Ctrl-C is how this ends.
    if (!(cause instanceof DemoStopped)) throw cause;
    screen.close();
    screen.say(`\n${cause.message}`);
  }
}

const folderOf = (stage: Stage, { record }: DemoOptions): string =>
  record === null ? stage.folder.root : resolve(record);

function wantsColour(): boolean {
  const { NO_COLOR } = process.env;
  return process.stdout.isTTY && (NO_COLOR === undefined || NO_COLOR === '');
}

function onSignals(onSignal: (signal: string) => void): { forget(): void } {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, onSignal);
  return {
    forget: () => {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
