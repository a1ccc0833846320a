import type { CSeq, HeaderField, NameAddr, Via } from './sip-message.js';
import { parseNameAddr, parseNameAddrList } from './name-addr.js';
import { isToken, LIST_ITEMS_MAX, parseDigits, trimBlanks } from './text-scan.js';
import { formatVia, parseViaList } from './via.js';

/** The largest CSeq number (RFC 3261 §8.1.1.5). */
export const CSEQ_MAX = 2 ** 31 - 1;
const DELTA_SECONDS_MAX = 2 ** 32 - 1;
const MAX_FORWARDS_MAX = 255;
/** A Call-ID is a key in maps: ours and the store's. */
const CALL_ID_MAX = 1_024;

/** The typed fields of a message while it is read; what is missing or broken stays null or empty. */
export interface Fields {
  readonly via: readonly Via[];
  readonly from: NameAddr | null;
  readonly to: NameAddr | null;
  readonly callId: string | null;
  readonly cSeq: CSeq | null;
  readonly contacts: readonly NameAddr[] | '*';
  readonly route: readonly NameAddr[];
  readonly recordRoute: readonly NameAddr[];
  readonly maxForwards: number | null;
  readonly contentLength: number | null;
  readonly headers: readonly HeaderField[];
  /** The Vias that stood behind the topmost one on its line, as text. */
  readonly lowerViasOfFirstLine: readonly string[];
  /** What is wrong, as a reason phrase; the first thing found. */
  readonly problem: string | null;
}

type Draft = { -readonly [K in keyof Fields]: Fields[K] };

const once = (draft: Draft, name: string, isThere: boolean): void => {
  if (isThere) draft.problem ??= `Repeated ${name}`;
};

const listed = <T>(draft: Draft, name: string, read: readonly T[] | null): readonly T[] => {
  if (read === null) draft.problem ??= `Malformed ${name}`;
  return read ?? [];
};

const joined = <T>(draft: Draft, a: readonly T[], b: readonly T[]): readonly T[] => {
  if (a.length + b.length <= LIST_ITEMS_MAX) return b.length === 0 ? a : [...a, ...b];
  draft.problem ??= 'Too Many Addresses';
  return a;
};

const single = <T>(draft: Draft, name: string, was: T | null, read: T | null): T | null => {
  once(draft, name, was !== null);
  if (read === null) draft.problem ??= `Malformed ${name}`;
  return was ?? read;
};

/** What to do with each field that has a type of its own; all others are kept as they are. */
const readers: ReadonlyMap<string, (draft: Draft, value: string) => void> = new Map([
  [
    'Via',
    (draft: Draft, value: string) => {
      const read = listed(draft, 'Via', parseViaList(value));
      if (draft.via.length === 0) draft.lowerViasOfFirstLine = read.slice(1).map(formatVia);
      draft.via = joined(draft, draft.via, read);
    },
  ],
  [
    'From',
    (draft: Draft, value: string) => {
      draft.from = single(draft, 'From', draft.from, parseNameAddr(value));
    },
  ],
  [
    'To',
    (draft: Draft, value: string) => {
      draft.to = single(draft, 'To', draft.to, parseNameAddr(value));
    },
  ],
  [
    'Call-ID',
    (draft: Draft, value: string) => {
      draft.callId = single(draft, 'Call-ID', draft.callId, parseCallId(value));
    },
  ],
  [
    'CSeq',
    (draft: Draft, value: string) => {
      draft.cSeq = single(draft, 'CSeq', draft.cSeq, parseCSeq(value));
    },
  ],
  [
    'Max-Forwards',
    (draft: Draft, value: string) => {
      const read = parseDigits(value, MAX_FORWARDS_MAX);
      draft.maxForwards = single(draft, 'Max-Forwards', draft.maxForwards, read);
    },
  ],
  ['Content-Length', readContentLength],
  ['Contact', readContact],
  [
    'Route',
    (draft: Draft, value: string) => {
      draft.route = joined(draft, draft.route, listed(draft, 'Route', parseNameAddrList(value)));
    },
  ],
  [
    'Record-Route',
    (draft: Draft, value: string) => {
      const read = listed(draft, 'Record-Route', parseNameAddrList(value));
      draft.recordRoute = joined(draft, draft.recordRoute, read);
    },
  ],
]);

/** @returns whether a header has a typed field of its own, so that it never stands in `headers` */
export function isTypedHeader(canonicalName: string): boolean {
  return readers.has(canonicalName);
}

function readContentLength(draft: Draft, value: string): void {
  const length = parseDigits(value, DELTA_SECONDS_MAX);
  if (length === null) draft.problem ??= 'Malformed Content-Length';
  else if (draft.contentLength !== null && draft.contentLength !== length) {
    // Two lengths are two messages in one: the classic way to smuggle (cf. RFC 9112 §6.3).
    draft.problem ??= 'Contradicting Content-Length';
  } else draft.contentLength = length;
}

function readContact(draft: Draft, value: string): void {
  if (value === '*') {
    if (draft.contacts !== '*' && draft.contacts.length > 0) draft.problem ??= 'Malformed Contact';
    draft.contacts = '*';
    return;
  }
  const read = listed(draft, 'Contact', parseNameAddrList(value));
  if (draft.contacts === '*') draft.problem ??= 'Malformed Contact';
  else draft.contacts = joined(draft, draft.contacts, read);
}

function parseCallId(value: string): string | null {
  const isOneWord = !value.includes(' ') && !value.includes('\t');
  return value !== '' && value.length <= CALL_ID_MAX && isOneWord ? value : null;
}

/** Reads `1 INVITE` (RFC 3261 §20.16). @returns null when the number is above 2^31−1 or the method no token */
export function parseCSeq(value: string): CSeq | null {
  let end = 0;
  while (end < value.length && value[end] !== ' ' && value[end] !== '\t') end += 1;
  const number = parseDigits(value.slice(0, end), CSEQ_MAX);
  const method = trimBlanks(value.slice(end));
  return number === null || !isToken(method) ? null : { number, method };
}

/**
 * Reads delta-seconds (RFC 3261 §25.1), as in Expires; parameters behind a semicolon are left out.
 * @returns 0…2^32−1, greater numbers cut to that (§20.19); null when it is no number
 */
export function parseDeltaSeconds(value: string): number | null {
  const semicolon = value.indexOf(';');
  const digits = trimBlanks(semicolon < 0 ? value : value.slice(0, semicolon));
  const seconds = parseDigits(digits, Number.POSITIVE_INFINITY);
  return seconds === null ? null : Math.min(seconds, DELTA_SECONDS_MAX);
}

/** Sorts header lines into typed fields and the rest; never throws. */
export function readFields(lines: readonly HeaderField[]): Fields {
  const headers: HeaderField[] = [];
  const draft: Draft = {
    via: [],
    from: null,
    to: null,
    callId: null,
    cSeq: null,
    contacts: [],
    route: [],
    recordRoute: [],
    maxForwards: null,
    contentLength: null,
    headers,
    lowerViasOfFirstLine: [],
    problem: null,
  };
  for (const field of lines) {
    const read = readers.get(field.name);
    if (read === undefined) headers.push(field);
    else read(draft, field.value);
  }
  draft.problem ??= missingIn(draft);
  return draft;
}

function missingIn(draft: Draft): string | null {
  if (draft.via.length === 0) return 'Missing Via';
  if (draft.from === null) return 'Missing From';
  if (draft.to === null) return 'Missing To';
  if (draft.callId === null) return 'Missing Call-ID';
  return draft.cSeq === null ? 'Missing CSeq' : null;
}
