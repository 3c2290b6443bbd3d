import type { Sql } from "../db.ts";
import { takenBefore } from "./taken.ts";

/**
 * Call `unknown` what a silent worker was sending: nobody can say whether the provider took it.
 * A worker is silent when its last beat is over 20 s old, and it stops writing bodies 15 s after
 * its last beat by its own clock, so nothing is sent after this. So too what a worker that lives
 * has been sending for longer than any provider takes: its claim came through after it was given
 * up, and nobody knows of it. Answers how many rows.
 */
export async function markUnknown(tx: Sql): Promise<number> {
  const silent = await tx<{ id: string }[]>`
    select d.id
      from delivery d
      left join worker w on w.id = d.worker_id
      left join attempt a on a.delivery_id = d.id and a.n = d.attempt
     where d.state = 'sending'
       and (w.id is null or w.beat_at < now() - ${SILENT}::interval
            or a.started_at < now() - ${FORGOTTEN}::interval)
     order by d.id for update of d skip locked`;
  return callUnknown(tx, silent, "worker-lost");
}

/** Call `unknown` what this worker itself leaves unfinished as it is made to stop. */
export async function abandon(tx: Sql, workerId: string): Promise<number> {
  const left = await tx<{ id: string }[]>`
    select id from delivery where worker_id = ${workerId} and state = 'sending'
     order by id for update`;
  return callUnknown(tx, left, "worker-stopped");
}

/** Call `unknown` what was being sent when a backup was made. */
export async function doubt(tx: Sql): Promise<number> {
  const doubted = await tx<{ id: string }[]>`
    select id from delivery where state = 'sending' order by id for update`;
  return callUnknown(tx, doubted, "restored");
}

/**
 * The rows were locked before this statement began, so that it sees whatever a receipt or a late
 * outcome has made known of their earlier attempts: one statement that locks and looks would look
 * as of before it waited. Where an earlier attempt was taken the delivery is `accepted`.
 */
async function callUnknown(
  tx: Sql,
  rows: readonly { readonly id: string }[],
  reason: string,
): Promise<number> {
  if (rows.length === 0) return 0;
  const { count } = await tx`
    with lost as materialized (
      select id, attempt as n from delivery
       where id = any(${rows.map(({ id }) => id)}::bigint[]) and state = 'sending'
       order by id for update
    ), noted as (
      update attempt a set outcome = 'unknown', ended_at = now()
        from lost k where a.delivery_id = k.id and a.n = k.n and a.outcome is null
    )
    update delivery d
       set state = case when taken then 'accepted' else 'unknown' end,
           reason = case when not taken then ${reason} end, settled_at = now()
      from lost k cross join lateral (select ${takenBefore(tx)} as taken) t where d.id = k.id`;
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
