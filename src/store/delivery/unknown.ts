import type { SentChannel } from "../../domain/delivery.ts";
import type { Sql } from "../db.ts";

/** Which of the deliveries whose outcome nobody knows. What is not given does not matter. */
export interface UnknownFilter {
  readonly channel?: SentChannel | undefined;
  /** The code of the newest attempt. */
  readonly code?: string | undefined;
  /** Who made it. */
  readonly workerId?: string | undefined;
  /** Unknown for at least so long. */
  readonly olderThanSeconds?: number | undefined;
}

export interface Decision {
  readonly waveId: string;
  readonly ids: readonly string[] | "all";
  readonly filter: UnknownFilter;
  readonly state: "accepted" | "planned" | "rejected";
  readonly reason: string;
}

/** A person's decision about deliveries whose outcome nobody knows; answers how many it moved. */
export async function decide(
  tx: Sql,
  { waveId, ids, filter, state, reason }: Decision,
): Promise<number> {
  const { channel = null, code = null, workerId = null, olderThanSeconds = 0 } = filter;
  const { count } = await tx`
    with chosen as materialized (
      select d.id, d.attempt from delivery d
       where d.wave_id = ${waveId} and d.listed = 'unknown'
         and (${ids === "all"} or d.id = any(${ids === "all" ? [] : ids}::bigint[]))
         and (${channel}::text is null or d.channel = ${channel})
         and (${workerId}::uuid is null or d.worker_id = ${workerId})
         and (${code}::text is null
              or exists (select from attempt a where a.delivery_id = d.id and a.n = d.attempt
                            and a.code = ${code}))
         and d.settled_at <= now() - ${olderThanSeconds}::int * interval '1 second'
       -- In the order in which receipts lock them.
       order by d.id for update of d
    ), noted as (
      update attempt a set evidence = 'person'
        from chosen c where a.delivery_id = c.id and a.n = c.attempt
    )
    update delivery d
       set state = ${state}, reason = ${reason}, next_at = now(),
           slice_id = case when ${state} <> 'planned' then d.slice_id end,
           settled_at = case when ${state} <> 'planned' then now() end
      from chosen c where d.id = c.id`;
  return count;
}
