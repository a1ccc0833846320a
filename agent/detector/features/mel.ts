/** One triangle of the bank: its weights from bin `first` on. */
export interface MelFilter {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Linear below 1000 Hz (200/3 Hz per mel), then 27 mel per factor 6.4: Slaney's scale. */
const MEL_PER_LOG = 27 / Math.log(6.4);

const hertzToMel = (hertz: number): number =>
  hertz < 1000 ? (hertz * 3) / 200 : 15 + MEL_PER_LOG * Math.log(hertz / 1000);

const melToHertz = (mel: number): number =>
  mel < 15 ? (mel * 200) / 3 : 1000 * Math.exp((mel - 15) / MEL_PER_LOG);

/**
 * Triangles of equal area (Slaney) from 0 Hz to half the sample rate.
 * @param count filters
 * @param bins bins of the power spectrum, 0 Hz to half the sample rate
 */
export function melFilterBank(count: number, bins: number, sampleRateHz: number): MelFilter[] {
  const top = hertzToMel(sampleRateHz / 2);
  const edge = (n: number): number => melToHertz((top * n) / (count + 1));
  return Array.from({ length: count }, (_, n) => {
    const [low, middle, high] = [edge(n), edge(n + 1), edge(n + 2)];
    const all = Array.from({ length: bins }, (_unused, bin) => {
      const hertz = (bin * sampleRateHz) / 2 / (bins - 1);
      const height = Math.min((hertz - low) / (middle - low), (high - hertz) / (high - middle));
      return (Math.max(0, height) * 2) / (high - low);
    });
    const first = Math.max(
      0,
      all.findIndex((weight) => weight > 0),
    );
    const last = all.findLastIndex((weight) => weight > 0);
    return { first, weights: Float64Array.from(all.slice(first, last + 1)) };
  });
}
