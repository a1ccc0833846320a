import { displayWidth, padColumns, printable } from './display-width.js';

export interface Column {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly side?: 'left' | 'right';
}

const GAP = '  ';

/** @returns lines without line ends: the titles, then one for each row; columns as wide as they need to be */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => displayWidth(row[i] ?? ''))));
  return cells.map((row) =>
    columns
      .map(({ side = 'left' }, i) => padColumns(row[i] ?? '', widths[i] ?? 0, side))
      .join(GAP)
      .trimEnd(),
  );
}

/** @returns `name  value` lines with the values under one another */
export function formatFields(
  fields: readonly (readonly [name: string, value: string])[],
): readonly string[] {
  const width = Math.max(0, ...fields.map(([name]) => displayWidth(name)));
  return fields.map(([name, value]) => `${padColumns(name, width)}${GAP}${printable(value)}`);
}
