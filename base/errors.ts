/** Who has to act. */
export type Blame = 'us' | 'operator' | 'peer' | 'device';

export interface ErrorDetail {
  readonly cause?: unknown;
  /** Typed facts for whoever decides: a path, a port, a limit. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** The base of all our errors. Callers match on `code` (docs/errors.md), never on text. */
export class TatebakoError extends Error {
  readonly code: string;
  readonly blame: Blame;
  readonly retryable: boolean;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    kind: { readonly code: string; readonly blame: Blame; readonly retryable: boolean },
    message: string,
    detail: ErrorDetail = {},
  ) {
    super(message, 'cause' in detail ? { cause: detail.cause } : undefined);
    this.name = new.target.name;
    this.code = kind.code;
    this.blame = kind.blame;
    this.retryable = kind.retryable;
    this.fields = detail.fields ?? {};
  }
}

/** One thing that is wrong in a configuration. */
export interface ConfigProblem {
  readonly file: string;
  /** Dotted path in the file: `rtp.firstPort`. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

/** @returns `file: path: expected …, found …`, the line that `check-config` prints */
export function formatConfigProblem(problem: ConfigProblem): string {
  return `${problem.file}: ${problem.path}: expected ${problem.expected}, found ${problem.found}`;
}

/** The operator's configuration is wrong: every problem at once, exit 78. */
export class ConfigError extends TatebakoError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], detail: ErrorDetail = {}) {
    super(
      { code: 'config', blame: 'operator', retryable: false },
      problems.map(formatConfigProblem).join('\n'),
      detail,
    );
    this.problems = problems;
  }
}

/** A peer broke a protocol: answer in the protocol or drop and count; never logged as an error. */
export class ProtocolError extends TatebakoError {
  constructor(code: string, message: string, detail: ErrorDetail = {}) {
    super({ code, blame: 'peer', retryable: false }, message, detail);
  }
}

/** A peer, disk or device cannot be used now. */
export class UnavailableError extends TatebakoError {
  constructor(code: string, message: string, detail: ErrorDetail = {}) {
    super({ code, blame: 'peer', retryable: true }, message, detail);
  }
}

/** No answer within the time that was set. */
export class DeadlineError extends TatebakoError {
  constructor(code: string, message: string, detail: ErrorDetail = {}) {
    super({ code, blame: 'peer', retryable: true }, message, detail);
  }
}

/** The disk is full, read-only or broken. */
export class StorageError extends TatebakoError {
  constructor(code: string, message: string, detail: ErrorDetail = {}) {
    super({ code, blame: 'device', retryable: true }, message, detail);
  }
}

/** @returns the text of anything that was thrown */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
