/** Plain tables: columns by width, numbers to the right, nothing that a terminal would take for a command. */

export type Cell = string | number | null | undefined;

function shown(cell: Cell): string {
  return String(cell ?? "-").replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ");
}

function padded(text: string, width: number, isNumber: boolean): string {
  return isNumber ? text.padStart(width) : text.padEnd(width);
}

/** A line a row under a line of headings. Says so when there are no rows. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[], none: string): string {
  if (rows.length === 0) return none;
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => shown(row[column]).length)),
  );
  const line = (cells: readonly Cell[]): string =>
    widths
      .map((width, column) => padded(shown(cells[column]), width, typeof cells[column] === "number"))
      .join("  ")
      .trimEnd();
  return [line(headings), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** One thing: a line a field. Fields without a value are left out. */
export function record(fields: Readonly<Record<string, Cell>>): string {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const width = Math.max(0, ...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${name.padEnd(width)}  ${shown(value)}`).join("\n");
}
