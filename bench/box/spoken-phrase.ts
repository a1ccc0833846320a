import { DEFAULT_POLICY } from '../../agent/policy/index.js';

/** An abusive phrase that somebody has spoken for us. */
export interface SpokenPhrase {
  /** In bench/speech/phrases. */
  readonly file: string;
  readonly text: string;
  readonly category: string;
  /** At which policy raises it: no category passes its own highest level. */
  readonly level: number;
}

const levelMax = new Map<string, number>(Object.entries(DEFAULT_POLICY.levelMax));

/** Reads bench/speech/phrases.tsv. @throws {TypeError} for a line that is not four fields */
export function parsePhraseList(tsv: string): readonly SpokenPhrase[] {
  const [, ...lines] = tsv.trim().split('\n');
  return lines.map((line) => {
    const [file, text, category, level] = line.split('\t');
    if (file === undefined || text === undefined || category === undefined || !Number(level)) {
      throw new TypeError(`expected file, text, category, level, found "${line}"`);
    }
    return { file, text, category, level: Math.min(Number(level), levelMax.get(category) ?? 3) };
  });
}
