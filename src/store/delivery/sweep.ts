import type { Sql } from "../db.ts";
import { isUnsure, takenBefore } from "./taken.ts";

/**
 * Call `unknown` what a silent worker was sending: nobody can say whether the provider took it.
 * A worker is silent when its last beat is over 20 s old, and it stops writing bodies 15 s after
 * its last beat by its own clock, so nothing is sent after this. So too what a worker that lives
 * has been sending for longer than any provider takes: its claim came through after it was given
 * up, and nobody knows of it. Answers how many rows.
 */
export async function markUnknown(tx: Sql): Promise<number> {
  const silent = await tx<{ id: string }[]>`
    with found as materialized (
      select k.id from slice s
       -- Of each slice by its index, however many there are.
       cross join lateral (
         select id from delivery where slice_id = s.id and state = 'sending' offset 0) k
       where s.leased_at < now() - ${YOUNG}::interval
    )
    select d.id
      from delivery d
      left join worker w on w.id = d.worker_id
      left join attempt a on a.delivery_id = d.id and a.n = d.attempt
     where d.id in (select id from found) and d.state = 'sending'
       and (w.id is null or w.beat_at < now() - ${SILENT}::interval
            or a.started_at < now() - ${FORGOTTEN}::interval)
     order by d.id for update of d skip locked`;
  // Whose row this statement had to wait for it may have taken wrongly for nobody's.
  const still = tx`
    and (not exists (select from worker w
                      where w.id = d.worker_id and w.beat_at >= now() - ${SILENT}::interval)
         or exists (select from attempt a
                     where a.delivery_id = d.id and a.n = d.attempt
                       and a.started_at < now() - ${FORGOTTEN}::interval))`;
  return callUnknown(tx, silent, { reason: "worker-lost", still });
}

/** Call `unknown` what this worker itself leaves unfinished as it is made to stop. */
export async function abandon(tx: Sql, workerId: string): Promise<number> {
  const left = await tx<{ id: string }[]>`
    select id from delivery
     where slice_id in (select id from slice) and worker_id = ${workerId} and state = 'sending'
     order by id for update`;
  return callUnknown(tx, left, { reason: "worker-stopped", still: tx`` });
}

/** Call `unknown` what was being sent when a backup was made. */
export async function doubt(tx: Sql): Promise<number> {
  const doubted = await tx<{ id: string }[]>`
    select id from delivery where state = 'sending' order by id for update`;
  return callUnknown(tx, doubted, { reason: "restored", still: tx`` });
}

/**
 * The rows were locked before this statement began, so that it sees whose they are now, if `still`
 * asks, and whatever a receipt or a late outcome has made known of their earlier attempts: one
 * statement that locks and looks would look as of before it waited. Where an earlier attempt was
 * taken the delivery is `accepted`.
 */
async function callUnknown(
  tx: Sql,
  rows: readonly { readonly id: string }[],
  { reason, still }: { readonly reason: string; readonly still: ReturnType<typeof isUnsure> },
): Promise<number> {
  if (rows.length === 0) return 0;
  const { count } = await tx`
    with lost as materialized (
      select id, attempt as n from delivery d
       where id = any(${rows.map(({ id }) => id)}::bigint[]) and state = 'sending' ${still}
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

/**
 * What came back to a cancelled wave after it was cancelled is cancelled too, or stays unknown where
 * it may have been taken. Answers how many rows.
 */
export async function cancelStragglers(sql: Sql): Promise<number> {
  const { count } = await sql`
    with gone as materialized (
      select id from wave where state = 'cancelled' and ended_at is not null
    ), found as materialized (
      -- By an index for each; what is leased comes back as planned.
      select s.id from gone g cross join lateral (
        (select id from delivery where wave_id = g.id and listed = 'planned'
          order by channel, next_at, id limit ${ROWS_MAX})
        union all
        (select id from delivery where wave_id = g.id and listed = 'held'
          order by id limit ${ROWS_MAX})) s
    ), back as materialized (
      select d.id, d.attempt from delivery d
       where d.id in (select id from found) and d.state in ('planned', 'held')
       -- In the order in which everybody locks them, and so many that none is locked for long.
       order by d.id limit ${ROWS_MAX} for update of d skip locked
    )
    update delivery d
       set state = case when unsure then 'unknown' else 'cancelled' end,
           slice_id = null, leased_until = null, settled_at = now()
      from back f cross join lateral (select ${isUnsure(sql, "f")} as unsure) t
     where d.id = f.id`;
  return count;
}

const ROWS_MAX = 10_000;
const SILENT = "20 seconds";
/** Nobody claims later than 15 s after their last beat: of a younger slice no silent worker has any. */
const YOUNG = "5 seconds";
const FORGOTTEN = "30 minutes";
