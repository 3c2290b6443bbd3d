import { z } from "zod";

import { Instant } from "../domain/instant.ts";
import { one } from "./db.ts";
import type { Sql } from "./db.ts";

/** The identity of the Redis contents that we filled. */
export async function runId(sql: Sql): Promise<string> {
  const [row] = await sql<{ runId: string }[]>`select run_id from engine`;
  if (!row) throw new Error("The engine has no row.");
  return row.runId;
}

/** The same, locked: one relay at a time may find that Redis was emptied. */
export async function lockRunId(tx: Sql): Promise<string> {
  await tx`select from engine for update`;
  return runId(tx);
}

/** Start over with a Redis of our own: answers the new identity. */
export async function renewRunId(tx: Sql): Promise<string> {
  await tx`update engine set run_id = gen_random_uuid()`;
  return runId(tx);
}

const Engine = z.object({
  databaseId: z.uuid().nullable(),
  restores: z.int(),
  attemptSeq: z.coerce.number().int(),
  lockedReason: z.enum(["restored", "person"]).nullable(),
  lockedAt: Instant.nullable(),
  lockedFacts: z.json().nullable(),
  /** Whether anything may be sent: not locked, and compared since the server was started. */
  open: z.boolean(),
  compared: z.boolean(),
});
export type Engine = z.output<typeof Engine>;

/** How the engine stands. */
export function find(sql: Sql): Promise<Engine> {
  return one(
    Engine,
    sql`
      select database_id, restores, attempt_seq, locked_reason, locked_at, locked_facts,
             sending_open() as open,
             coalesce(witnessed_boot = pg_postmaster_start_time(), false) as compared
        from engine`,
  );
}

/** Whether a worker has compared this database with the witnesses since its server was started. */
export async function isCompared(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ compared: boolean }[]>`
    select coalesce(witnessed_boot = pg_postmaster_start_time(), false) as compared from engine`;
  return row?.compared ?? false;
}

/**
 * Note down how many attempts were made, committed ones only: rows may be deleted later, and a
 * sequence may run ahead of what a crash leaves. The first call gives the database its identity.
 */
export async function mark(sql: Sql): Promise<void> {
  await sql`
    with newest as materialized (
      select coalesce(max(seq), 0) as seq from attempt where seq is not null
    )
    update engine set database_id = coalesce(database_id, gen_random_uuid()),
                      attempt_seq = newest.seq
      from newest where database_id is null or attempt_seq < newest.seq`;
}

/** The witnesses agree with this database: it may send until its server is started again. */
export async function setCompared(sql: Sql): Promise<void> {
  await sql`
    update engine set witnessed_boot = pg_postmaster_start_time()
     where locked_reason is null and witnessed_boot is distinct from pg_postmaster_start_time()`;
}

/** Lock sending; false where it is locked already. A restore outweighs what a person said before. */
export async function lock(
  tx: Sql,
  reason: "restored" | "person",
  facts: z.core.util.JSONType,
): Promise<boolean> {
  const { count } = await tx`
    update engine set locked_reason = ${reason}, locked_at = now(),
                      locked_facts = ${JSON.stringify(facts)}::text::jsonb
     where locked_reason is null or (locked_reason = 'person' and ${reason} = 'restored')`;
  return count === 1;
}

/** Open sending again. From now on marks are larger than any made before, on every host. */
export async function unlock(tx: Sql, restores: number): Promise<void> {
  await tx`
    update engine set locked_reason = null, locked_at = null, locked_facts = null,
                      restores = greatest(restores, ${restores}::int),
                      witnessed_boot = pg_postmaster_start_time()`;
}

/** The database's clock, in milliseconds since 1970. */
export async function clock(sql: Sql): Promise<number> {
  const [row] = await sql<{ ms: number }[]>`
    select extract(epoch from clock_timestamp())::float8 * 1000 as ms`;
  if (!row) throw new Error("The database has no clock.");
  return row.ms;
}
