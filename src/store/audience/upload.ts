import { z } from "zod";

import { FaultCode } from "../../domain/audience/fault.ts";
import type { Fault } from "../../domain/audience/fault.ts";
import { Instant } from "../../domain/instant.ts";
import { many, maybeOne, one } from "../db.ts";
import type { Sql } from "../db.ts";

const Upload = z.object({
  id: z.uuid(),
  audienceId: z.uuid(),
  incidentId: z.uuid(),
  state: z.enum(["receiving", "received", "importing", "imported", "refused"]),
  format: z.enum(["csv", "jsonl"]),
  bytes: z.coerce.number().int(),
  shape: z.instanceof(Buffer),
  rowsRead: z.number().int(),
  rowsGood: z.number().int(),
  rowsBad: z.number().int(),
  peopleAdded: z.number().int(),
  merged: z.number().int(),
  uploadedBy: z.uuid(),
  uploadedAt: Instant,
  finishedAt: Instant.nullable(),
});
export type Upload = z.output<typeof Upload>;

/** A fault as stored; the row's cells stay sealed. */
const UploadError = z.object({
  line: z.number().int(),
  position: z.number().int(),
  field: z.string(),
  code: FaultCode,
  sealedRow: z.instanceof(Buffer).nullable(),
});
export type UploadError = z.output<typeof UploadError>;

/** A row that cannot be imported. */
export interface BadRow {
  readonly line: number;
  readonly faults: readonly Fault[];
  readonly sealedRow: Buffer | null;
}

/** A new upload, still arriving. */
export async function add(
  sql: Sql,
  upload: Pick<
    Upload,
    "id" | "audienceId" | "incidentId" | "format" | "shape" | "uploadedBy" | "uploadedAt"
  >,
): Promise<void> {
  await sql`insert into upload ${sql({ ...upload, state: "receiving" })}`;
}

/** Store one sealed piece of the file. False where the upload was given up in the meantime. */
export async function addChunk(
  sql: Sql,
  uploadId: string,
  position: number,
  sealed: Buffer,
): Promise<boolean> {
  const kept = await sql`
    with arriving as materialized (
      select id from upload where id = ${uploadId} and state = 'receiving' for share)
    insert into upload_chunk (upload_id, position, sealed)
    select id, ${position}, ${sealed} from arriving`;
  return kept.count === 1;
}

/** One sealed piece, or nothing past the end. */
export async function chunk(
  sql: Sql,
  uploadId: string,
  position: number,
): Promise<Buffer | undefined> {
  const [row] = await sql<{ sealed: Buffer }[]>`
    select sealed from upload_chunk where upload_id = ${uploadId} and position = ${position}`;
  return row?.sealed;
}

/** The whole file is here. False where the upload was given up in the meantime. */
export async function received(tx: Sql, id: string, bytes: number): Promise<boolean> {
  const moved = await tx`
    update upload set state = 'received', bytes = ${bytes} where id = ${id} and state = 'receiving'`;
  return moved.count === 1;
}

/** Forget an upload that was refused while it arrived. */
export async function drop(sql: Sql, id: string): Promise<void> {
  await sql`delete from upload where id = ${id} and state = 'receiving'`;
}

/** An upload of this incident; refuses with `not-found`. */
export function find(sql: Sql, incidentId: string, id: string): Promise<Upload> {
  return one(Upload, sql`select * from upload where id = ${id} and incident_id = ${incidentId}`);
}

/** The same, locked until the transaction ends. */
export function lock(tx: Sql, incidentId: string, id: string): Promise<Upload> {
  return one(
    Upload,
    tx`select * from upload where id = ${id} and incident_id = ${incidentId} for update`,
  );
}

/** An upload that is being imported, by its id alone: for the worker. */
export function findImporting(sql: Sql, id: string): Promise<Upload | undefined> {
  return maybeOne(Upload, sql`select * from upload where id = ${id} and state = 'importing'`);
}

/** The uploads of an audience, oldest first. */
export function ofAudience(sql: Sql, audienceId: string): Promise<Upload[]> {
  return many(
    Upload,
    sql`select * from upload where audience_id = ${audienceId} order by uploaded_at, id`,
  );
}

/** The mapping is confirmed: a worker may import. */
export async function startImport(
  tx: Sql,
  id: string,
  { shape, confirmedBy }: { readonly shape: Buffer; readonly confirmedBy: string },
): Promise<void> {
  await tx`
    update upload set state = 'importing', shape = ${shape}, confirmed_by = ${confirmedBy}
     where id = ${id} and state = 'received'`;
}

/**
 * Move the checkpoint. False where another worker has moved it, or the upload is no longer
 * being imported: then nothing of this batch may be kept.
 */
export async function advance(
  tx: Sql,
  id: string,
  step: { from: number; good: number; bad: number },
): Promise<boolean> {
  const moved = await tx`
    update upload
       set rows_read = rows_read + ${step.good + step.bad},
           rows_good = rows_good + ${step.good}, rows_bad = rows_bad + ${step.bad}
     where id = ${id} and state = 'importing' and rows_read = ${step.from}`;
  return moved.count === 1;
}

/** The import is done; the file goes at once. */
export async function finish(
  tx: Sql,
  id: string,
  done: { peopleAdded: number; merged: number; shape: Buffer; finishedAt: Date },
): Promise<void> {
  await tx`delete from upload_chunk where upload_id = ${id}`;
  await tx`delete from upload_row where upload_id = ${id}`;
  await tx`update upload set ${tx({ ...done, state: "imported" })} where id = ${id}`;
}

/** Give an upload up: the file and what was read of it go at once. */
export async function discard(tx: Sql, id: string, now: Date): Promise<void> {
  await tx`delete from upload_chunk where upload_id = ${id}`;
  await tx`delete from upload_row where upload_id = ${id}`;
  await tx`update upload_error set sealed_row = null where upload_id = ${id}`;
  await tx`update upload set state = 'refused', finished_at = ${now} where id = ${id}`;
}

/** Keep what was wrong with some rows. */
export async function addErrors(tx: Sql, uploadId: string, rows: readonly BadRow[]): Promise<void> {
  const faults = rows.flatMap(({ line, faults, sealedRow }) =>
    faults.map((fault, position) => ({
      line,
      position,
      field: fault.field,
      code: fault.code,
      sealedRow: position === 0 ? sealedRow : null,
    })),
  );
  if (faults.length === 0) return;
  const column = <K extends keyof UploadError>(name: K) => faults.map((fault) => fault[name]);
  await tx`
    insert into upload_error (upload_id, line, position, field, code, sealed_row)
    select ${uploadId}, * from unnest(
      ${tx.array(column("line"), INT)}, ${tx.array(column("position"), INT)},
      ${tx.array(column("field"), TEXT)}, ${tx.array(column("code"), TEXT)},
      ${tx.array(column("sealedRow"), BYTEA)})`;
}

/** Faults in order of line, after a place in the report. */
export function errors(
  sql: Sql,
  uploadId: string,
  after: { line: number; position: number },
  limit: number,
): Promise<UploadError[]> {
  return many(
    UploadError,
    sql`
      select * from upload_error
       where upload_id = ${uploadId} and (line, position) > (${after.line}, ${after.position})
       order by line, position limit ${limit}`,
  );
}

/** Uploads older than this that still hold any of their file. */
export function olderThan(sql: Sql, before: Date): Promise<Upload[]> {
  return many(
    Upload,
    sql`
      select * from upload u
       where uploaded_at < ${before}
         and (state in ('receiving', 'received', 'importing')
              or exists (select from upload_chunk c where c.upload_id = u.id))`,
  );
}

/** Drop the cells kept of bad rows that were uploaded before this. Returns how many. */
export async function forgetBadRows(sql: Sql, before: Date): Promise<number> {
  const forgotten = await sql`
    update upload_error e set sealed_row = null
      from upload u
     where u.id = e.upload_id and u.uploaded_at < ${before} and e.sealed_row is not null`;
  return forgotten.count;
}

const INT = 1007;
const TEXT = 1009;
const BYTEA = 1001;
