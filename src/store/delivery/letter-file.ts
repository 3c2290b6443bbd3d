import { z } from "zod";

import { Instant } from "../../domain/instant.ts";
import { maybeOne, one } from "../db.ts";
import type { Sql } from "../db.ts";
import type { Run } from "./letter-run.ts";

const LetterFile = z.object({
  id: z.uuid(),
  batchId: z.uuid(),
  kind: z.enum(["letters", "addresses", "held"]),
  language: z.string().nullable(),
  paper: z.enum(["a4", "us-letter"]).nullable(),
  part: z.int(),
  letters: z.int(),
  pages: z.int(),
  bytes: z.coerce.number().int(),
  pieces: z.int(),
  downloadedAt: Instant.nullable(),
});
export type LetterFile = z.output<typeof LetterFile>;

/** Begin a file of a batch. False where another run makes the batch now. */
export async function add(
  sql: Sql,
  { batchId, runId }: Run,
  { id, kind, language, paper, part }: NewFile,
): Promise<boolean> {
  const { count } = await sql`
    with ours as materialized (
      select id from letter_batch
       where id = ${batchId} and run_id = ${runId} and state = 'making' for share)
    insert into letter_file (id, batch_id, kind, language, paper, part)
    select ${id}, id, ${kind}, ${language}, ${paper}, ${part} from ours`;
  return count === 1;
}

export type NewFile = Pick<LetterFile, "id" | "kind" | "language" | "paper" | "part">;

/** Keep one sealed piece of a file. False where another run makes the batch now. */
export async function addChunk(
  sql: Sql,
  { batchId, runId }: Run,
  chunk: { readonly fileId: string; readonly position: number; readonly sealed: Buffer },
): Promise<boolean> {
  const { count } = await sql`
    with ours as materialized (
      select id from letter_batch
       where id = ${batchId} and run_id = ${runId} and state = 'making' for share)
    insert into letter_chunk (file_id, position, sealed)
    select ${chunk.fileId}, ${chunk.position}, ${chunk.sealed} from ours`;
  return count === 1;
}

/** Say how large a finished file is. */
export async function finish(
  sql: Sql,
  id: string,
  size: Pick<LetterFile, "letters" | "pages" | "bytes" | "pieces">,
): Promise<void> {
  await sql`update letter_file set ${sql(size)} where id = ${id}`;
}

/** A file of a batch. Refuses `not-found`, also once it is deleted. */
export function find(sql: Sql, batchId: string, id: string): Promise<LetterFile> {
  return one(LetterFile, sql`select * from letter_file where id = ${id} and batch_id = ${batchId}`);
}

/** One sealed piece, or nothing where the file was deleted meanwhile. */
export async function chunk(sql: Sql, fileId: string, position: number): Promise<Buffer> {
  const row = await maybeOne(
    z.object({ sealed: z.instanceof(Buffer) }),
    sql`select sealed from letter_chunk where file_id = ${fileId} and position = ${position}`,
  );
  if (!row) throw new Error("A piece of this file is gone.");
  return row.sealed;
}

/** Somebody took this file. */
export async function downloaded(tx: Sql, id: string, at: Date): Promise<void> {
  await tx`update letter_file set downloaded_at = ${at} where id = ${id}`;
}

/** Delete every file of a batch. */
export async function removeAll(tx: Sql, batchId: string): Promise<void> {
  await tx`delete from letter_file where batch_id = ${batchId}`;
}
