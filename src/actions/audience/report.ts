import { z } from "zod";

import type { Context } from "../../context.ts";
import { csvLine } from "../../domain/audience/cells.ts";
import { REPORT_COLUMNS } from "../../domain/audience/columns.ts";
import { FAULTS } from "../../domain/audience/fault.ts";
import type { Actor } from "../../domain/staff.ts";
import * as uploads from "../../store/audience/upload.ts";
import type { Upload, UploadError } from "../../store/audience/upload.ts";
import * as timeline from "../../store/timeline.ts";
import { openShape } from "./shape.ts";
import { findUpload } from "./upload.ts";
import type { UploadPath } from "./upload.ts";

/** What is wrong with rows, in order of line: `limit` faults after the place `after`. */
export async function listErrors(
  ctx: Context,
  path: UploadPath,
  { after, limit }: { after: string | undefined; limit: number },
) {
  const upload = await findUpload(ctx, path);
  const { order } = openShape(await ctx.vault.keys(path.incidentId), upload);
  const found = await uploads.errors(ctx.sql, upload.id, placeOf(after), limit);
  const last = found.length === limit ? found.at(-1) : undefined;
  return {
    errors: found.map(({ line, field, code }) => ({
      line,
      column: columnName(order?.mapping ?? {}, field),
      code,
      advice: FAULTS[code],
    })),
    next: last ? `${last.line}.${last.position}` : null,
  };
}

/**
 * The bad rows as a CSV file to correct and upload again: the mapped columns as given, then the
 * line, the codes and what to do. Cells are kept for 24 hours; after that only the last three.
 */
export async function errorReport(ctx: Context, actor: Actor, path: UploadPath) {
  const upload = await findUpload(ctx, path);
  await ctx.sql.begin((tx) =>
    timeline.append(
      tx,
      {
        incidentId: path.incidentId,
        actor: actor.staffId,
        action: "upload.read-errors",
        subject: `upload:${upload.id}`,
        after: { rowsBad: upload.rowsBad },
        requestId: actor.requestId,
      },
      ctx.now(),
    ),
  );
  return {
    filename: `bad-rows-${upload.id}.csv`,
    contentType: "text/csv",
    content: reportLines(ctx, upload),
  };
}

async function* reportLines(ctx: Context, upload: Upload): AsyncGenerator<string> {
  const keys = await ctx.vault.keys(upload.incidentId);
  const { headers, order } = openShape(keys, upload);
  const mapping = order?.mapping ?? {};
  const used = new Set(Object.values(mapping));
  const columns = headers.filter((header) => used.has(header));
  yield csvLine([...columns, REPORT_COLUMNS.line, REPORT_COLUMNS.codes, REPORT_COLUMNS.advice]);

  const lineOf = (faults: readonly UploadError[]) => {
    const [first] = faults;
    if (!first) return "";
    const cells = first.sealedRow
      ? Cells.parse(keys.open("upload_error", `${upload.id}/${first.line}`, first.sealedRow))
      : columns.map(() => "");
    const codes = faults.map(({ field, code }) => `${columnName(mapping, field)}: ${code}`);
    const advice = faults.map(({ code }) => FAULTS[code]).join(" ");
    return csvLine([...cells, String(first.line), codes.join("; "), advice]);
  };
  let row: UploadError[] = [];
  for await (const fault of everyError(ctx, upload.id)) {
    if (row[0] && row[0].line !== fault.line) {
      yield lineOf(row);
      row = [];
    }
    row.push(fault);
  }
  if (row.length > 0) yield lineOf(row);
}

async function* everyError(ctx: Context, uploadId: string): AsyncGenerator<UploadError> {
  for (let after = placeOf(undefined); ;) {
    const page = await uploads.errors(ctx.sql, uploadId, after, REPORT_PAGE);
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < REPORT_PAGE) return;
    after = last;
  }
}

/** A place in the report: `line.position`. */
function placeOf(cursor: string | undefined): { line: number; position: number } {
  const [line, position] = (cursor ?? "0.-1").split(".").map(Number);
  return { line: line ?? 0, position: position ?? -1 };
}

/** The file's own name of a field's column; the whole row where the fault has no column. */
function columnName(mapping: Readonly<Record<string, string | undefined>>, field: string): string {
  return field === "" ? "(row)" : (mapping[field] ?? field);
}

const Cells = z.array(z.string());
const REPORT_PAGE = 2_000;
