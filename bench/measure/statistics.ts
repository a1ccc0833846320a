/** What is said of many measured values; null where there were none. */
export interface Summary {
  readonly count: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** @param share 0…1; the nearest-rank percentile, a value that was measured */
function percentile(sorted: ArrayLike<number>, share: number): number | null {
  if (sorted.length === 0) return null;
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

export function summarise(values: readonly number[] | Float64Array): Summary {
  const sorted = Float64Array.from(values).sort();
  return {
    count: sorted.length,
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
    max: sorted[sorted.length - 1] ?? null,
  };
}

/** A value at a time. */
export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** @returns the slope of the line of least squares through the samples, per hour; null for fewer than three */
export function slopePerHour(samples: readonly Sample[]): number | null {
  if (samples.length < 3) return null;
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [atMs, value] = [mean((sample) => sample.atMs), mean((sample) => sample.value)];
  let [cross, spread] = [0, 0];
  for (const sample of samples) {
    cross += (sample.atMs - atMs) * (sample.value - value);
    spread += (sample.atMs - atMs) ** 2;
  }
  return spread === 0 ? null : (3_600_000 * cross) / spread;
}

/** @returns a / b; null where either was not measured, or b is 0 */
export function ratio(a: number | null, b: number | null): number | null {
  return a === null || b === null || b === 0 ? null : a / b;
}
