import { z } from "zod";

import { fileName } from "../domain/delivery/letter-paper.ts";
import { Instant } from "../domain/instant.ts";
import { refuse } from "../domain/refusal.ts";
import { many, maybeOne, one } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

const FileRow = z.object({
  id: z.uuid(),
  kind: z.enum(["letters", "addresses", "held"]),
  language: z.string().nullable(),
  paper: z.enum(["a4", "us-letter"]).nullable(),
  part: z.int(),
  letters: z.int(),
  pages: z.int(),
  bytes: z.coerce.number().int(),
  downloadedAt: Instant.nullable(),
});

const Head = z.object({
  id: z.uuid(),
  waveId: z.uuid(),
  state: z.enum(["making", "ready", "downloaded", "expired", "cancelled"]),
  /** Why a batch could not be made. */
  reason: z.string().nullable(),
  requestedBy: z.uuid(),
  requestedAt: Instant,
  madeAt: Instant.nullable(),
  filesGoneAt: Instant.nullable(),
});

/** A batch of letters as it stands. No personal data. */
export const LetterBatch = Head.extend({
  total: z.int(),
  /** How many of them have been made, held or dropped. */
  done: z.int(),
  /** How many letters are in each state. */
  counts: z.record(z.string(), z.int()),
  /** Why letters are held or were dropped. */
  reasons: z.record(z.string(), z.int()),
  files: z.array(FileRow.extend({ name: z.string() })),
});
export type LetterBatch = z.output<typeof LetterBatch>;

interface WavePath {
  readonly incidentId: string;
  readonly waveId: string;
}

/** The batches of a wave, the newest first. Refuses `not-found` for a wave there is not. */
export async function batchesOf(sql: Sql, { incidentId, waveId }: WavePath) {
  await one(
    z.object({ id: z.uuid() }),
    sql`select id from wave where id = ${waveId} and incident_id = ${incidentId}`,
  );
  const heads = await many(
    Head,
    sql`
      select * from letter_batch where wave_id = ${waveId}
       order by requested_at desc, id limit ${BATCHES_MAX}`,
  );
  return Promise.all(heads.map((head) => whole(sql, head)));
}

/** One batch. Refuses `not-found`. */
export async function batchOf(
  sql: Sql,
  { incidentId, waveId, batchId }: WavePath & { readonly batchId: string },
): Promise<LetterBatch> {
  const head = await maybeOne(
    Head,
    sql`
      select * from letter_batch
       where id = ${batchId} and wave_id = ${waveId} and incident_id = ${incidentId}`,
  );
  return head ? whole(sql, head) : refuse("not-found", "There is no such batch.");
}

async function whole(sql: Sql, head: z.output<typeof Head>): Promise<LetterBatch> {
  const groups = await sql<{ state: string; reason: string | null; count: number }[]>`
    select state, reason, count(*)::int as count from letter
     where batch_id = ${head.id} group by state, reason order by state, reason`;
  const files = await many(
    FileRow,
    sql`select * from letter_file where batch_id = ${head.id}
         order by kind, language, paper, part`,
  );
  const counts: Record<string, number> = {};
  const reasons: Record<string, number> = {};
  for (const { state, reason, count } of groups) {
    counts[state] = (counts[state] ?? 0) + count;
    if (reason !== null) reasons[reason] = (reasons[reason] ?? 0) + count;
  }
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  return {
    ...head,
    total,
    done: total - (counts["planned"] ?? 0),
    counts,
    reasons,
    files: files.map((file) => ({ ...file, name: fileName(file) })),
  };
}

const BATCHES_MAX = 200;
