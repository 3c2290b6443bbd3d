import { FAULTS } from "../audience/fault.ts";
import { csvScan, delimiterOf, rowReader } from "../audience/records.ts";
import type { Row, RowReader } from "../audience/records.ts";
import type { Library } from "../law.ts";
import { refuse } from "../refusal.ts";
import { hhsLayout } from "./hhs-columns.ts";
import type { HhsLayout } from "./hhs-columns.ts";
import { readHhsRow } from "./hhs.ts";
import type { CellProblem, HhsIncident } from "./hhs.ts";

/** A row of the list as an incident, or what is wrong with it; never half of one. */
export type HhsLine =
  | { readonly line: number; readonly read: HhsIncident }
  | { readonly line: number; readonly problems: readonly CellProblem[] };

export interface HhsFile {
  readonly lines: readonly HhsLine[];
  /** Headers of columns of which nothing is kept. */
  readonly ignored: readonly string[];
}

/**
 * Read a whole list. Refuses a file without the columns that matter, naming them, and one of more
 * rows than are read at once; a bad row is named with its line and stops no other.
 */
export function readHhs(text: string, zoneOf: (jurisdiction: string) => string): HhsFile {
  const start = text.replace(/^\uFEFF/, "");
  const reader = rowReader(csvScan(delimiterOf(start.split("\n", 1)[0] ?? "")));
  const [header, ...rows] = rowsOf(reader, start);
  const layout = layoutOf(header);
  const seen = new Map<string, number>();
  return {
    ignored: layout.ignored,
    lines: rows.map((row) => lineOf(row, { layout, zoneOf, seen })),
  };
}

/** The header and the rows, never more of them in memory than are taken. */
function rowsOf(reader: RowReader, text: string): Row[] {
  const rows: Row[] = [];
  for (const part of [reader.push(text), reader.end()])
    for (const row of part) {
      if (rows.length > ROWS_MAX)
        refuse("body-too-large", `A file may have at most ${ROWS_MAX} rows; split it.`);
      rows.push(row);
    }
  return rows;
}

/** The zone in which days are counted in a jurisdiction; Washington's where the library does not say. */
export function zoneIn({ places }: Pick<Library, "places">): (jurisdiction: string) => string {
  return (jurisdiction) => places.get(jurisdiction)?.zone ?? "America/New_York";
}

function layoutOf(header: Row | undefined): HhsLayout {
  const cells = header !== undefined && "cells" in header ? header.cells : [];
  const layout = hhsLayout(cells);
  if (!("wrong" in layout)) return layout;
  const problems = layout.wrong.map((message) => ({
    field: "file",
    code: "columns",
    message,
    line: 1,
  }));
  return refuse("file-unreadable", "This is not a list in the columns of HHS.", problems);
}

interface Reading {
  readonly layout: HhsLayout;
  readonly zoneOf: (jurisdiction: string) => string;
  /** Key of a row → the line it is on. */
  readonly seen: Map<string, number>;
}

function lineOf(row: Row, { layout, zoneOf, seen }: Reading): HhsLine {
  const { line } = row;
  if ("fault" in row)
    return { line, problems: [{ column: "", code: row.fault, message: FAULTS[row.fault] }] };
  const found = readHhsRow(row.cells, layout, zoneOf);
  if (!found.ok) return { line, problems: found.problems };
  const before = seen.get(found.read.key);
  if (before !== undefined)
    return { line, problems: [{ column: "", code: "duplicate", message: sameAs(before) }] };
  seen.set(found.read.key, line);
  return { line, read: found.read };
}

function sameAs(line: number): string {
  return `Line ${line} says exactly the same.`;
}

const ROWS_MAX = 2_000;
