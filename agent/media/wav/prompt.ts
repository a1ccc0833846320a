import { Resampler } from './resampler.js';
import { readWav } from './wav-reader.js';

export interface Prompt {
  /** 8 kHz mono, s16, at the file's own level. */
  readonly samples: Int16Array;
  readonly durationMs: number;
}

const PROMPT_RATE_HZ = 8_000;

/**
 * Makes any WAV ready to be played on the line.
 * @param options.maxMs longest that is taken
 * @throws {WavError} when it is not WAV, or too long
 */
export function loadPrompt(bytes: Uint8Array, options: { readonly maxMs: number }): Prompt {
  const audio = readWav(bytes, options);
  const mono = new Float32Array(audio.frameCount);
  for (const channel of audio.channels) {
    for (let n = 0; n < mono.length; n += 1) mono[n] = mono[n]! + channel[n]!;
  }
  const scale = 32_768 / audio.channels.length;
  for (let n = 0; n < mono.length; n += 1) mono[n] = mono[n]! * scale;
  const samples = toInt16(resample(mono, audio.sampleRateHz));
  return { samples, durationMs: (samples.length * 1_000) / PROMPT_RATE_HZ };
}

function resample(samples: Float32Array, fromHz: number): Float32Array {
  if (fromHz === PROMPT_RATE_HZ) return samples;
  const resampler = new Resampler(fromHz, PROMPT_RATE_HZ);
  const start = Float32Array.from(resampler.push(samples));
  const rest = resampler.flush();
  const whole = new Float32Array(start.length + rest.length);
  whole.set(start);
  whole.set(rest, start.length);
  return whole;
}

function toInt16(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (sample) =>
    Math.max(-32_768, Math.min(32_767, Math.round(sample))),
  );
}
