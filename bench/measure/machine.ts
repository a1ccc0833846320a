import { cpus, loadavg, totalmem } from 'node:os';

/** What a figure was measured on; without it the figure says nothing. */
export interface Machine {
  readonly cores: number;
  readonly model: string;
  readonly memoryGb: number;
  readonly node: string;
  readonly platform: string;
  /** Of the last minute, before the measurement began: what others were doing. */
  readonly loadBefore: number;
}

export function machine(): Machine {
  const cores = cpus();
  return {
    cores: cores.length,
    model: cores[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    loadBefore: loadavg()[0] ?? 0,
  };
}

export function formatMachine(its: Machine): string {
  const load = its.loadBefore.toFixed(1);
  return `${its.cores} × ${its.model}, ${its.memoryGb} GiB, ${its.platform}, Node ${its.node}; load before: ${load}`;
}
