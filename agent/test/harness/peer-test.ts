import test, { type ExecutionContext } from 'ava';

const missing = new Set((process.env['TATEBAKO_PEERS_MISSING'] ?? '').split(' ').filter(Boolean));

/** A test that needs other people's programs; where one is missing, it is left out by name. */
export function peerTest(
  programs: readonly string[],
  title: string,
  run: (t: ExecutionContext) => Promise<void>,
): void {
  if (programs.some((program) => missing.has(program))) test.skip(title, run);
  else test(title, run);
}
