/**
 * Where Japanese numbers are hyphenated: the more important area codes of the numbering plan (Ministry of Internal Affairs
 * and Communications, fixed-line numbers). What is not listed is written without hyphens, which is never wrong.
 */

/** Lengths of the groups of a ten- or eleven-digit number. */
export type Grouping = readonly [number, number, number];

/** Prefixes that decide alone; the longest that matches counts, before the area codes. */
const SERVICES: Readonly<Record<string, Grouping>> = {
  '0120': [4, 3, 3],
  '0570': [4, 3, 3],
  '0990': [4, 3, 3],
  '0800': [4, 3, 4],
};

/** Mobile, pager and IP numbers: eleven digits, 3-4-4. */
const ELEVEN_DIGITS = /^0[256789]0/;

/** 5-1-4: the area codes of islands and of a few towns. */
// prettier-ignore
const FIVE_DIGIT_CODES: ReadonlySet<string> = new Set([
  '01267', '01372', '01374', '01377', '01392', '01397', '01398', '01456', '01457', '01466',
  '01547', '01558', '01564', '01586', '01587', '01632', '01634', '01635', '01648', '01654',
  '01655', '01656', '01658', '04992', '04994', '04996', '04998', '05769', '05979', '07468',
  '08387', '08388', '08396', '08477', '08512', '08514', '09496', '09802', '09912', '09913',
  '09969',
]);

/** By the first three digits: which fourth digits belong to a three-digit area code (3-3-4), which to a four-digit one (4-2-4). */
const AREAS: Readonly<Record<string, { readonly three: string; readonly four: string }>> = {
  '011': { three: '12345678', four: '' },
  '012': { three: '', four: '3456' },
  '013': { three: '', four: '345678' },
  '014': { three: '', four: '2346' },
  '015': { three: '', four: '23456' },
  '016': { three: '', four: '2347' },
  '017': { three: '7', four: '2345689' },
  '018': { three: '8', four: '234567' },
  '019': { three: '6', four: '1234578' },
  '022': { three: '27', four: '034568' },
  '023': { three: '6', four: '3458' },
  '024': { three: '59', four: '0123467' },
  '025': { three: '25', four: '034678' },
  '026': { three: '2', four: '345678' },
  '027': { three: '23', four: '046789' },
  '028': { three: '6', four: '023457' },
  '029': { three: '28', four: '13567' },
  '042': { three: '34567', four: '28' },
  '043': { three: '234', four: '689' },
  '044': { three: '23456789', four: '' },
  '045': { three: '123456789', four: '' },
  '046': { three: '28', four: '03567' },
  '047': { three: '34', four: '05689' },
  '048': { three: '456789', four: '0' },
  '049': { three: '2', four: '345' },
  '052': { three: '23456789', four: '' },
  '053': { three: '45', four: '12367' },
  '054': { three: '236', four: '4578' },
  '055': { three: '29', four: '0134568' },
  '056': { three: '', four: '123456789' },
  '057': { three: '', four: '2345678' },
  '058': { three: '23', four: '14567' },
  '059': { three: '23', four: '45678' },
  '072': { three: '246789', four: '15' },
  '073': { three: '4', four: '56789' },
  '074': { three: '', four: '23456789' },
  '075': { three: '23456789', four: '' },
  '076': { three: '24', four: '135678' },
  '077': { three: '5', four: '01234689' },
  '078': { three: '23456789', four: '' },
  '079': { three: '2', four: '014678' },
  '082': { three: '28', four: '0346' },
  '083': { three: '29', four: '345678' },
  '084': { three: '9', four: '5678' },
  '085': { three: '', four: '23456789' },
  '086': { three: '24', four: '35678' },
  '087': { three: '8', four: '579' },
  '088': { three: '68', four: '034579' },
  '089': { three: '9', four: '234567' },
  '092': { three: '23456789', four: '0' },
  '093': { three: '23456789', four: '0' },
  '094': { three: '', four: '02346789' },
  '095': { three: '8', four: '024567' },
  '096': { three: '23', four: '45678' },
  '097': { three: '5', four: '234789' },
  '098': { three: '89', four: '024567' },
  '099': { three: '2', four: '34567' },
};

/** @returns how a national number is grouped; null when we do not know */
export function groupingOf(number: string): Grouping | null {
  const service = SERVICES[number.slice(0, 4)];
  if (service !== undefined) return totalOf(service) === number.length ? service : null;
  if (number.length === 11) return ELEVEN_DIGITS.test(number) ? [3, 4, 4] : null;
  if (number.length !== 10) return null;
  if (/^0[36]/.test(number)) return [2, 4, 4];
  // Kashiwa and its neighbours: the area code is 04.
  if (number.startsWith('047') && number[3] === '1') return [2, 4, 4];
  if (FIVE_DIGIT_CODES.has(number.slice(0, 5))) return [5, 1, 4];
  const area = AREAS[number.slice(0, 3)];
  const fourth = number.charAt(3);
  if (area?.three.includes(fourth) === true) return [3, 3, 4];
  return area?.four.includes(fourth) === true ? [4, 2, 4] : null;
}

const totalOf = ([a, b, c]: Grouping): number => a + b + c;
