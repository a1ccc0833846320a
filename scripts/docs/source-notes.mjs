// What the comments beside a zod schema say, by the path of the key: the comment above a key is the only place where its
// meaning is written down. Reads the TypeScript sources; runs nothing.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** A source file with what it declares, imports and passes on. */
const files = new Map();

function open(path) {
  const known = files.get(path);
  if (known !== undefined) return known;
  const source = ts.createSourceFile(
    path,
    readFileSync(path, 'utf8'),
    ts.ScriptTarget.ESNext,
    true,
  );
  const file = { path, source, declared: new Map(), imported: new Map() };
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) {
      for (const one of statement.declarationList.declarations) {
        if (one.initializer === undefined) continue;
        file.declared.set(one.name.getText(), { value: one.initializer, statement });
      }
    }
    const named = namedBindingsOf(statement);
    const from = statement.moduleSpecifier?.text ?? '';
    if (named === undefined || !from.startsWith('.')) continue;
    const target = join(dirname(path), from).replace(/\.js$/, '.ts');
    for (const { name, propertyName } of named)
      file.imported.set(name.text, { target, name: (propertyName ?? name).text });
  }
  files.set(path, file);
  return file;
}

function namedBindingsOf(statement) {
  if (ts.isImportDeclaration(statement)) {
    const bindings = statement.importClause?.namedBindings;
    return bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : undefined;
  }
  if (!ts.isExportDeclaration(statement)) return undefined;
  const { exportClause } = statement;
  return exportClause !== undefined && ts.isNamedExports(exportClause)
    ? exportClause.elements
    : undefined;
}

/** @returns the declaration of a name, wherever it stands; undefined when it is not ours */
function find(path, name) {
  const file = open(path);
  const declared = file.declared.get(name);
  if (declared !== undefined) return { ...declared, file };
  const passed = file.imported.get(name);
  return passed === undefined || !existsSync(passed.target)
    ? undefined
    : find(passed.target, passed.name);
}

const oneLine = (text) => text.replace(/\s*\n\s*/g, ' ').trim();

/** @returns the text of the comment above a node; empty when there is none, or when a blank line parts them */
export function commentOf(node) {
  const text = node.getSourceFile().text;
  const isAt = (comment) => !/\n\s*\n/.test(text.slice(comment.end, node.getStart()));
  return ts
    .getJSDocCommentsAndTags(node)
    .filter((one) => ts.isJSDoc(one) && isAt(one))
    .map((one) => oneLine(ts.getTextOfJSDocComment(one.comment) ?? ''))
    .join(' ');
}

class Notes {
  /** Path → what the comment says. */
  comments = new Map();
  /** Path → what the validators say that no JSON Schema can. */
  demands = new Map();

  comment(path, text) {
    if (text === '' || this.comments.get(path)?.includes(text)) return;
    this.comments.set(path, [this.comments.get(path), text].filter(Boolean).join(' '));
  }

  /** @param isJoint the demand is about several keys at once */
  demand(path, text, isJoint = false) {
    const known = this.demands.get(path) ?? [];
    if (known.every((one) => one.text !== text))
      this.demands.set(path, [...known, { text, isJoint }]);
  }

  /** Walks one expression that makes a schema. */
  walk(file, node, path) {
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node))
      return this.walk(file, node.expression, path);
    if (ts.isIdentifier(node)) return this.name(file, node.text, path);
    if (ts.isObjectLiteralExpression(node)) return this.keys(file, node, path);
    if (ts.isArrayLiteralExpression(node))
      return node.elements.forEach((one) => this.walk(file, one, path));
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
    const { expression: owner, name } = node.expression;
    if (ts.isIdentifier(owner) && owner.text === 'z') return this.make(file, name.text, node, path);
    this.walk(file, owner, path);
    this.validator(node.arguments[1], path);
  }

  name(file, name, path) {
    const found = find(file.path, name);
    if (found === undefined) return;
    this.comment(path, commentOf(found.statement));
    this.walk(found.file, found.value, path);
  }

  make(file, kind, { arguments: given }, path) {
    if (kind === 'enum' && given[0] !== undefined && ts.isArrayLiteralExpression(given[0]))
      return this.values(file, given[0], path);
    const inner = kind === 'array' ? `${path}[]` : path;
    for (const one of given) this.walk(file, one, inner);
  }

  /** `z.enum([…])`: a comment above a value is a part of the key's. */
  values(file, list, path) {
    const text = file.source.text;
    for (const one of list.elements) {
      const ranges = ts.getLeadingCommentRanges(text, one.pos) ?? [];
      for (const { pos, end } of ranges) {
        const said = oneLine(text.slice(pos, end).replace(/^\/\*\*?|\*\/$|^\s*\*/gm, ''));
        if (ts.isStringLiteral(one)) this.comment(path, `\`${one.text}\`: ${said}`);
      }
    }
  }

  keys(file, object, path) {
    for (const one of object.properties) {
      if (ts.isSpreadAssignment(one)) this.walk(file, one.expression, path);
      if (!ts.isPropertyAssignment(one) && !ts.isShorthandPropertyAssignment(one)) continue;
      const key = one.name.text;
      const inner = path === '' ? key : `${path}.${key}`;
      this.comment(inner, commentOf(one));
      if (ts.isPropertyAssignment(one)) this.walk(file, one.initializer, inner);
      else this.name(file, key, inner);
    }
  }

  /** The second argument of `.regex()` and `.refine()`: a message, perhaps with the path that it is about. */
  validator(given, path) {
    if (given === undefined) return;
    if (ts.isStringLiteral(given)) return this.demand(path, given.text);
    if (!ts.isObjectLiteralExpression(given)) return;
    const of = (name) => given.properties.find((one) => one.name?.text === name)?.initializer;
    const message = of('message');
    if (message === undefined || !ts.isStringLiteral(message)) return;
    const inner = of('path')?.elements?.map((one) => one.text) ?? [];
    const about = [path, ...inner].filter((one) => one !== '').join('.');
    this.demand(about, message.text, inner.length > 0);
  }
}

/** @returns comments and demands of the schema that `name` holds in `path`, by the path of each key */
export function notesOf(path, name) {
  const notes = new Notes();
  const found = find(path, name);
  if (found === undefined) throw new Error(`${path}: no ${name}`);
  notes.comment('', commentOf(found.statement));
  notes.walk(found.file, found.value, '');
  return notes;
}

/** @returns the names that a `z.discriminatedUnion` puts together, in order */
export function alternativesOf(path, name) {
  const list = find(path, name)?.value.arguments?.[1];
  if (list === undefined || !ts.isArrayLiteralExpression(list))
    throw new Error(`${path}: ${name} is no discriminated union`);
  return list.elements.map((one) => one.getText());
}

/** @returns the source text's number and the comment of a constant; for `A.b`, of a key of the object A */
export function constantOf(path, name) {
  const [owner, key] = name.split('.');
  const found = find(path, owner);
  if (found === undefined) throw new Error(`${path}: no ${owner}`);
  if (key === undefined)
    return { number: numberOf(found.file, found.value), comment: commentOf(found.statement) };
  const value = found.value.properties?.find((one) => one.name.text === key)?.initializer;
  if (value === undefined) throw new Error(`${path}: no ${name}`);
  return { number: numberOf(found.file, value), comment: memberComment(found.file, key) };
}

/** The comment of a key stands in the interface. */
function memberComment(file, key) {
  for (const statement of file.source.statements) {
    if (!ts.isInterfaceDeclaration(statement)) continue;
    const member = statement.members.find((one) => one.name?.text === key);
    if (member !== undefined) return commentOf(member);
  }
  return '';
}

const OPERATORS = new Map([
  [ts.SyntaxKind.AsteriskToken, (a, b) => a * b],
  [ts.SyntaxKind.AsteriskAsteriskToken, (a, b) => a ** b],
  [ts.SyntaxKind.SlashToken, (a, b) => a / b],
  [ts.SyntaxKind.PlusToken, (a, b) => a + b],
  [ts.SyntaxKind.MinusToken, (a, b) => a - b],
  [ts.SyntaxKind.LessThanLessThanToken, (a, b) => a << b],
]);

function numberOf(file, node) {
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isParenthesizedExpression(node)) return numberOf(file, node.expression);
  if (ts.isIdentifier(node)) {
    const found = find(file.path, node.text);
    return found === undefined ? NaN : numberOf(found.file, found.value);
  }
  const apply = ts.isBinaryExpression(node) ? OPERATORS.get(node.operatorToken.kind) : undefined;
  return apply === undefined ? NaN : apply(numberOf(file, node.left), numberOf(file, node.right));
}
