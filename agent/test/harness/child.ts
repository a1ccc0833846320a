import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Observed, PATIENCE_MS } from './observed.js';

/** The part of ava's `t` that a resource needs: everything a test starts ends with it. */
export interface Scope {
  teardown(run: () => Promise<void> | void): void;
  log(...values: string[]): void;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The programs of Debian's sbin are not in every user's path. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

/** A process of one test: its lines are kept, and it never outlives the test. */
export class Child {
  /** Lines of stdout and stderr, in order. */
  readonly lines: Observed<string>;
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;

  /** @param name what failures call it */
  constructor(t: Scope, name: string, argv: readonly string[], options: ChildOptions = {}) {
    const [program = '', ...args] = argv;
    this.lines = new Observed(name);
    this.#process = spawn(program, args, {
      // Never at its end, and never with anything in it: baresip stops at the end of its stdin.
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, PATH, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.exited = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => {
        resolve({ code, signal });
      });
      this.#process.once('error', (cause) => {
        this.lines.push(`cannot start ${program}: ${cause.message}`);
        resolve({ code: 127, signal: null });
      });
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
      });
    }
    t.teardown(async () => {
      await this.end();
    });
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#process.kill(signal);
  }

  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** SIGTERM, and SIGKILL when that is not heard. */
  async end(graceMs = 3_000): Promise<Exit> {
    this.signal('SIGTERM');
    const timeout = setTimeout(() => {
      this.signal('SIGKILL');
    }, graceMs);
    const exit = await this.exited;
    clearTimeout(timeout);
    return exit;
  }

  /** Resolves with its end. @throws {Error} when it does not come in time */
  async exit(timeoutMs = PATIENCE_MS): Promise<Exit> {
    let timeout: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timeout = setTimeout(() => {
        reject(new Error(`still running after ${timeoutMs} ms; ${this.lines.tail()}`));
      }, timeoutMs);
    });
    const exit = await Promise.race([this.exited, late]);
    clearTimeout(timeout);
    return exit;
  }
}
