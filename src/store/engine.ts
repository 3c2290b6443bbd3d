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
