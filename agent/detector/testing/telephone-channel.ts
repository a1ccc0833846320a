import { SeededRandom } from '../../../base/testing/seeded-random.js';

const BAND_TAPS = 129;
const FULL_SCALE = 32_768;

/** Windowed-sinc low-pass (Hamming), gain 1 at 0 Hz. `cutoff` as a share of the sample rate. */
function lowPass(taps: number, cutoff: number): Float64Array {
  const middle = (taps - 1) / 2;
  const raw = Float64Array.from({ length: taps }, (_, n) => {
    const x = 2 * Math.PI * cutoff * (n - middle);
    const hamming = 0.54 - 0.46 * Math.cos((2 * Math.PI * n) / (taps - 1));
    return (x === 0 ? 1 : Math.sin(x) / x) * hamming;
  });
  const sum = raw.reduce((total, tap) => total + tap, 0);
  return raw.map((tap) => tap / sum);
}

function filter(samples: Float64Array, taps: Float64Array, step: number): Float64Array {
  const middle = (taps.length - 1) / 2;
  return Float64Array.from({ length: Math.ceil(samples.length / step) }, (_, n) => {
    let sum = 0;
    for (let k = 0; k < taps.length; k += 1) {
      sum += taps[k]! * (samples[n * step + middle - k] ?? 0);
    }
    return sum;
  });
}

function gaussian(random: SeededRandom): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.fraction()));
  return radius * Math.cos(2 * Math.PI * random.fraction());
}

/** RMS of the loudest 40 % of 20 ms frames: the level of the speech, not of the pauses. */
function speechLevel(samples: Float64Array): number {
  const energies: number[] = [];
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    energies.push(samples.subarray(at, at + 160).reduce((sum, x) => sum + x * x, 0) / 160);
  }
  energies.sort((a, b) => b - a);
  const loud = energies.slice(0, Math.max(1, Math.floor(energies.length * 0.4)));
  return Math.sqrt(loud.reduce((sum, x) => sum + x, 0) / loud.length + 1e-12);
}

/** One way through G.711 µ-law (14 bit), s16 in and out. */
function throughMulaw(sample: number): number {
  const magnitude = Math.min(Math.abs(Math.trunc(sample / 4)), 8158) + 33;
  const exponent = Math.floor(Math.log2(magnitude)) - 5;
  const mantissa = (magnitude >> (exponent + 1)) & 15;
  const decoded = ((((mantissa << 1) + 33) << exponent) - 33) * 4;
  return sample < 0 ? -decoded : decoded;
}

/**
 * The fixed test channel: 0.5 s of silence before and 0.4 s after, 300 to 3400 Hz, speech at −20 dB, white noise
 * `snrDb` below it, G.711 µ-law.
 * @param samples16k s16 at 16 kHz
 * @returns s16 at 8 kHz
 */
export function throughTelephone(samples16k: Int16Array, snrDb: number, seed: number): Int16Array {
  const padded = new Float64Array(samples16k.length + 14_400);
  samples16k.forEach((sample, i) => (padded[8_000 + i] = sample / FULL_SCALE));
  const narrow = filter(padded, lowPass(41, 0.24), 2);
  const high = lowPass(BAND_TAPS, 3_400 / 8_000);
  const low = lowPass(BAND_TAPS, 300 / 8_000);
  const banded = filter(
    narrow,
    high.map((tap, i) => tap - (low[i] ?? 0)),
    1,
  );
  const gain = 0.1 / Math.max(speechLevel(banded), 1e-6);
  const noise = 0.1 * 10 ** (-snrDb / 20);
  const random = new SeededRandom(seed);
  return Int16Array.from(banded, (x) => {
    const heard = x * gain + gaussian(random) * noise;
    return throughMulaw(Math.max(-1, Math.min(1, heard)) * (FULL_SCALE - 1));
  });
}
