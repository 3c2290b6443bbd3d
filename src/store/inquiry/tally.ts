import type { Sql } from "../db.ts";

/** So many in a window, and so many in all, of one kind of act for one thing. */
export interface Limit {
  readonly kind: string;
  readonly windowMs: number;
  readonly inWindow: number;
  /** No limit in all unless said. */
  readonly inAll?: number;
  /** How long the count is kept after it last moved. */
  readonly keptMs: number;
}

/**
 * Count one more, unless a limit is reached: false then. Atomic: the row is locked until the
 * transaction ends, so that fifty at once count as fifty.
 */
export async function take(tx: Sql, limit: Limit, key: Buffer, now: Date): Promise<boolean> {
  const { kind, windowMs, inWindow, inAll = 2_000_000_000, keptMs } = limit;
  const windowStart = new Date(now.getTime() - windowMs);
  const expiresAt = new Date(now.getTime() + keptMs);
  const rows = await tx`
    insert into tally as t (kind, key, since, count, total, expires_at)
    values (${kind}, ${key}, ${now}, 1, 1, ${expiresAt})
    on conflict (kind, key) do update
       set since = case when t.since <= ${windowStart} then excluded.since else t.since end,
           count = case when t.since <= ${windowStart} then 1 else t.count + 1 end,
           total = t.total + 1,
           expires_at = excluded.expires_at
     where (t.since <= ${windowStart} or t.count < ${inWindow}) and t.total < ${inAll}
    returning 1 as taken`;
  return rows.length === 1;
}

/** Throw away counts that nobody needs. */
export async function removeOld(sql: Sql, now: Date): Promise<void> {
  await sql`delete from tally where expires_at <= ${now}`;
}
