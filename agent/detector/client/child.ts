import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What is heard from a detector's process. */
export interface ChildEvents {
  /** UTF-8 of its standard output, in pieces. */
  onOutput(text: string): void;
  /** Its standard error, for the log. */
  onError(text: string): void;
  /** It takes more again. */
  onDrain(): void;
  /** It is gone; called once. */
  onExit(reason: string): void;
}

/** A detector's process, or a test's. */
export interface DetectorChild {
  /** @returns false when it takes no more until `onDrain` */
  write(bytes: Buffer): boolean;
  kill(): void;
}

export type SpawnDetector = (events: ChildEvents) => DetectorChild;

/** Starts `process.js` beside this build. */
export const spawnDetector: SpawnDetector = (events) => {
  const program = fileURLToPath(new URL('../process.js', import.meta.url));
  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let gone = false;
  const exited = (reason: string): void => {
    if (gone) return;
    gone = true;
    events.onExit(reason);
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => events.onOutput(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => events.onError(text));
  child.stdin.on('drain', () => events.onDrain());
  child.stdin.on('error', () => {
    // The process is going; `exit` follows and says why.
  });
  child.on('error', (cause) => exited(cause.message));
  child.on('exit', (code, signal) => exited(signal ?? `exit ${code ?? 'unknown'}`));
  return {
    write: (bytes) => child.stdin.write(bytes),
    kill: () => void child.kill('SIGKILL'),
  };
};
