import { dtmfPair } from './dtmf-digit.js';
import { CadencedTone, type ToneSource } from './tone-generator.js';

export interface DtmfToneOptions {
  readonly onMs?: number;
  readonly offMs?: number;
  /** dBFS of each tone's peak. */
  readonly levelDbfs?: number;
}

/**
 * One DTMF digit and the pause after it (ITU-T Q.23).
 * @throws {RangeError} when `digit` is none of 0-9, *, #, A-D
 */
export function dtmfTone(digit: string, options: DtmfToneOptions = {}): ToneSource {
  const { onMs = 100, offMs = 100, levelDbfs = -12 } = options;
  const pair = dtmfPair(digit);
  if (pair === undefined) throw new RangeError('a DTMF digit is one of 0-9, *, #, A-D');
  const tones = [pair.lowHz, pair.highHz].map((frequencyHz) => ({ frequencyHz, levelDbfs }));
  return new CadencedTone({ tones, cadenceMs: [onMs, offMs], rounds: 1 });
}
