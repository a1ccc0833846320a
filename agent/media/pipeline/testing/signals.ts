/** Repeatable randomness for tests (mulberry32), since this package imports nothing of the house's. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 ≤ x < 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, 0…`below`−1. */
  below(below: number): number {
    return Math.floor(this.fraction() * below);
  }
}

export interface SineOptions {
  readonly samples: number;
  readonly frequencyHz: number;
  readonly amplitude?: number;
  readonly sampleRateHz?: number;
  readonly phase?: number;
}

export function sine(options: SineOptions): Int16Array {
  const { samples, frequencyHz, amplitude = 8_000, sampleRateHz = 8_000, phase = 0 } = options;
  const step = (2 * Math.PI * frequencyHz) / sampleRateHz;
  return Int16Array.from({ length: samples }, (_, n) =>
    Math.round(amplitude * Math.sin(phase + step * n)),
  );
}

export function noise(samples: number, amplitude: number, seed = 1): Int16Array {
  const random = new SeededRandom(seed);
  return Int16Array.from({ length: samples }, () =>
    Math.round((random.fraction() * 2 - 1) * amplitude),
  );
}

export function sum(...parts: readonly Int16Array[]): Int16Array {
  const length = Math.max(...parts.map((part) => part.length));
  return Int16Array.from({ length }, (_, n) => {
    const total = parts.reduce((acc, part) => acc + (part[n] ?? 0), 0);
    return Math.max(-32_768, Math.min(32_767, total));
  });
}

export function concat(...parts: readonly Int16Array[]): Int16Array {
  const out = new Int16Array(parts.reduce((acc, part) => acc + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function rms(samples: ArrayLike<number>, from = 0, to = samples.length): number {
  let energy = 0;
  for (let n = from; n < to; n += 1) energy += (samples[n] ?? 0) ** 2;
  return Math.sqrt(energy / Math.max(1, to - from));
}

/** The largest step between neighbours: a click stands out. */
export function largestStep(samples: ArrayLike<number>, from = 1, to = samples.length): number {
  let largest = 0;
  for (let n = from; n < to; n += 1) {
    largest = Math.max(largest, Math.abs((samples[n] ?? 0) - (samples[n - 1] ?? 0)));
  }
  return largest;
}

/**
 * Something like talk, 8 kHz: syllables of a gliding glottal pulse train through three wandering formants, with
 * fricative noise and pauses between. No voice at all, but it trips a careless tone detector in the same ways.
 */
export function speechLike(samples: number, seed = 7): Int16Array {
  const random = new SeededRandom(seed);
  const out = new Int16Array(samples);
  const state = new Float64Array(6);
  let at = 0;
  while (at < samples) {
    const length = 400 + random.below(1_600);
    const kind = random.fraction();
    const pitchHz = 90 + random.fraction() * 230;
    const glide = 1 + (random.fraction() - 0.5) * 0.3;
    const formantsHz = [
      250 + random.fraction() * 700,
      800 + random.fraction() * 1_500,
      2_200 + random.fraction() * 900,
    ];
    const level = 1_000 + random.fraction() * 6_000;
    let phase = 0;
    for (let n = 0; n < length && at < samples; n += 1, at += 1) {
      const envelope = Math.sin((Math.PI * n) / length);
      phase += (pitchHz * glide ** (n / length)) / 8_000;
      const pulse = phase >= 1 ? 1 : 0;
      phase -= pulse;
      let sample = 0;
      formantsHz.forEach((hz, index) => {
        const radius = 0.97;
        const excitation = kind < 0.7 ? pulse : (random.fraction() - 0.5) * 0.2;
        const y =
          excitation +
          2 * radius * Math.cos((2 * Math.PI * hz) / 8_000) * (state[index * 2] ?? 0) -
          radius * radius * (state[index * 2 + 1] ?? 0);
        state[index * 2 + 1] = state[index * 2] ?? 0;
        state[index * 2] = y;
        sample += y / (index + 1);
      });
      if (kind > 0.9) sample = 0;
      out[at] = Math.max(-32_768, Math.min(32_767, Math.round(sample * level * envelope)));
    }
  }
  return out;
}
