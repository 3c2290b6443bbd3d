import type { Sql } from "../db.ts";

/**
 * Call `unknown` what a silent worker was sending: nobody can say whether the provider took it.
 * A worker is silent when its last beat is over 20 s old, and it stops writing bodies 15 s after
 * its last beat by its own clock, so nothing is sent after this. So too what a worker that lives has
 * been sending for longer than any provider takes: its claim came through after it was given up,
 * and nobody knows of it. Answers how many rows.
 */
export async function markUnknown(sql: Sql): Promise<number> {
  const { count } = await sql`
    with silent as materialized (
      select d.id, d.attempt
        from delivery d
        left join worker k on k.id = d.worker_id
        left join attempt a on a.delivery_id = d.id and a.n = d.attempt
       where d.state = 'sending'
         and (k.id is null or k.beat_at < now() - ${SILENT}::interval
              or a.started_at < now() - ${FORGOTTEN}::interval)
       order by d.id for update of d skip locked
    ), noted as (
      update attempt a set outcome = 'unknown', ended_at = now()
        from silent s where a.delivery_id = s.id and a.n = s.attempt and a.outcome is null
    )
    update delivery d set state = 'unknown', reason = 'worker-lost', settled_at = now()
      from silent s where d.id = s.id`;
  return count;
}

/** Call `unknown` what this worker itself leaves unfinished as it is made to stop. */
export async function abandon(sql: Sql, workerId: string): Promise<number> {
  const { count } = await sql`
    with left_behind as (
      update delivery set state = 'unknown', reason = 'worker-stopped', settled_at = now()
       where worker_id = ${workerId} and state = 'sending'
      returning id, attempt
    )
    update attempt a set outcome = 'unknown', ended_at = now()
      from left_behind l where a.delivery_id = l.id and a.n = l.attempt and a.outcome is null`;
  return count;
}

/** Leases that ran out go back. Answers how many rows. */
export async function expireLeases(sql: Sql): Promise<number> {
  const { count } = await sql`
    update delivery set state = 'planned', slice_id = null, leased_until = null
     where id in (select id from delivery
                   where state = 'leased' and leased_until < now()
                   order by id for update skip locked)`;
  return count;
}

/** What came back to a cancelled wave after it was cancelled is cancelled too. */
export async function cancelStragglers(sql: Sql): Promise<number> {
  const { count } = await sql`
    update delivery d
       set state = 'cancelled', slice_id = null, leased_until = null, settled_at = now()
      from wave w
     where w.state = 'cancelled'
       and d.wave_id = w.id and d.state in ('planned', 'leased')`;
  return count;
}

const SILENT = "20 seconds";
const FORGOTTEN = "30 minutes";
