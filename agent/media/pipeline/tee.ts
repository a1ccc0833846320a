import type { FrameSink } from './frame.js';

/** Told once for each branch that threw; `cause` is what it threw. */
export type OnBranchLost = (branch: FrameSink, cause: unknown) => void;

/** Feeds every branch in order. One that throws is cut off and reported; the others live on. */
export function tee(branches: readonly FrameSink[], onBranchLost: OnBranchLost): FrameSink {
  const live = new Set(branches);
  const each = (act: (branch: FrameSink) => void): void => {
    for (const branch of live) {
      try {
        act(branch);
      } catch (cause) {
        live.delete(branch);
        onBranchLost(branch, cause);
      }
    }
  };
  return {
    chain: `tee(${branches.map((branch) => branch.chain).join(', ')})`,
    push: (frame) => each((branch) => branch.push(frame)),
    end: () => each((branch) => branch.end()),
  };
}
