import test from 'ava';
import { ALARM_PATTERNS, lookOf, nextChangeMs, type PatternName } from './alarm-pattern.js';

const PATTERNS: readonly PatternName[] = [
  'ready',
  'onCall',
  'level1',
  'level2',
  'level3',
  'unacknowledged',
  'fault',
  'updating',
];
const STEP_MS = 10;

const SEEN_STEPS = 3_000;

/** Lit or dark each 10 ms over 60 s: what somebody sees who sees no colours. */
const rhythmOf = (pattern: PatternName): string =>
  Array.from({ length: 2 * SEEN_STEPS }, (_, i) =>
    lookOf(pattern, i * STEP_MS).isLit ? '1' : '0',
  ).join('');

const cycleMs = (pattern: PatternName): number =>
  ALARM_PATTERNS[pattern].lamp.reduce((sum, { ms }) => sum + ms, 0);

test('each pattern is told from every other by its rhythm alone, whenever one looks', (t) => {
  const rhythms = new Map(PATTERNS.map((pattern) => [pattern, rhythmOf(pattern)]));
  for (const [one, rhythm] of rhythms) {
    const seen = rhythm.slice(0, SEEN_STEPS);
    for (const [other, otherRhythm] of rhythms) {
      if (one === other) continue;
      for (let shift = 0; shift < cycleMs(other) / STEP_MS; shift += 1) {
        if (!otherRhythm.startsWith(seen, shift)) continue;
        t.fail(`${one} looks like ${other} at ${shift * STEP_MS} ms`);
      }
    }
  }
  t.pass();
});

test('no pattern flashes more than three times in any second (WCAG 2.2 §2.3.1)', (t) => {
  for (const pattern of PATTERNS) {
    const starts: number[] = [];
    let before = lookOf(pattern, 0);
    for (let atMs = 1; atMs < 12_000; atMs += 1) {
      const look = lookOf(pattern, atMs);
      if (look.isLit && !before.isLit) starts.push(atMs);
      before = look;
    }
    for (const from of starts) {
      t.true(starts.filter((at) => at >= from && at < from + 1_000).length <= 3, pattern);
    }
  }
});

test('a lamp that follows nextChangeMs misses no change of lamp or buzzer', (t) => {
  for (const pattern of PATTERNS) {
    let atMs = 0;
    while (atMs < 61_000) {
      const untilMs = atMs + nextChangeMs(pattern, atMs);
      t.true(untilMs > atMs);
      const look = lookOf(pattern, atMs);
      for (let inMs = atMs; inMs < untilMs; inMs += 7) t.deepEqual(lookOf(pattern, inMs), look);
      atMs = untilMs;
    }
  }
});

test('warnings and emergencies sound, level 3 without a pause; an ordinary day is silent', (t) => {
  const heardShare = (pattern: PatternName): number => {
    let heard = 0;
    for (let atMs = 0; atMs < 60_000; atMs += STEP_MS) {
      if (lookOf(pattern, atMs).toneHz > 0) heard += 1;
    }
    return (heard * STEP_MS) / 60_000;
  };
  for (const silent of ['ready', 'onCall', 'level1', 'updating'] as const)
    t.is(heardShare(silent), 0);
  t.true(heardShare('level2') > 0 && heardShare('level2') < 0.2);
  t.is(heardShare('level3'), 1);
  t.is(heardShare('unacknowledged'), 1);
  t.true(heardShare('fault') > 0 && heardShare('fault') < 0.02);
});
