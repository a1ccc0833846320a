import test from 'ava';
import { displayWidth, padColumns, printable } from './display-width.js';
import { formatTable } from './table.js';

test('kana and kanji take two columns, half-width kana and Latin one, combining marks none', (t) => {
  t.is(displayWidth('カウンター'), 10);
  t.is(displayWidth('ｶｳﾝﾀｰ'), 5);
  t.is(displayWidth('090-0000-1234'), 13);
  t.is(displayWidth('𠮷野家'), 6);
  t.is(displayWidth('か\u3099'), 2);
  t.is(displayWidth('📞'), 2);
  t.is(displayWidth(''), 0);
});

test('a column is filled up by its width on the terminal, to either side', (t) => {
  t.is(padColumns('内線', 6), '内線  ');
  t.is(padColumns('12', 6, 'right'), '    12');
  t.is(padColumns('カウンター', 4), 'カウンター');
});

test('what steers a terminal or turns text around is shown as a replacement mark', (t) => {
  t.is(
    printable('非通知\u001b[2J\r\n\u202eabc\u0007'),
    '非通知\ufffd[2J\ufffd\ufffd\ufffdabc\ufffd',
  );
});

test('columns stand under one another with Japanese in any of them', (t) => {
  const lines = formatTable(
    [{ title: '内線' }, { title: '名前' }, { title: '時間', side: 'right' }],
    [
      ['201', 'カウンター', '0:07'],
      ['20', 'Office', '12:30:00'],
    ],
  );
  t.deepEqual(lines, [
    '内線  名前            時間',
    '201   カウンター      0:07',
    '20    Office      12:30:00',
  ]);
});
