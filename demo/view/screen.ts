import type { Clock, Timer } from '../../base/index.js';
import { eventLine } from './event-lines.js';
import { renderView } from './render.js';
import { EMPTY_VIEW, reduce, type ViewEvent, type ViewState } from './view-state.js';

/** Ten pictures a second: enough for a lamp's rhythm, little enough for any terminal. */
const REDRAW_MS = 100;
const COLUMNS_DEFAULT = 80;

const ESCAPE = '\u001b[';
const HIDE_CURSOR = `${ESCAPE}?25l`;
const SHOW_CURSOR = `${ESCAPE}?25h`;
/** Where a terminal counts a line wider than we do, it is cut instead of breaking the picture. */
const NO_WRAP = `${ESCAPE}?7l`;
const WRAP = `${ESCAPE}?7h`;
const CLEAR_LINE = `${ESCAPE}2K`;
const CLEAR_BELOW = `${ESCAPE}J`;

/** The part of a terminal's stream that is needed; `process.stdout` is one. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export interface ScreenOptions {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** A line for each event instead of a picture, as on what is no terminal. */
  readonly quiet: boolean;
  readonly colour: boolean;
}

/** Shows the view where the person is: drawn in place on a terminal, line after line elsewhere. */
export class Screen {
  readonly #options: ScreenOptions;
  readonly #isDrawn: boolean;
  #state: ViewState = EMPTY_VIEW;
  #linesDrawn = 0;
  #redraw: Timer | null = null;
  #isOpen = false;

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.#isDrawn = options.terminal.isTTY === true && !options.quiet;
  }

  get state(): ViewState {
    return this.#state;
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    if (!this.#isDrawn) return;
    this.#options.terminal.write(HIDE_CURSOR);
    this.#draw();
  }

  show(event: ViewEvent): void {
    const { clock, terminal } = this.#options;
    const atMs = clock.wallMs();
    this.#state = reduce(this.#state, event, atMs);
    if (this.#isDrawn) return;
    const line = eventLine(event, this.#state, atMs);
    if (line !== null) terminal.write(`${line}\n`);
  }

  /** Leaves the picture standing and puts the cursor under it. May be opened again. */
  close(): void {
    this.#redraw?.cancel();
    this.#redraw = null;
    if (this.#isOpen && this.#isDrawn) {
      this.#paint();
      this.#options.terminal.write(SHOW_CURSOR);
    }
    this.#isOpen = false;
    this.#linesDrawn = 0;
  }

  /** Plain text, under the picture. */
  say(text: string): void {
    this.#options.terminal.write(`${text}\n`);
  }

  #draw(): void {
    this.#paint();
    this.#redraw = this.#options.clock.after(REDRAW_MS, () => this.#draw());
  }

  #paint(): void {
    const { terminal, clock, colour } = this.#options;
    const columns = terminal.columns ?? COLUMNS_DEFAULT;
    const lines = fit(
      renderView(this.#state, { columns, colour, nowMs: clock.wallMs() }),
      (terminal.rows ?? lineCountMax) - 1,
    );
    const up = this.#linesDrawn === 0 ? '' : `${ESCAPE}${this.#linesDrawn}A`;
    const picture = lines.map((line) => `${CLEAR_LINE}${line}\n`).join('');
    terminal.write(`${NO_WRAP}\r${up}${picture}${CLEAR_BELOW}${WRAP}`);
    this.#linesDrawn = lines.length;
  }
}

/** More than any view has. */
const lineCountMax = 1_000;

/** A picture taller than the terminal could not be drawn over: blank lines go first, then those at the bottom. */
function fit(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length <= rows) return lines;
  return lines.filter((line) => line !== '').slice(0, Math.max(1, rows));
}
