import { readdirSync, readFileSync } from 'node:fs';
import type { Box } from '../../harness/box.js';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly words: readonly string[];
}

/** Every process of this machine that can be seen (proc(5)). */
function processes(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        // The name in brackets may hold anything; state and parent follow it.
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent), words }];
      } catch {
        // It ended while we looked.
        return [];
      }
    });
}

/** @returns the agent's process; it is known by its configuration */
export function pidOf(box: Box): number {
  const found = processes().find(
    ({ words }) => words.includes('run') && words.includes(box.config),
  );
  if (found === undefined) throw new Error(`no agent runs on ${box.config}`);
  return found.pid;
}

/** @returns the agent's detector; null when it has none */
export function detectorOf(agentPid: number): number | null {
  const found = processes().find(
    ({ parent, words }) =>
      parent === agentPid && words.some((word) => word.endsWith('detector/process.js')),
  );
  return found?.pid ?? null;
}

export const isAlive = (pid: number): boolean => processes().some((one) => one.pid === pid);
