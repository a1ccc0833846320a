import test from 'ava';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import { formatCallerForDisplay, groupNumber, maskNumber } from './format-caller.js';
import { normaliseDialled } from './normalise-dialled.js';

test('numbers are hyphenated as Japanese readers expect', (t) => {
  for (const [plain, grouped] of [
    ['09000001234', '090-0000-1234'],
    ['05000000000', '050-0000-0000'],
    ['08000000000', '0800-000-0000'],
    ['08010000000', '080-1000-0000'],
    ['0120000123', '0120-000-123'],
    ['0570000123', '0570-000-123'],
    ['0300001234', '03-0000-1234'],
    ['0600000000', '06-0000-0000'],
    ['0110000000', '0110000000'],
    ['0112000000', '011-200-0000'],
    ['0452000000', '045-200-0000'],
    ['0752000000', '075-200-0000'],
    ['0422000000', '0422-00-0000'],
    ['0466000000', '0466-00-0000'],
    ['0462000000', '046-200-0000'],
    ['0471000000', '04-7100-0000'],
    ['0499200000', '04992-0-0000'],
    ['0980200000', '09802-0-0000'],
    ['0980000000', '0980-00-0000'],
    ['0988000000', '098-800-0000'],
    // Not ours to guess: too short, too long, unknown, from abroad.
    ['030000123', '030000123'],
    ['090000012345', '090000012345'],
    ['0400000000', '0400000000'],
    ['+8220000567', '+8220000567'],
    ['3', '3'],
    ['', ''],
  ] as const) {
    t.is(groupNumber(plain), grouped);
  }
});

test('the display says why no number came, in the shop’s language', (t) => {
  const ja = (kind: 'withheld' | 'payphone' | 'unavailable' | 'otherService'): string =>
    formatCallerForDisplay({ kind }, 'ja');
  t.deepEqual(
    [ja('withheld'), ja('payphone'), ja('unavailable'), ja('otherService')],
    ['非通知', '公衆電話', '表示圏外', '表示圏外'],
  );
  t.is(formatCallerForDisplay({ kind: 'payphone' }, 'en'), 'Payphone');
  const number = { kind: 'number', number: '09000001234', displayName: '' } as const;
  t.is(formatCallerForDisplay(number, 'ja'), '090-0000-1234');
});

test('a masked number keeps its ends and hides its middle', (t) => {
  t.is(maskNumber('09000005678'), '090-****-5678');
  t.is(maskNumber('0300005678'), '03-****-5678');
  t.is(maskNumber('0120000123'), '0120-***-123');
  t.is(maskNumber('110'), '110');
  t.is(maskNumber('201'), '201');
  t.is(maskNumber(''), '');
});

test('no mask shows more than two thirds of a number, whatever its form (seeded)', (t) => {
  const random = new SeededRandom(9);
  for (let i = 0; i < 2_000; i++) {
    const length = 5 + random.below(20);
    const digits = Array.from({ length }, () => String(random.below(10))).join('');
    const number = random.pick(['', '+', '0', '0422', '05769']) + digits;
    const masked = maskNumber(number);
    const shown = masked.replace(/[-*]/g, '').length;
    t.true(shown <= (number.length * 2) / 3 + 1, `${number} ${masked}`);
    t.true(masked.includes('**'), masked);
  }
});

test('110, 118 and 119 are known at once, behind 184, 186 and an outside-line prefix, in any order', (t) => {
  for (const [dialled, prefix, digits] of [
    ['110', null, '110'],
    ['118', null, '118'],
    ['119#', null, '119'],
    ['184110', null, '184110'],
    ['186119', null, '186119'],
    ['0119', null, '119'],
    ['9110', null, '110'],
    ['0,118', '0', '118'],
    ['0184119', '0', '184119'],
    ['1840119', '0', '184119'],
    ['77110', '77', '110'],
    ['１１９', null, '119'],
    ['1-1-0', null, '110'],
  ] as const) {
    const made = normaliseDialled(dialled, prefix);
    t.deepEqual(made, { digits, called: digits.slice(-3), emergency: true }, dialled);
  }
});

test('numbers that only begin or end like an emergency are none', (t) => {
  for (const number of ['1100', '11', '0300000110', '09000000119', '117', '171', '1119', '77110']) {
    t.false(normaliseDialled(number, null)?.emergency, number);
  }
});

test('an outside-line prefix is cut off where it is one, and a national number is never beheaded', (t) => {
  const digits = (text: string, prefix: string | null): string | undefined =>
    normaliseDialled(text, prefix)?.digits;
  t.is(digits('009000001234', '0'), '09000001234');
  t.is(digits('0117', '0'), '117');
  t.is(digits('90300001234', '9'), '0300001234');
  t.is(digits('0300001234', '0'), '0300001234', 'dialled without the prefix');
  t.is(digits('09000001234', null), '09000001234');
  t.is(digits('＋８１ー９０ー００００ー１２３４', null), '+819000001234');
});

test('184 and 186 go to the line, and whom they reach is known without them', (t) => {
  t.deepEqual(normaliseDialled('18409000001234', null), {
    digits: '18409000001234',
    called: '09000001234',
    emergency: false,
  });
});

test('what is no number of the line is refused', (t) => {
  for (const text of [
    '',
    '*1',
    '#',
    'alice',
    '12a',
    '1'.repeat(25),
    '1'.repeat(60_000),
    '++81',
    '0,',
  ]) {
    t.is(normaliseDialled(text, text === '0,' ? '0' : null), null, text.slice(0, 30));
  }
});

test('the short numbers for advice keep the sharp in front: #9110, #7119', (t) => {
  t.deepEqual(normaliseDialled('#9110', null), {
    digits: '#9110',
    called: '#9110',
    emergency: false,
  });
  t.is(normaliseDialled('#', null), null);
  t.is(normaliseDialled('##9110', null), null);
});
