import type { Clock } from '../../base/index.js';

/** Everything that a command touches outside of itself. */
export interface CliContext {
  /** Text for whoever reads the result, without the line end. */
  readonly out: (line: string) => void;
  /** Text for the person at the terminal, apart from the result. */
  readonly err: (line: string) => void;
  readonly clock: Clock;
  readonly workingDirectory: string;
}
