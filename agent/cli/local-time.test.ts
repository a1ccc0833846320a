import test from 'ava';
import { formatDuration, formatLocalTime, parseMoment } from './local-time.js';

const NOW_MS = 1_795_323_780_000;
const TOKYO = 'Asia/Tokyo';

test('times are local to the shop, to the minute', (t) => {
  t.is(formatLocalTime(NOW_MS, TOKYO), '2026-11-22 14:03');
  t.is(formatLocalTime(NOW_MS, 'America/New_York'), '2026-11-22 00:03');
});

test('lengths are read as on a telephone, hours when there are any', (t) => {
  t.deepEqual([-5, 0, 7_999, 750_000, 21_612_000].map(formatDuration), [
    '0:00',
    '0:00',
    '0:07',
    '12:30',
    '6:00:12',
  ]);
});

test('a moment is a local day, a local time, a time with offset or a while ago', (t) => {
  const at = (text: string): number | null => parseMoment(text, NOW_MS, TOKYO);
  t.is(at('2026-11-22T14:03'), NOW_MS);
  t.is(at('2026-11-22 14:03:00'), NOW_MS);
  t.is(at('2026-11-22T05:03:00Z'), NOW_MS);
  t.is(at('2026-11-22'), NOW_MS - (14 * 60 + 3) * 60_000);
  t.is(at('90m'), NOW_MS - 5_400_000);
  t.is(at('7d'), NOW_MS - 604_800_000);
});

test('what is no moment is none, days that do not exist included', (t) => {
  for (const text of [
    '',
    'yesterday',
    '2026-13-01',
    '2026-02-30',
    '2026-11-22T25:00',
    '-3h',
    '3w',
    '1e9d',
  ]) {
    t.is(parseMoment(text, NOW_MS, TOKYO), null, text);
  }
});
