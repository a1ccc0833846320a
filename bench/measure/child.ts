import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { delimiter } from 'node:path';
import { accessSync, constants } from 'node:fs';
import { createInterface } from 'node:readline';

/** The programs of Debian's sbin are not in every user's path. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;
/** Lines kept for the message about an early end. */
const TAIL_LINES = 15;
const KILL_AFTER_MS = 12_000;

/** @returns whether a program is installed */
export function isInstalled(program: string): boolean {
  return PATH.split(delimiter).some((folder) => {
    try {
      accessSync(`${folder}/${program}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A process that a measurement needs; it ends with the measurement. */
export class Child {
  readonly #name: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #listeners = new Set<(line: string) => void>();
  readonly #tail: string[] = [];
  readonly exited: Promise<number | null>;
  #isOver = false;

  constructor(argv: readonly string[]) {
    const [program = '', ...args] = argv;
    this.#name = program;
    this.#process = spawn(program, args, { env: { ...process.env, PATH } });
    this.exited = new Promise((resolve) => {
      this.#process.once('close', (code) => {
        this.#isOver = true;
        resolve(code);
      });
      this.#process.once('error', (cause) => {
        this.#isOver = true;
        this.#take(cause.message);
        resolve(null);
      });
    });
    // It may end with our words still on their way; `exited` tells.
    this.#process.stdin.on('error', () => undefined);
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#take(line));
    }
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get tail(): string {
    return this.#tail.join('\n');
  }

  onLine(listener: (line: string) => void): void {
    this.#listeners.add(listener);
  }

  /** Resolves with the first line from now on that matches. @throws {Error} when the process ends before */
  line(matches: (line: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const listener = (line: string): void => {
        if (!matches(line)) return;
        this.#listeners.delete(listener);
        resolve(line);
      };
      this.#listeners.add(listener);
      void this.exited.then((code) =>
        reject(new Error(`${this.#name} ended with ${code ?? 'a signal'}:\n${this.tail}`)),
      );
    });
  }

  write(text: string): void {
    this.#process.stdin.write(text);
  }

  endInput(): void {
    this.#process.stdin.end();
  }

  /** SIGTERM, later SIGKILL. */
  async stop(): Promise<void> {
    if (this.#isOver) return;
    this.#process.kill('SIGTERM');
    const timeout = setTimeout(() => this.#process.kill('SIGKILL'), KILL_AFTER_MS);
    await this.exited;
    clearTimeout(timeout);
  }

  #take(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
    for (const listener of this.#listeners) listener(line);
  }
}
