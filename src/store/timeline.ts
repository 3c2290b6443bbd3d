import { Entry, entryHash } from "../domain/timeline.ts";
import type { Fact } from "../domain/timeline.ts";
import { many } from "./db.ts";
import type { Sql } from "./db.ts";

/**
 * Append one entry to the audit chain, inside the transaction of the change it
 * describes. Call it last: it locks the head of the chain until commit.
 */
export async function append(tx: Sql, fact: Fact, now: Date): Promise<void> {
  const [head] = await tx<{ seq: string; at: string; hash: Buffer }[]>`
    select seq, at, hash from timeline_head for update`;
  if (!head) throw new Error("The timeline has no head row.");

  const at = new Date(Math.max(now.getTime(), new Date(head.at).getTime()));
  const entry: Entry = {
    seq: Number(head.seq) + 1,
    at,
    incidentId: fact.incidentId ?? null,
    actor: fact.actor,
    action: fact.action,
    subject: fact.subject,
    before: fact.before ?? null,
    after: fact.after ?? null,
    reason: fact.reason ?? null,
    requestId: fact.requestId ?? null,
  };
  const hash = entryHash(entry, head.hash);
  await tx`
    insert into timeline (seq, at, incident_id, actor, action, subject, before, after, reason, request_id, prev, hash)
    values (${entry.seq}, ${at}, ${entry.incidentId}, ${entry.actor}, ${entry.action}, ${entry.subject},
            ${JSON.stringify(entry.before)}::text::jsonb, ${JSON.stringify(entry.after)}::text::jsonb,
            ${entry.reason}, ${entry.requestId}, ${head.hash}, ${hash})`;
  await tx`update timeline_head set seq = ${entry.seq}, at = ${at}, hash = ${hash}`;
}

/**
 * The stored rows, `pageSize` at a time, oldest first. They are not parsed here: a row that
 * somebody tampered with must be reported, not thrown.
 */
export async function* chain(sql: Sql, pageSize = 1_000): AsyncGenerator<readonly unknown[]> {
  for (let after = "0"; ;) {
    const rows = await sql<{ seq: string }[]>`
      select *, at = date_trunc('milliseconds', at) as exact from timeline
       where seq > ${after} order by seq limit ${pageSize}`;
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    after = last.seq;
  }
}

/** How often a person did one thing since a moment. */
export async function count(sql: Sql, actor: string, action: string, since: Date): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select count(*)::int as n from timeline
     where actor = ${actor} and action = ${action} and at > ${since}`;
  return row?.n ?? 0;
}

/** Where the chain says it ends. */
export async function head(sql: Sql): Promise<{ seq: number; hash: Buffer }> {
  const [row] = await sql<{ seq: string; hash: Buffer }[]>`select seq, hash from timeline_head`;
  if (!row) throw new Error("The timeline has no head row.");
  return { seq: Number(row.seq), hash: row.hash };
}

/** One incident's entries, newest first, before the entry `before` where that is given. */
export function ofIncident(sql: Sql, incidentId: string, limit: number, before?: number) {
  return many(
    Entry,
    sql`
      select * from timeline
       where incident_id = ${incidentId} ${before === undefined ? sql`` : sql`and seq < ${before}`}
       order by seq desc limit ${limit}`,
  );
}
