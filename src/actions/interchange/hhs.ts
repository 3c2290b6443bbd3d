import type { Context } from "../../context.ts";
import type { CellProblem, HhsIncident } from "../../domain/interchange/hhs.ts";
import { readHhs, zoneIn } from "../../domain/interchange/hhs-file.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { keepAll, ready } from "./keep.ts";
import type { Ready } from "./keep.ts";
import { csvText } from "./text.ts";
import type { CsvFile } from "./text.ts";

/** What became of each row of a list. */
export interface HhsReport {
  readonly rows: number;
  readonly created: number;
  /** Imported before. */
  readonly known: number;
  readonly refused: number;
  /** Columns of which nothing is kept. */
  readonly ignored: readonly string[];
  readonly incidents: readonly { line: number; incidentId: string; created: boolean }[];
  /** Why rows were refused. */
  readonly errors: readonly (CellProblem & { readonly line: number })[];
  /** What was not understood of rows that are kept. */
  readonly remarks: readonly (CellProblem & { readonly line: number })[];
}

/**
 * Import a list in the columns of HHS. A row becomes an incident, its determination confirmed, or
 * it is named with its line. They are closed at once: they are facts of the past, and their clocks
 * must wake nobody; a person opens one to work on it. A row that was imported before is left as it
 * is, so that a file may be corrected and sent again. Rows are kept 50 at a time.
 */
export async function importHhs(ctx: Context, actor: Actor, file: CsvFile): Promise<HhsReport> {
  const text = await csvText(file, FILE_MIB_MAX);
  const { lines, ignored } = readHhs(text, zoneIn(ctx.library));
  const good: { line: number; ready: Ready }[] = [];
  const errors: (CellProblem & { line: number })[] = [];
  for (const each of lines) {
    const { line } = each;
    const found = "read" in each ? readyOf(actor, each.read, ctx.now()) : each.problems;
    if ("incident" in found) good.push({ line, ready: found });
    else errors.push(...found.map((problem) => ({ ...problem, line })));
  }
  const incidents: { line: number; incidentId: string; created: boolean }[] = [];
  for (let from = 0; from < good.length; from += BATCH) {
    const batch = good.slice(from, from + BATCH);
    const kept = await keepAll(
      ctx,
      actor,
      batch.map((each) => each.ready),
    );
    for (const [i, { incidentId, created }] of kept.entries())
      incidents.push({ line: batch[i]?.line ?? 0, incidentId, created });
  }
  const created = incidents.filter((each) => each.created).length;
  return {
    rows: lines.length,
    created,
    known: incidents.length - created,
    refused: lines.length - good.length,
    ignored,
    incidents,
    errors,
    remarks: lines.flatMap((each) =>
      "read" in each ? each.read.remarks.map((remark) => ({ ...remark, line: each.line })) : [],
    ),
  };
}

/** What a person would be told who declared this by hand, as what is wrong with the row. */
function readyOf(actor: Actor, { key, declaration, facts }: HhsIncident, now: Date) {
  try {
    const given = { source: "hhs", key, declaration, facts } as const;
    return ready(actor, { ...given, determination: "confirmed", state: "closed" }, now);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.fields.map(({ code, message }) => ({ column: "Date of Breach", code, message }));
  }
}

const FILE_MIB_MAX = 4;
const BATCH = 50;
