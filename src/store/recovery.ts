import { z } from "zod";

import { Wave } from "../domain/wave.ts";
import { many } from "./db.ts";
import type { Sql } from "./db.ts";

/** Every wave that has not come to its end, locked. */
export function lockUnended(tx: Sql): Promise<Wave[]> {
  return many(
    Wave,
    tx`select * from wave where state not in ('done', 'cancelled') order by id for update`,
  );
}

/**
 * Nothing of a restored database goes on by itself: what was leased is planned again, and what
 * was being sent is unknown. Answers how many rows of each.
 */
export async function standStill(tx: Sql): Promise<{ leased: number; sending: number }> {
  const leased = await tx`
    update delivery set state = 'planned', slice_id = null, leased_until = null
     where id in (select id from delivery where state = 'leased' order by id for update)`;
  const sending = await tx`
    with doubted as materialized (
      select id, attempt from delivery where state = 'sending' order by id for update
    ), noted as (
      update attempt a set outcome = 'unknown', ended_at = now()
        from doubted b where a.delivery_id = b.id and a.n = b.attempt and a.outcome is null
    )
    update delivery d set state = 'unknown', reason = 'restored', settled_at = now()
      from doubted b where d.id = b.id`;
  return { leased: leased.count, sending: sending.count };
}

const InDoubt = z.object({
  waveId: z.uuid(),
  incidentId: z.uuid(),
  state: z.string(),
  planned: z.int(),
  leased: z.int(),
  sending: z.int(),
});
export type InDoubt = z.output<typeof InDoubt>;

/** What this database calls unsent, by wave: of a restored one, it may have been sent since. */
export function inDoubt(sql: Sql): Promise<InDoubt[]> {
  return many(
    InDoubt,
    sql`
      select w.id as wave_id, w.incident_id, w.state,
             count(*) filter (where d.state = 'planned')::int as planned,
             count(*) filter (where d.state = 'leased')::int as leased,
             count(*) filter (where d.state = 'sending')::int as sending
        from wave w left join delivery d
          on d.wave_id = w.id and d.state in ('planned', 'leased', 'sending')
       where w.state not in ('done', 'cancelled')
       group by w.id order by w.started_at, w.id`,
  );
}

/** Approvals that no wave has used: one may have been used after the backup was made. */
export async function unusedApprovals(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from submission s
     where s.closed_at is null
       and exists (select from approval a where a.submission_id = s.id)
       and not exists (select from wave w where w.submission_id = s.id)`;
  return row?.count ?? 0;
}

/** Messages of our own that wait to be sent. */
export async function waitingMessages(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from message where state = 'planned'`;
  return row?.count ?? 0;
}
