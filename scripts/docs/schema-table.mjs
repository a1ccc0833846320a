// A schema as Markdown: one row for each key, with what it accepts, what it is when absent, and what its comment says.

const isTable = (place) => place.properties !== undefined;
const count = (n) => n.toLocaleString('en-US');
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (value) => `\`${JSON.stringify(value)}\``;

function alternativesOf(place) {
  return place.anyOf ?? place.oneOf ?? [];
}

const isNull = (place) => place.type === 'null';

/** Takes `X | null` apart. */
function nullable(place) {
  if (Array.isArray(place.type)) {
    const types = place.type.filter((one) => one !== 'null');
    return { place: { ...place, type: types[0] }, orNull: types.length < place.type.length };
  }
  const all = alternativesOf(place);
  const rest = all.filter((one) => !isNull(one));
  if (rest.length === all.length) return { place, orNull: false };
  return {
    place:
      rest.length === 1 ? { ...place, anyOf: undefined, ...rest[0] } : { ...place, anyOf: rest },
    orNull: true,
  };
}

function range(low, high, unit) {
  const bounded = (n) => n !== undefined && Math.abs(n) < Number.MAX_SAFE_INTEGER;
  if (bounded(low) && bounded(high)) return `${count(low)}…${count(high)}${unit}`;
  if (bounded(low) && low > 0) return `${count(low)} or more${unit}`;
  return bounded(high) ? `at most ${count(high)}${unit}` : '';
}

/** @returns what a place accepts, in words */
function accepts(given, demands = []) {
  const { place, orNull } = nullable(given);
  const say = (isJoint) =>
    demands
      .filter((one) => one.isJoint === isJoint)
      .map((one) => one.text.replace(/^must be /, ''))
      .join('; ');
  const text = [plainly(place, say(false)), orNull ? 'null' : ''].filter(Boolean).join(' or ');
  return [text, say(true)].filter(Boolean).join('; ');
}

function plainly(place, rules) {
  const { type } = place;
  if (place.enum !== undefined) return place.enum.map(code).join(', ');
  if (place.const !== undefined) return code(place.const);
  const alternatives = alternativesOf(place);
  if (alternatives.length > 0 && alternatives.every((one) => one.const !== undefined))
    return alternatives.map((one) => code(one.const)).join(', ');
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'integer' || type === 'number') {
    const kind = type === 'integer' ? 'whole number' : 'number';
    return [`${kind} ${range(place.minimum, place.maximum, '')}`.trim(), rules]
      .filter(Boolean)
      .join('; ');
  }
  if (type === 'string') {
    if (rules !== '') return rules;
    if (place.format === 'date') return 'a day, `YYYY-MM-DD`';
    const length = place.maxLength === undefined ? '' : range(place.minLength, place.maxLength, '');
    return length === '' ? 'text' : `text of ${length} characters`;
  }
  if (type === 'array') {
    const max = place.maxItems === undefined ? '' : `, at most ${count(place.maxItems)}`;
    return `list${max}${rules === '' ? '' : `; ${rules}`}`;
  }
  return alternatives.length > 0 && !alternatives.every(isTable)
    ? alternatives.map((one) => accepts(one)).join(' or ')
    : 'table';
}

function defaultOf(place, isRequired) {
  if (place.default === undefined) return isRequired ? '**required**' : '–';
  return isTable(place) || typeof place.default === 'object'
    ? listDefault(place.default)
    : code(place.default);
}

function listDefault(value) {
  if (!Array.isArray(value)) return 'see below';
  if (value.length === 0) return 'none';
  return value.every((one) => typeof one === 'string')
    ? value.map((one) => `「${one}」`).join(' ')
    : `${value.length} entries, below`;
}

/** Keys of a place, those of its alternatives laid together. */
function keysOf(given) {
  const { place } = nullable(given);
  const tables = isTable(place) ? [place] : alternativesOf(place).filter(isTable);
  const keys = new Map();
  for (const table of tables) {
    for (const [key, value] of Object.entries(table.properties)) {
      const isRequired = table.required?.includes(key) ?? false;
      const before = keys.get(key);
      keys.set(
        key,
        before === undefined
          ? { place: value, isRequired }
          : { place: merged(before.place, value), isRequired },
      );
    }
  }
  return keys;
}

function merged(a, b) {
  const values = [a, b].flatMap((one) => one.enum ?? (one.const === undefined ? [] : [one.const]));
  return values.length < 2 ? a : { type: 'string', enum: [...new Set(values)] };
}

/** @yields every key below a place, deepest last */
function* rowsBelow(place, path) {
  const told = new Map();
  for (const [key, { place: given }] of keysOf(place)) {
    const inner = path === '' ? key : `${path}.${key}`;
    const { place: here } = nullable(given);
    const shape = JSON.stringify(here.properties);
    const sameAs = told.get(shape);
    yield { path: inner, place: given, sameAs };
    if (sameAs !== undefined) continue;
    if (shape !== undefined) told.set(shape, inner);
    if (here.type === 'array') yield* rowsBelow(here.items ?? {}, `${inner}[]`);
    else yield* rowsBelow(given, inner);
  }
}

const commentText = (notes, path) => cell(notes.comments.get(path) ?? '');

/** `line`, `policy.lines`: a table of TOML; `phone[]`: one of a list of tables. */
const heading = (path, isList) => (isList ? `[[${path}]]` : `[${path}]`);
const intro = (text) => {
  const rest = text.replace(/^The `\[.*?[.:](?= |$) ?/, '');
  return rest === '' ? '' : `${rest.charAt(0).toUpperCase()}${rest.slice(1)}\n\n`;
};

function configTable(place, path, notes) {
  const rows = [];
  const below = [];
  for (const [key, { place: given, isRequired }] of keysOf(place)) {
    const inner = `${path}.${key}`;
    const { place: here } = nullable(given);
    if (isTable(here)) below.push([here, inner, false]);
    else if (here.type === 'array' && isTable(here.items ?? {})) {
      below.push([here.items, inner, true]);
      if (Array.isArray(here.default) && here.default.length > 0)
        rows.push([
          key,
          accepts(given, notes.demands.get(inner)),
          `${here.default.length} entries`,
          commentText(notes, inner),
        ]);
    } else
      rows.push([
        key,
        accepts(given, notes.demands.get(inner)),
        defaultOf(given, isRequired),
        commentText(notes, inner),
      ]);
  }
  return { rows, below };
}

const keyColumn = (path) => path.replaceAll('[]', '');

function* configSections(place, path, isList, notes) {
  const name = keyColumn(path);
  const { rows, below } = configTable(place, isList ? `${path}[]` : path, notes);
  const said = intro(
    [notes.comments.get(path), isList ? notes.comments.get(`${path}[]`) : '']
      .filter(Boolean)
      .join(' '),
  );
  const head = '| key | accepts | when absent | meaning |\n| --- | --- | --- | --- |\n';
  const body = rows
    .map(
      ([key, what, absent, text]) => `| \`${key}\` | ${cell(what)} | ${cell(absent)} | ${text} |\n`,
    )
    .join('');
  yield `## \`${heading(name, isList)}\`\n\n${said}${rows.length === 0 ? '' : head + body}`;
  for (const [inner, innerPath, innerIsList] of below)
    yield* configSections(inner, innerPath, innerIsList, notes);
}

/** @returns the reference of a configuration: one section for each table of the file */
export function configReference(schema, notes) {
  const sections = [];
  for (const [key, { place }] of keysOf(schema)) {
    const { place: here } = nullable(place);
    const isList = here.type === 'array';
    sections.push(...configSections(isList ? here.items : here, key, isList, notes));
  }
  return sections.join('\n');
}

/** @returns a table of every key of a JSON value, with what it holds */
export function fieldTable(schema, notes) {
  const rows = [...rowsBelow(schema, '')].map(({ path, place, sameAs }) => {
    const type = accepts(place, notes.demands.get(path)).replace(/^table/, 'object');
    const meaning = [commentText(notes, path), sameAs === undefined ? '' : `As \`${sameAs}\`.`];
    return `| \`${path}\` | ${cell(type)} | ${meaning.filter(Boolean).join(' ')} |\n`;
  });
  return `| field | value | meaning |\n| --- | --- | --- |\n${rows.join('')}`;
}
