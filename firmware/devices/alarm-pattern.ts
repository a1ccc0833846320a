import type { LampColour } from '../hal/index.js';

export type PatternName =
  'ready' | 'onCall' | 'level1' | 'level2' | 'level3' | 'unacknowledged' | 'fault' | 'updating';

/** What lamp and buzzer do at one moment. */
export interface Look {
  /** Of the lamp when it is lit; kept through the dark parts. */
  readonly colour: LampColour;
  readonly isLit: boolean;
  /** 0: silent. */
  readonly toneHz: number;
}

interface LampStep {
  readonly colour: LampColour | 'off';
  readonly ms: number;
}
interface ToneStep {
  readonly hz: number;
  readonly ms: number;
}
interface AlarmPattern {
  /** Repeated without end. */
  readonly lamp: readonly LampStep[];
  readonly tone: readonly ToneStep[];
}

const lit = (colour: LampColour, ms: number): LampStep => ({ colour, ms });
const dark = (ms: number): LampStep => ({ colour: 'off', ms });
const beep = (hz: number, ms: number): ToneStep => ({ hz, ms });
const quiet = (ms: number): ToneStep => ({ hz: 0, ms });

const SILENT = [quiet(1_000)] as const;

/**
 * Rhythm and colour both tell them apart: whoever cannot see the one sees the other. No more than three
 * flashes in a second, since more can bring on a seizure (WCAG 2.2 §2.3.1).
 */
export const ALARM_PATTERNS: Readonly<Record<PatternName, AlarmPattern>> = {
  ready: { lamp: [lit('green', 1_000)], tone: SILENT },
  onCall: { lamp: [lit('green', 2_400), dark(600)], tone: SILENT },
  level1: { lamp: [lit('amber', 1_000), dark(1_000)], tone: SILENT },
  level2: {
    lamp: [lit('red', 250), dark(250)],
    tone: [beep(1_000, 150), quiet(1_850)],
  },
  level3: {
    lamp: [lit('red', 120), dark(80), lit('white', 120), dark(680)],
    tone: [beep(1_600, 300), beep(1_200, 300)],
  },
  unacknowledged: {
    lamp: [lit('red', 120), dark(80), lit('white', 120), dark(80), lit('red', 120), dark(480)],
    tone: [beep(2_000, 120), beep(1_200, 120)],
  },
  fault: {
    lamp: [
      lit('amber', 150),
      dark(150),
      lit('amber', 150),
      dark(150),
      lit('amber', 150),
      dark(2_250),
    ],
    tone: [beep(400, 200), quiet(29_800)],
  },
  updating: { lamp: [lit('white', 700), dark(300)], tone: SILENT },
};

/** @returns the step of a cycle at `elapsedMs`, and how long it still lasts, ms */
function stepAt<S extends { readonly ms: number }>(
  steps: readonly S[],
  elapsedMs: number,
): { readonly step: S | undefined; readonly leftMs: number } {
  const cycleMs = steps.reduce((sum, step) => sum + step.ms, 0);
  let intoMs = elapsedMs % cycleMs;
  for (const step of steps) {
    if (intoMs < step.ms) return { step, leftMs: step.ms - intoMs };
    intoMs -= step.ms;
  }
  return { step: steps[0], leftMs: cycleMs };
}

/** @param elapsedMs since the pattern began, 0 or more */
export function lookOf(pattern: PatternName, elapsedMs: number): Look {
  const { lamp, tone } = ALARM_PATTERNS[pattern];
  const colourNow = stepAt(lamp, elapsedMs).step?.colour ?? 'off';
  const firstLit = lamp.find((step) => step.colour !== 'off')?.colour;
  const shown = colourNow === 'off' ? firstLit : colourNow;
  return {
    colour: shown === undefined || shown === 'off' ? 'amber' : shown,
    isLit: colourNow !== 'off',
    toneHz: stepAt(tone, elapsedMs).step?.hz ?? 0,
  };
}

/** @returns ms until the look of a pattern may change, more than 0 */
export function nextChangeMs(pattern: PatternName, elapsedMs: number): number {
  const { lamp, tone } = ALARM_PATTERNS[pattern];
  return Math.min(stepAt(lamp, elapsedMs).leftMs, stepAt(tone, elapsedMs).leftMs);
}
