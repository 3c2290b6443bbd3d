import type { Sql } from "../db.ts";

/**
 * Messages a second that providers took lately by a channel, while any were sent: of the newest
 * attempts those of the last hour, over the ten-second spans in which they ended. Null where they
 * are too few to say.
 */
export async function measuredRate(sql: Sql, channel: "email" | "sms"): Promise<number | null> {
  const [row] = await sql<{ taken: number; spans: number }[]>`
    with newest as (
      select delivery_id, outcome, ended_at from attempt
       where seq is not null order by seq desc limit ${NEWEST}
    )
    select count(*)::int as taken,
           count(distinct floor(extract(epoch from a.ended_at) / ${SPAN_SECONDS}::int))::int as spans
      from newest a join delivery d on d.id = a.delivery_id
     where d.channel = ${channel} and a.outcome = 'accepted'
       and a.ended_at > now() - interval '1 hour'`;
  if (!row || row.taken < ENOUGH) return null;
  return row.taken / (row.spans * SPAN_SECONDS);
}

/** What one index scan reads in milliseconds. */
const NEWEST = 20_000;
const SPAN_SECONDS = 10;
const ENOUGH = 100;
