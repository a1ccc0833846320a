import type { AlertLevel, Category } from '../detector-event.js';
import { isKana, kanaToMorae, toKatakana } from './mora.js';

/** A phrase to listen for: the shop's own or one of ours. */
export interface Phrase {
  /** As people write it: 殺すぞ. */
  readonly text: string;
  /** Katakana, as spoken. */
  readonly reading: string;
  readonly category: Category;
  readonly level: AlertLevel;
}

export interface PhraseProblem {
  /** 1 is the first line. */
  readonly line: number;
  readonly expected: string;
  readonly found: string;
}

/** Phrases listened for at once; a shop has some dozens. */
export const PHRASES_MAX = 2_000;
/** Fewer morae than this say nothing by themselves: しね is heard in 市ね, カス in 貸す. */
export const MORAE_MIN = 4;
/** About 8 s of speech: longer than the window holds together. */
export const MORAE_MAX = 48;

const CATEGORIES: readonly Category[] = [
  'detention',
  'repeat',
  'verbalAbuse',
  'announcedViolence',
  'threat',
  'authority',
  'offPremises',
  'socialMedia',
  'sexual',
  'excessiveDemand',
  'complaint',
  'ordinary',
];
const LEVELS: readonly AlertLevel[] = [0, 1, 2, 3];

/**
 * Words for people, not for abuse: a box that raises an alarm when a caller says 障害者 harms the very person it should
 * serve. They are refused as phrases, alone or with so little beside them that they decide the match.
 */
const PROTECTED_READINGS: readonly string[] = [
  'ショウガイシャ',
  'ショウガイ',
  'シンショウシャ',
  'ハッタツショウガイ',
  'チテキショウガイ',
  'セイシンショウガイ',
  'クルマイス',
  'モウドウケン',
  'ガイコクジン',
  'ガイジン',
  'チュウゴクジン',
  'カンコクジン',
  'チョウセンジン',
  'ザイニチ',
  'ベトナムジン',
  'ネパールジン',
  'ブラジルジン',
  'フィリピンジン',
  'コクジン',
  'イスラムキョウ',
  'ドウセイアイシャ',
  'レズビアン',
  'トランスジェンダー',
  'エルジービーティー',
  'ヒサベツブラク',
  'コウレイシャ',
  'ロウジン',
  'ニンチショウ',
  'ニンプサン',
  'セイカツホゴ',
];
/** Morae that must stand beside a protected word for the phrase to be about something else. */
const BESIDE_PROTECTED_MIN = 5;
const PROTECTED = PROTECTED_READINGS.map((reading) => kanaToMorae(reading).join(' '));

/** @returns true when `reading` is a protected word with next to nothing beside it */
export function isProtected(reading: string): boolean {
  const morae = kanaToMorae(reading);
  const spaced = ` ${morae.join(' ')} `;
  return PROTECTED.some(
    (word) =>
      spaced.includes(` ${word} `) && morae.length - word.split(' ').length < BESIDE_PROTECTED_MIN,
  );
}

/**
 * Checks one phrase.
 * @returns the phrase with its reading in full-width katakana, or what was expected and found
 */
export function checkPhrase(fields: {
  readonly text: string;
  readonly reading: string;
  readonly category: string;
  readonly level: string | number;
}): Phrase | Omit<PhraseProblem, 'line'> {
  const text = fields.text.trim();
  const reading = toKatakana(fields.reading.replaceAll(/\s/gu, ''));
  const category = CATEGORIES.find((known) => known === fields.category.trim());
  const level = LEVELS.find((known) => known === Number(fields.level));
  const morae = kanaToMorae(reading).length;
  if (text === '') return { expected: 'a text', found: 'nothing' };
  if (!isKana(reading)) return { expected: 'a reading in kana', found: fields.reading };
  if (morae < MORAE_MIN || morae > MORAE_MAX) {
    return { expected: `a reading of ${MORAE_MIN} to ${MORAE_MAX} morae`, found: `${morae}` };
  }
  if (isProtected(reading)) {
    return { expected: 'a phrase that is more than a protected word', found: text };
  }
  if (category === undefined) {
    return { expected: `a category: ${CATEGORIES.join(', ')}`, found: fields.category };
  }
  if (level === undefined || String(fields.level).trim() === '') {
    return { expected: 'a level from 0 to 3', found: String(fields.level) };
  }
  return { text, reading, category, level };
}

/**
 * Reads phrases: one a line, `text TAB reading TAB category TAB level`; empty lines, lines that begin with #, and a first
 * line that begins with `text` are skipped. Wrong lines are told, all of them; the right ones serve.
 */
export function parsePhrases(tsv: string): { phrases: Phrase[]; problems: PhraseProblem[] } {
  const phrases: Phrase[] = [];
  const problems: PhraseProblem[] = [];
  tsv.split(/\r?\n/u).forEach((content, i) => {
    const isHeading = i === 0 && /^\uFEFF?text\t/u.test(content);
    if (content.trim() === '' || content.startsWith('#') || isHeading) return;
    const [text = '', reading = '', category = '', level = ''] = content.split('\t');
    const checked = checkPhrase({ text: text.replace('\uFEFF', ''), reading, category, level });
    if ('expected' in checked) problems.push({ line: i + 1, ...checked });
    else if (phrases.length < PHRASES_MAX) phrases.push(checked);
    else problems.push({ line: i + 1, expected: `at most ${PHRASES_MAX} phrases`, found: text });
  });
  return { phrases, problems };
}
