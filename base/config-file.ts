import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import { ConfigError, messageOf, type ConfigProblem } from './errors.js';

/** What a schema says of one place: the part of JSON Schema that people are told. */
interface Place {
  readonly type?: unknown;
  readonly enum?: unknown;
  readonly const?: unknown;
  readonly anyOf?: unknown;
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly minLength?: unknown;
  readonly maxLength?: unknown;
  readonly properties?: unknown;
  readonly items?: unknown;
  readonly pattern?: unknown;
}

/**
 * Reads a TOML file and validates it.
 * @throws {ConfigError} with every problem at once: path, expected, found
 */
export function readConfigFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): z.output<Schema> {
  return validateConfig(file, readToml(file), schema);
}

/**
 * Validates what was read from `file`.
 * @throws {ConfigError} with every problem at once
 */
export function validateConfig<Schema extends z.ZodType>(
  file: string,
  value: unknown,
  schema: Schema,
): z.output<Schema> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const described = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
  throw new ConfigError(
    result.error.issues.flatMap((issue) => problemsOf(file, issue, described, value)),
  );
}

function readToml(file: string): unknown {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new ConfigError(
      [{ file, path: '(file)', expected: 'a readable file', found: messageOf(cause) }],
      { cause },
    );
  }
  const text = decodeUtf8(file, bytes);
  try {
    return parse(text);
  } catch (cause) {
    const at = cause instanceof TomlError ? `line ${cause.line}, column ${cause.column}` : '(file)';
    const found = messageOf(cause).split('\n')[0] ?? 'broken TOML';
    throw new ConfigError([{ file, path: at, expected: 'TOML 1.0', found }], { cause });
  }
}

/** A Japanese editor may save Shift_JIS: the shop's name would come out as rubbish, and nobody would be told. */
function decodeUtf8(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const expected = 'text in UTF-8';
    const found = 'bytes that are none (Shift_JIS?)';
    throw new ConfigError([{ file, path: '(file)', expected, found }], { cause });
  }
}

function problemsOf(
  file: string,
  issue: z.core.$ZodIssue,
  schema: unknown,
  value: unknown,
): readonly ConfigProblem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(recordOf(placeAt(schema, path).properties));
    return issue.keys.map((key) => ({
      file,
      path: pathText([...path, key]),
      expected: expectedKey(key, known),
      found: 'an unknown key',
    }));
  }
  const found = valueAt(value, path);
  const expected =
    issue.code === 'custom'
      ? customText(issue.message)
      : describe(placeAt(schema, path), issue.message);
  return [{ file, path: pathText(path), expected, found: foundText(found) }];
}

const customText = (message: string): string => message.replace(/^must be /, '');

function expectedKey(key: string, known: readonly string[]): string {
  const nearest = [...known].sort((a, b) => distance(key, a) - distance(key, b))[0];
  if (nearest === undefined) return 'no keys here';
  return distance(key, nearest) <= Math.max(2, key.length / 3)
    ? `a known key; did you mean ${nearest}?`
    : `one of ${known.join(', ')}`;
}

/** Levenshtein; keys are short. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1]?.toLowerCase() === b[j - 1]?.toLowerCase() ? 0 : 1;
      next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const recordOf = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});

function placeAt(schema: unknown, path: readonly string[]): Place {
  let place: unknown = schema;
  for (const key of path) {
    const here = recordOf(place);
    const properties = recordOf(here['properties']);
    place = key in properties ? properties[key] : here['items'];
  }
  return recordOf(place);
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let here = value;
  for (const key of path) {
    if (Array.isArray(here)) here = here[Number(key)];
    else here = recordOf(here)[key];
  }
  return here;
}

/** `phone[0].extension`. */
const pathText = (path: readonly string[]): string =>
  path.reduce(
    (text, key) => (/^\d+$/.test(key) ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`),
    '',
  );

const foundText = (found: unknown): string => {
  if (found === undefined) return 'nothing';
  if (isRecord(found)) return 'a table';
  return Array.isArray(found) ? 'an array' : JSON.stringify(found);
};

/** What a place wants, in words. `message` is the validator's own, for what the schema cannot say. */
function describe(place: Place, message: string): string {
  if (Array.isArray(place.enum))
    return `one of ${place.enum.map((one) => JSON.stringify(one)).join(', ')}`;
  if (place.const !== undefined) return JSON.stringify(place.const);
  if (place.type === 'integer' || place.type === 'number') {
    const kind = place.type === 'integer' ? 'a whole number' : 'a number';
    return `${kind}${rangeText(place.minimum, place.maximum)}`;
  }
  if (place.type === 'string') {
    if (place.pattern !== undefined && /must|should/.test(message)) return customText(message);
    return `text${lengthText(place.minLength, place.maxLength)}`;
  }
  if (place.type === 'boolean') return 'true or false';
  if (place.type === 'array') return 'an array of tables';
  if (place.type === 'object') return 'a table';
  return customText(message);
}

function rangeText(minimum: unknown, maximum: unknown): string {
  const low = typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER ? minimum : null;
  const high = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? maximum : null;
  if (low !== null && high !== null) return ` from ${low} to ${high}`;
  if (low !== null) return ` of ${low} or more`;
  return high === null ? '' : ` of ${high} or less`;
}

function lengthText(minimum: unknown, maximum: unknown): string {
  if (typeof maximum === 'number')
    return ` of ${typeof minimum === 'number' ? minimum : 0} to ${maximum} characters`;
  return typeof minimum === 'number' && minimum > 0 ? ' that is not empty' : '';
}
