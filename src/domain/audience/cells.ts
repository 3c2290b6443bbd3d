/**
 * Cells of files that people open in a spreadsheet. A cell that a spreadsheet would run as a
 * formula is written with an apostrophe before it (CWE-1236), and so is one that starts with an
 * apostrophe, so that reading our own file back gives exactly what was written.
 */

/** One line of a CSV file, quoted and safe to open in a spreadsheet. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => quoted(guarded(cell))).join(",")}\r\n`;
}

/** The cell as it was before `csvLine` guarded it. */
export function unguarded(cell: string): string {
  return cell.startsWith("'") && RUNS.test(cell.slice(1)) ? cell.slice(1) : cell;
}

function guarded(cell: string): string {
  return RUNS.test(cell) ? `'${cell}` : cell;
}

function quoted(cell: string): string {
  return /[",;\r\n\t]|^\s|\s$/.test(cell) || RUNS.test(cell) || cell.startsWith("'")
    ? `"${cell.replaceAll('"', '""')}"`
    : cell;
}

/** `=`, `+`, `-`, `@`, their full-width forms, tab, line ends, and our own apostrophe. */
const RUNS = /^[=+\-@＝＋－＠\t\r\n']/;
