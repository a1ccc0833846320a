import type { KeyName, LampColour } from '../hardware.js';
import type { FakeHardware, FakeState } from './fake-hardware.js';

/** The part of a terminal that the panel needs. */
export interface Terminal {
  write(text: string): void;
  /** Each key as it is typed, without echo. @returns ends it and gives the terminal back as it was */
  onKey(listener: (key: string) => void): () => void;
}

const COLOURS: Readonly<Record<LampColour | 'off', { ansi: string; name: string }>> = {
  red: { ansi: '\u001b[1;91m', name: '赤 ' },
  amber: { ansi: '\u001b[1;93m', name: '橙 ' },
  green: { ansi: '\u001b[1;92m', name: '緑 ' },
  white: { ansi: '\u001b[1;97m', name: '白 ' },
  off: { ansi: '\u001b[2m', name: '消灯' },
};
const PLAIN = '\u001b[0m';
const KEYS: Readonly<Record<string, KeyName>> = { s: 'sos', a: 'acknowledge', r: 'reset' };
/** A terminal cannot tell how long a key is held; `r` stands for the whole ten seconds. */
const HELD_MS: Readonly<Record<KeyName, number>> = { sos: 100, acknowledge: 100, reset: 10_500 };
const CONTROL_C = '\u0003';

/** @returns lamp, buzzer and line as one line of text, colours by ANSI codes */
export function drawPanel({ lamp, buzzerHz, isLineOnBox }: FakeState): string {
  const { ansi, name } = COLOURS[lamp];
  const mark = lamp === 'off' ? '○' : '●';
  const buzzer = buzzerHz === 0 ? '     –     ' : `♪ ${String(buzzerHz).padStart(4)} Hz  `;
  const line = isLineOnBox ? '回線: 箱を通る' : '回線: 迂回    ';
  return `${ansi}${mark} ${name}${PLAIN}  ${buzzer} ${line}  [s] SOS  [a] 確認  [r] リセット`;
}

/**
 * Draws the hardware into one line of the terminal and takes keys as buttons.
 * @param onQuit Ctrl-C, which a terminal in this mode does not turn into a signal
 * @returns ends it, the terminal as it was
 */
export function openTerminalPanel(
  hardware: FakeHardware,
  terminal: Terminal,
  onQuit: () => void,
): () => void {
  const draw = (state: FakeState): void => terminal.write(`\r\u001b[2K${drawPanel(state)}`);
  hardware.watch(draw);
  draw(hardware.state);
  const stopKeys = terminal.onKey((typed) => {
    if (typed === CONTROL_C) onQuit();
    const key = KEYS[typed];
    if (key !== undefined) hardware.press(key, HELD_MS[key]);
  });
  return () => {
    stopKeys();
    hardware.watch(() => undefined);
    terminal.write('\n');
  };
}
