/**
 * Rows as lines whose columns are aligned. Pure.
 */

/** @returns lines without blanks at their end. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = Array.from({ length: Math.max(0, ...rows.map((row) => row.length)) }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
