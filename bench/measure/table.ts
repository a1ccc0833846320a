/** One cell: text to the left, numbers to the right; a dash where nothing was measured. */
export type Cell = string | number | null;

const text = (cell: Cell): string => {
  if (cell === null) return '–';
  if (typeof cell === 'string') return cell;
  const digits = Number.isInteger(cell) || Math.abs(cell) >= 100 ? 0 : Math.abs(cell) >= 10 ? 1 : 2;
  return cell.toFixed(digits);
};

/** @returns a table for a terminal, which is Markdown too */
export function formatTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [head, ...rows.map((row) => row.map(text))];
  const widths = head.map((_, column) =>
    Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const isNumber = head.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const written = lines.map((line) => {
    const cells = widths.map((width, column) => {
      const cell = line[column] ?? '';
      return isNumber[column] === true ? cell.padStart(width) : cell.padEnd(width);
    });
    return `| ${cells.join(' | ')} |`;
  });
  const rule = widths.map((width, column) =>
    isNumber[column] === true ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  written.splice(1, 0, `| ${rule.join(' | ')} |`);
  return written.join('\n');
}
