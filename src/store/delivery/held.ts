import { RELAY_GONE } from "../../domain/delivery.ts";
import type { Sql } from "../db.ts";

export interface HeldDecision {
  readonly waveId: string;
  readonly ids: readonly string[] | "all";
  /** Of these, only the ones that are held for this reason. */
  readonly because: string | null;
  /** Sent again as it is now, or given up by this channel. */
  readonly state: "planned" | "rejected";
  readonly reason: string;
}

/**
 * What becomes of deliveries whose messages were held: due at once, or rejected, so that the next
 * channel of the plan follows. What waited for a relay that is gone may go by any now. Answers how
 * many it moved.
 */
export async function decideHeld(
  tx: Sql,
  { waveId, ids, because, state, reason }: HeldDecision,
): Promise<number> {
  const { count } = await tx`
    with chosen as materialized (
      select id, reason from delivery
       where wave_id = ${waveId} and listed = 'held'
         and (${ids === "all"} or id = any(${ids === "all" ? [] : ids}::bigint[]))
         and (${because}::text is null or reason = ${because})
       order by id for update
    ), freed as (
      update attempt a set any_relay = true
        from chosen c
       where c.reason = ${RELAY_GONE} and ${state} = 'planned'
         and a.delivery_id = c.id and a.outcome = 'unknown'
    )
    update delivery d
       set state = ${state}, reason = ${reason}, next_at = now(), slice_id = null,
           settled_at = case when ${state} <> 'planned' then now() end
      from chosen c where d.id = c.id`;
  return count;
}
