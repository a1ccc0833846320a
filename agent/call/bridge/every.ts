import type { Clock, Timer } from '../../../base/index.js';

/** Runs at start + n × `periodMs`; turns that were missed are left out, never made up for. */
export function every(clock: Clock, periodMs: number, run: () => void): Timer {
  let dueMs = clock.monotonicMs();
  let timer: Timer | null = null;
  let isCancelled = false;
  const arm = (): void => {
    const nowMs = clock.monotonicMs();
    const turns = Math.max(1, Math.ceil((nowMs - dueMs) / periodMs));
    dueMs += turns * periodMs;
    timer = clock.after(dueMs - nowMs, () => {
      run();
      if (!isCancelled) arm();
    });
  };
  arm();
  return {
    cancel() {
      isCancelled = true;
      timer?.cancel();
    },
  };
}
