/** What the `tatebako` command exits with (INTERFACES §1; sysexits.h). */
export const EXIT = {
  ok: 0,
  usage: 64,
  notAudio: 65,
  noSuchThing: 66,
  unreachable: 69,
  bug: 70,
  config: 78,
} as const;
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with a word to the person who typed it. */
export class CliError extends Error {
  readonly exitStatus: ExitStatus;

  constructor(exitStatus: ExitStatus, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'CliError';
    this.exitStatus = exitStatus;
  }
}
