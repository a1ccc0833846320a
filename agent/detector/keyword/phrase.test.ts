import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { MODELS_DIRECTORY } from '../testing/vectors.js';
import { kanaToMorae, toKatakana } from './mora.js';
import { checkPhrase, isProtected, parsePhrases } from './phrase.js';

const morae = (reading: string): string => kanaToMorae(reading).join(' ');

test('readings become what is heard: small kana join, long vowels repeat, ヅ is ズ', (t) => {
  t.is(morae('ブッコロシテヤル'), 'bu Q ko ro shi te ya ru');
  t.is(morae('きょうとえいこう'), 'kyo o to e e ko o');
  t.is(morae('ﾌｻﾞｹﾝﾅ'), 'fu za ke N na');
  t.is(morae('コーヒー'), 'ko o hi i');
  t.is(morae('ツヅク チヂム ヲ'), 'tsu zu ku chi ji mu o');
  t.is(morae('ヴァイオリン'), 'ba i o ri N');
  t.is(morae('ー'), '');
  t.is(morae('漢字とabc'), 'to');
  t.is(toKatakana('ころすゞぞ'), 'コロスゞゾ');
});

test('words for people are never phrases: 障害者, 外国人, also half-width and with a particle', (t) => {
  for (const reading of [
    'ショウガイシャ',
    'しょうがいしゃが',
    'ｶﾞｲｺｸｼﾞﾝ',
    'オマエガイジン',
    'ザイニチダロ',
  ]) {
    t.true(isProtected(reading), reading);
  }
  t.false(isProtected('コロスゾ'));
  t.false(isProtected('ソンガイバイショウシロ'));
  const refused = checkPhrase({
    text: '障害者',
    reading: 'ショウガイシャ',
    category: 'threat',
    level: 3,
  });
  t.true('expected' in refused);
});

test('phrases too short to mean anything are refused: 死ね, カス, バカ', (t) => {
  for (const reading of ['シネ', 'カス', 'バカ']) {
    t.true('expected' in checkPhrase({ text: 'x', reading, category: 'threat', level: 1 }));
  }
});

test('a table of phrases tells every wrong line and keeps the right ones', (t) => {
  const { phrases, problems } = parsePhrases(
    [
      '\uFEFFtext\treading\tcategory\tlevel',
      '殺すぞ\tころすぞ\tthreat\t3',
      '',
      '# ours',
      '夜道\t夜道に\tthreat\t3',
      '税金泥棒\tゼイキンドロボウ\tinsult\t2',
      '税金泥棒\tゼイキンドロボウ\tverbalAbuse\t4',
      '税金泥棒\tゼイキンドロボウ\tverbalAbuse',
      '馬鹿野郎\tバカヤロウ\tverbalAbuse\t2\r',
    ].join('\n'),
  );
  t.deepEqual(
    phrases.map(({ reading }) => reading),
    ['コロスゾ', 'バカヤロウ'],
  );
  t.deepEqual(
    problems.map(({ line }) => line),
    [5, 6, 7, 8],
  );
});

test('every built-in phrase is a phrase, and none is twice there', (t) => {
  const { phrases, problems } = parsePhrases(
    readFileSync(join(MODELS_DIRECTORY, 'phrases.tsv'), 'utf8'),
  );
  t.deepEqual(problems, []);
  t.true(phrases.length > 150);
  t.is(new Set(phrases.map(({ reading }) => morae(reading))).size, phrases.length);
});

test('what a rightful complaint says raises nothing by itself', (t) => {
  const { phrases } = parsePhrases(readFileSync(join(MODELS_DIRECTORY, 'phrases.tsv'), 'utf8'));
  for (const { category, level, text } of phrases) {
    if (category === 'complaint' || category === 'ordinary') t.is(level, 0, text);
  }
});
