/**
 * From kana to what is heard: morae written as romaji tokens (`ko`, `kyo`, `N`, `Q`), the alphabet of the ear. A long
 * vowel repeats its vowel (コー → ko o), オウ is オオ and エイ is エエ, ヅ = ズ, ヂ = ジ, ヲ = オ, ヴ is the row of ブ.
 * Readings are written as spoken: the particles は and へ as ワ and エ.
 */

const ROWS: readonly (readonly [consonant: string, kana: string])[] = [
  ['', 'アイウエオ'],
  ['k', 'カキクケコ'],
  ['g', 'ガギグゲゴ'],
  ['s', 'サ＿スセソ'],
  ['z', 'ザ＿ズゼゾ'],
  ['t', 'タ＿＿テト'],
  ['d', 'ダ＿＿デド'],
  ['n', 'ナニヌネノ'],
  ['h', 'ハヒ＿ヘホ'],
  ['b', 'バビブベボ'],
  ['p', 'パピプペポ'],
  ['m', 'マミムメモ'],
  ['r', 'ラリルレロ'],
];

const SINGLE_KANA: Readonly<Record<string, string>> = {
  シ: 'shi',
  ジ: 'ji',
  チ: 'chi',
  ツ: 'tsu',
  ヂ: 'ji',
  ヅ: 'zu',
  フ: 'fu',
  ヤ: 'ya',
  ユ: 'yu',
  ヨ: 'yo',
  ワ: 'wa',
  ヲ: 'o',
  ン: 'N',
  ッ: 'Q',
  ヴ: 'bu',
  ヰ: 'i',
  ヱ: 'e',
  ヮ: 'wa',
  ァ: 'a',
  ィ: 'i',
  ゥ: 'u',
  ェ: 'e',
  ォ: 'o',
  ャ: 'ya',
  ュ: 'yu',
  ョ: 'yo',
};

/** Kana that a small ャュョ (and mostly ェ) joins to one mora. */
const PALATAL: Readonly<Record<string, string>> = {
  キ: 'ky',
  ギ: 'gy',
  シ: 'sh',
  ジ: 'j',
  チ: 'ch',
  ヂ: 'j',
  ニ: 'ny',
  ヒ: 'hy',
  ビ: 'by',
  ピ: 'py',
  ミ: 'my',
  リ: 'ry',
  テ: 'ty',
  デ: 'dy',
  フ: 'fy',
  ヴ: 'by',
};
const NO_SMALL_E = 'ヂテデフヴ';

/** Kana that a small ァィェォ joins to one mora. */
const WITH_SMALL_VOWEL: Readonly<Record<string, string>> = {
  フ: 'f',
  ヴ: 'b',
  ツ: 'ts',
  ウ: 'w',
  ク: 'kw',
  グ: 'gw',
};

const OTHER_PAIRS: Readonly<Record<string, string>> = {
  ティ: 'ti',
  ディ: 'di',
  トゥ: 'tu',
  ドゥ: 'du',
  スィ: 'si',
  ズィ: 'zi',
  イェ: 'ye',
  クヮ: 'kwa',
  グヮ: 'gwa',
};

const ONE = new Map<string, string>();
const TWO = new Map<string, string>();
for (const [consonant, row] of ROWS) {
  Array.from(row).forEach((kana, i) => ONE.set(kana, consonant + 'aiueo'.charAt(i)));
}
ONE.delete('＿');
for (const [kana, token] of Object.entries(SINGLE_KANA)) ONE.set(kana, token);
for (const [kana, consonant] of Object.entries(PALATAL)) {
  Array.from('ャュョ').forEach((small, i) => TWO.set(kana + small, consonant + 'auo'.charAt(i)));
  if (!NO_SMALL_E.includes(kana)) TWO.set(`${kana}ェ`, `${consonant}e`);
}
for (const [kana, consonant] of Object.entries(WITH_SMALL_VOWEL)) {
  Array.from('ァィェォ').forEach((small, i) => TWO.set(kana + small, consonant + 'aieo'.charAt(i)));
}
for (const [pair, token] of Object.entries(OTHER_PAIRS)) TWO.set(pair, token);

const VOWELS = 'aiueo';
const HIRAGANA_TO_KATAKANA = 0x60;

/** @returns full-width katakana: half-width and compatibility forms unified (NFKC), hiragana lifted; the rest as it was */
export function toKatakana(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[ぁ-ゖ]/gu, (kana) => String.fromCharCode(kana.charCodeAt(0) + HIRAGANA_TO_KATAKANA));
}

/** @returns the tokens of a reading; whatever is not kana is skipped, so pass a reading, not kanji */
export function kanaToMorae(reading: string): string[] {
  const text = toKatakana(reading);
  const tokens: string[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const pair = TWO.get(text.slice(i, i + 2));
    if (pair !== undefined) {
      tokens.push(asHeard(tokens.at(-1), pair));
      i += 1;
      continue;
    }
    const before = tokens.at(-1);
    const kana = text.charAt(i);
    const token = kana === 'ー' ? lengthened(before) : ONE.get(kana);
    if (token !== undefined) tokens.push(asHeard(before, token));
  }
  return tokens;
}

/** @returns true when every character of `reading` is kana or ー once normalised */
export function isKana(reading: string): boolean {
  return /^[ァ-ヺー]+$/u.test(toKatakana(reading));
}

function lengthened(before: string | undefined): string | undefined {
  if (before === undefined) return undefined;
  const last = before.slice(-1);
  return VOWELS.includes(last) ? last : 'N';
}

/** オウ is heard as オオ and エイ as エエ, across words too. */
function asHeard(before: string | undefined, token: string): string {
  if (token === 'u' && before?.endsWith('o') === true) return 'o';
  if (token === 'i' && before?.endsWith('e') === true) return 'e';
  return token;
}

/** The ear's alphabet: an index for each token, 0 the CTC blank; and kana for people. */
export class MoraAlphabet {
  readonly size: number;
  readonly #index: ReadonlyMap<string, number>;
  readonly #kana: readonly string[];

  /** @param tokens in the order of the model's output; `kana` beside it */
  constructor(tokens: readonly string[], kana: readonly string[]) {
    this.size = tokens.length;
    this.#index = new Map(tokens.map((token, i) => [token, i]));
    this.#kana = kana;
  }

  /** @returns indices of `morae`; a mora that the ear does not know becomes its vowel, as in training */
  encode(morae: readonly string[]): number[] {
    return morae.map(
      (mora) =>
        this.#index.get(mora) ?? this.#index.get(mora.slice(-1)) ?? this.#index.get('N') ?? 0,
    );
  }

  /** @returns katakana of `indices` */
  spell(indices: readonly number[]): string {
    return indices.map((index) => this.#kana[index] ?? '').join('');
  }
}
