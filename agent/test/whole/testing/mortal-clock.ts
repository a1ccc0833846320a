import { systemClock, type Clock, type Timer } from '../../../../base/index.js';
import type { Scope } from '../../harness/child.js';

/** The machine's clock, whose timers end with the test: a simulated phone's next refresh must not keep the process alive. */
export function mortalClock(t: Scope): Clock {
  const timers = new Set<Timer>();
  let isOver = false;
  t.teardown(() => {
    isOver = true;
    for (const timer of timers) timer.cancel();
  });
  return {
    monotonicMs: () => systemClock.monotonicMs(),
    wallMs: () => systemClock.wallMs(),
    after(delayMs, run) {
      if (isOver) return { cancel: () => undefined };
      const timer = systemClock.after(delayMs, () => {
        timers.delete(timer);
        run();
      });
      timers.add(timer);
      return {
        cancel: () => {
          timers.delete(timer);
          timer.cancel();
        },
      };
    },
  };
}
