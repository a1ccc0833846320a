import { readFile } from 'node:fs/promises';
import { readWav, Resampler } from 'node-mediastream';
import { TELEPHONE_RATE_HZ } from '../../base/index.js';

/** A recording as the telephone brings it: 8 kHz s16, one array for each channel. */
export interface TelephoneAudio {
  readonly channels: readonly Int16Array[];
}

/** Longest recording taken, 12 h: it is held in memory. */
const RECORDING_MAX_MS = 12 * 3_600_000;
const FULL_SCALE = 32_768;

/**
 * Reads a WAV of any rate, width and number of channels.
 * @throws {WavError} when it is not WAV; the system's error when the file cannot be read
 */
export async function readTelephoneAudio(file: string): Promise<TelephoneAudio> {
  const { channels, sampleRateHz } = readWav(await readFile(file), { maxMs: RECORDING_MAX_MS });
  return { channels: channels.map((channel) => toTelephone(channel, sampleRateHz)) };
}

function toTelephone(samples: Float32Array, sampleRateHz: number): Int16Array {
  if (sampleRateHz === TELEPHONE_RATE_HZ) return toInt16(samples);
  const resampler = new Resampler(sampleRateHz, TELEPHONE_RATE_HZ);
  const start = toInt16(resampler.push(samples));
  const rest = toInt16(resampler.flush());
  const whole = new Int16Array(start.length + rest.length);
  whole.set(start);
  whole.set(rest, start.length);
  return whole;
}

function toInt16(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (sample) =>
    Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(sample * FULL_SCALE))),
  );
}
