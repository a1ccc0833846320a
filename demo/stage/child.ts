import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Clock } from '../../base/index.js';
import { LineSplitter } from '../peer/json-lines.js';

/** How long a child may take to end before it is killed, ms. */
const END_WAIT_MS = 5_000;
/** What is kept of what it said, for when something fails: some minutes of an agent's log. */
const LAST_LINES_MAX = 5_000;

export interface ChildOptions {
  /** For people: `agent`. */
  readonly name: string;
  /** What Node.js runs: a script and its arguments. */
  readonly script: readonly string[];
  readonly clock: Clock;
  readonly onLine: (line: string) => void;
  /** Ended without having been asked to. */
  readonly onLost: (child: Child) => void;
}

/** A process of ours, ended by its id alone. */
export class Child {
  readonly name: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #clock: Clock;
  readonly #lastLines: string[] = [];
  readonly #ended: Promise<void>;
  #isEnding = false;

  constructor(options: ChildOptions) {
    const { name, script, clock, onLine, onLost } = options;
    this.name = name;
    this.#clock = clock;
    // A group of its own: Ctrl-C comes to us alone, and we end the parts in the order that they need.
    this.#process = spawn(process.execPath, [...script], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const said = new LineSplitter((line) => {
      this.#keep(line);
      onLine(line);
    });
    const complained = new LineSplitter((line) => this.#keep(line));
    this.#process.stdout.on('data', (bytes: Buffer) => said.push(bytes));
    this.#process.stderr.on('data', (bytes: Buffer) => complained.push(bytes));
    // It may end while we write; its exit tells.
    this.#process.stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      this.#process.on('error', () => resolve());
      this.#process.on('exit', () => resolve());
    });
    void this.#ended.then(() => {
      if (!this.#isEnding) onLost(this);
    });
  }

  get isAlive(): boolean {
    const { pid, exitCode, signalCode } = this.#process;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** `78`, `SIGKILL`; null while it lives. */
  get exit(): string | null {
    const { exitCode, signalCode } = this.#process;
    return exitCode === null ? signalCode : String(exitCode);
  }

  /** Its last lines, oldest first. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  send(message: object): void {
    if (this.isAlive) this.#process.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** Asks it to end, and kills it when it does not in time. */
  async end(): Promise<void> {
    this.#isEnding = true;
    if (!this.isAlive) return;
    this.#process.kill('SIGTERM');
    const deadline = this.#clock.after(END_WAIT_MS, () => this.kill());
    await this.#ended;
    deadline.cancel();
  }

  /** At once; for when there is no time to ask. */
  kill(): void {
    this.#isEnding = true;
    if (this.isAlive) this.#process.kill('SIGKILL');
  }

  #keep(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > LAST_LINES_MAX) this.#lastLines.shift();
  }
}
