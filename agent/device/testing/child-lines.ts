import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../../../bin/tatebako.mjs', import.meta.url));
const AGENT = fileURLToPath(new URL('./agent-child.js', import.meta.url));

/** A child process whose output is JSON lines. */
export class ChildLines {
  readonly process: ChildProcess;
  readonly lines: string[] = [];
  readonly #exited: Promise<unknown>;
  #onLine: () => void = () => undefined;

  constructor(script: string, words: readonly string[]) {
    const child = spawn(process.execPath, [script, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.process = child;
    this.#exited = once(child, 'exit');
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line);
      this.#onLine();
    });
  }

  /** Waits for a line, from the `from`th on, that holds `part`. @returns when it came, monotonic ms */
  async seen(part: string, from = 0): Promise<number> {
    while (!this.lines.slice(from).some((line) => line.includes(part))) {
      await new Promise<void>((resolve) => {
        this.#onLine = resolve;
      });
    }
    return performance.now();
  }

  /** @returns the exit status, null when a signal ended it */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill(signal);
      await this.#exited;
    }
    return this.process.exitCode;
  }
}

export const startFirmware = (configFile: string): ChildLines =>
  new ChildLines(COMMAND, ['firmware', '--config', configFile, '--simulate', '--json']);

export const startAgentChild = (socketPath: string, level: 0 | 2): ChildLines =>
  new ChildLines(AGENT, [socketPath, String(level)]);
