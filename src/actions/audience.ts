import type { Context, Keys } from "../context.ts";
import { rowReader } from "../domain/audience/records.ts";
import type { Row } from "../domain/audience/records.ts";
import { readRow } from "../domain/audience/row.ts";
import type { RowPlan } from "../domain/audience/row.ts";
import { refuse } from "../domain/refusal.ts";
import * as recipients from "../store/audience/recipient.ts";
import type { SealedPerson } from "../store/audience/recipient.ts";
import * as uploads from "../store/audience/upload.ts";
import type { BadRow, Upload } from "../store/audience/upload.ts";
import * as timeline from "../store/timeline.ts";
import { mergeUpload } from "./audience/merging.ts";
import { sealPerson } from "./audience/sealing.ts";
import { openShape, planOf, scanOf } from "./audience/shape.ts";
import type { Shape } from "./audience/shape.ts";

/**
 * Import a confirmed upload. Safe to run again at any point and by two workers at once: rows are
 * staged in batches behind a checkpoint that only one of them can move, and the merge is one
 * transaction. Does nothing where the upload is not being imported. Refuses `still-running`
 * where another worker has moved on. `keepAlive` is called at every batch.
 */
export async function importUpload(
  ctx: Context,
  uploadId: string,
  keepAlive: () => Promise<void> = async () => {},
): Promise<void> {
  const upload = await uploads.findImporting(ctx.sql, uploadId);
  if (!upload) return;
  const keys = await ctx.vault.keys(upload.incidentId);
  const shape = openShape(keys, upload);
  if (!shape.order) throw new Error("An upload is being imported that nobody confirmed.");
  const plan = planOf(shape, shape.order);
  const ignored = new Set(shape.ignored);

  let read = 0;
  let batch: Batch = { from: upload.rowsRead, good: [], bad: [] };
  const flush = async () => {
    await keepAlive();
    await save(ctx, uploadId, batch);
    batch = { from: batch.from + batch.good.length + batch.bad.length, good: [], bad: [] };
  };
  for await (const row of rowsOf(ctx, keys, upload, shape)) {
    if ("extra" in row) for (const key of row.extra ?? []) note(ignored, key);
    read += 1;
    if (read <= upload.rowsRead) continue;
    take(batch, row, { keys, plan, upload });
    if (batch.good.length + batch.bad.length >= BATCH_ROWS) await flush();
  }
  if (batch.good.length + batch.bad.length > 0) await flush();
  await keepAlive();
  // The merge is one long transaction: say in the meantime that it is being worked on.
  const beat = setInterval(() => void keepAlive().catch(() => {}), BEAT_MS);
  try {
    const done = { ...shape, ignored: [...ignored] };
    await mergeUpload(ctx, keys, { ...upload, rowsRead: read }, done);
  } finally {
    clearInterval(beat);
  }
}

/**
 * Delete what is kept for 24 hours only: files that nobody imported, and the cells of bad rows.
 * Returns how many uploads were given up.
 */
export async function sweepUploads(ctx: Context): Promise<number> {
  const now = ctx.now();
  const before = new Date(now.getTime() - FILE_KEPT_MS);
  const stale = await uploads.olderThan(ctx.sql, before);
  for (const { id, incidentId } of stale)
    await ctx.sql.begin(async (tx) => {
      const upload = await uploads.lock(tx, incidentId, id);
      if (upload.state === "imported" || upload.state === "refused") return;
      await uploads.discard(tx, id, now);
      await timeline.append(
        tx,
        {
          incidentId,
          actor: "system:sweep",
          action: "upload.discard",
          subject: `upload:${id}`,
          before: { state: upload.state },
          after: { state: "refused" },
        },
        now,
      );
    });
  await uploads.forgetBadRows(ctx.sql, before);
  return stale.length;
}

interface Batch {
  readonly from: number;
  readonly good: (SealedPerson & { readonly line: number })[];
  readonly bad: BadRow[];
}

/** The rows after the header, from the sealed pieces of the file. */
async function* rowsOf(
  ctx: Context,
  keys: Keys,
  upload: Upload,
  shape: Shape,
): AsyncGenerator<Row> {
  const reader = rowReader(scanOf(upload.format, shape));
  let header = upload.format === "csv";
  for (let position = 0; ; position += 1) {
    const sealed = await uploads.chunk(ctx.sql, upload.id, position);
    const rows = sealed
      ? reader.push(keys.openBytes("upload_chunk", `${upload.id}/${position}`, sealed).toString())
      : reader.end();
    for (const row of rows) {
      if (!header) yield row;
      header = false;
    }
    if (!sealed) return;
  }
}

/** Put one row where it belongs: a sealed person, or faults with the cells as given. */
function take(
  batch: Batch,
  row: Row,
  { keys, plan, upload }: { keys: Keys; plan: RowPlan; upload: Upload },
): void {
  const { line } = row;
  if ("fault" in row) {
    batch.bad.push({ line, faults: [{ field: "", code: row.fault }], sealedRow: null });
    return;
  }
  const result = readRow(row.cells, plan);
  if ("person" in result) {
    batch.good.push({ ...sealPerson(keys, upload.audienceId, result.person), line });
    return;
  }
  // In the file's own order, as the report gives them back.
  const indices = [...plan.columns.values()].toSorted((a, b) => a - b);
  const cells = indices.map((index) => row.cells[index] ?? "");
  const sealedRow = keys.seal("upload_error", `${upload.id}/${line}`, cells);
  batch.bad.push({ line, faults: result.faults, sealedRow });
}

/** Keep a batch whole or not at all. */
function save(ctx: Context, uploadId: string, { from, good, bad }: Batch): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const step = { from, good: good.length, bad: bad.length };
    if (!(await uploads.advance(tx, uploadId, step)))
      refuse("still-running", "Another worker is importing this upload.");
    await recipients.stage(tx, uploadId, good);
    await uploads.addErrors(tx, uploadId, bad);
  });
}

/** Name a key of a JSON line that nobody mapped; as many as a header may have columns. */
function note(ignored: Set<string>, key: string): void {
  if (ignored.size < 200 && key.length <= 200) ignored.add(key);
}

/** Small enough that a worker's other duties wait a fifth of a second at most. */
const BATCH_ROWS = 2_000;
/** A file and the cells of its bad rows outlive their upload by a day at most. */
const FILE_KEPT_MS = 24 * 3_600_000;
/** Well within the minute after which unfinished work is handed out again. */
const BEAT_MS = 15_000;
