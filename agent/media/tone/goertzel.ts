/**
 * The power of one frequency in a stretch of samples, by one multiplication a sample.
 * @param samples any scale
 * @returns mean square of the sine at `frequencyHz` (amplitude² / 2), same scale squared; 0 for no samples
 */
export function goertzelPower(
  samples: ArrayLike<number>,
  frequencyHz: number,
  sampleRateHz: number,
): number {
  const count = samples.length;
  if (count === 0) return 0;
  const coefficient = 2 * Math.cos((2 * Math.PI * frequencyHz) / sampleRateHz);
  let last = 0;
  let beforeLast = 0;
  for (let n = 0; n < count; n += 1) {
    const next = (samples[n] ?? 0) + coefficient * last - beforeLast;
    beforeLast = last;
    last = next;
  }
  const magnitude = last * last + beforeLast * beforeLast - coefficient * last * beforeLast;
  return (2 * magnitude) / (count * count);
}
