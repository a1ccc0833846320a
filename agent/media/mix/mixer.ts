import assert from 'node:assert/strict';

export interface MixInput {
  /** As many samples as `out`, s16. */
  readonly samples: Int16Array;
  /** Linear, 1 = unchanged (also when absent). */
  readonly gain?: number;
}

/** @param gainDb dB, 0 = unchanged */
export function gainFromDb(gainDb: number): number {
  return 10 ** (gainDb / 20);
}

/**
 * Adds up what one listener hears. `out` may be one of the inputs.
 * @param inputs none: silence
 * @returns how many samples were cut off at full scale
 * @throws {AssertionError} when the lengths differ (a bug of the caller)
 */
export function mixFrames(inputs: readonly MixInput[], out: Int16Array): number {
  for (const input of inputs) assert.equal(input.samples.length, out.length);
  let saturatedCount = 0;
  for (let n = 0; n < out.length; n += 1) {
    let total = 0;
    for (const { samples, gain = 1 } of inputs) total += samples[n]! * gain;
    const rounded = Math.round(total);
    const sample = Math.max(-32_768, Math.min(32_767, rounded));
    if (sample !== rounded) saturatedCount += 1;
    out[n] = sample;
  }
  return saturatedCount;
}
