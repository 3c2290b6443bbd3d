import { CONFIGURATION_CODES } from "../../domain/receipt/twilio.ts";
import type { Sql } from "../db.ts";

/**
 * Send again what a provider took and then failed because of our own account or sender, and what
 * nothing followed by another channel: once each. Answers how many.
 */
export async function resendBlamed(
  tx: Sql,
  { waveId, ids }: { waveId: string; ids: readonly string[] | "all" },
): Promise<number> {
  const { count } = await tx`
    update delivery
       set state = 'planned', reason = 'person-resend', next_at = now(), slice_id = null,
           settled_at = null, onward = null, resent_at = now()
     where id in (
       select d.id from delivery d
        where d.wave_id = ${waveId} and d.state = 'rejected' and d.resent_at is null
          and d.onward is not true
          and (${ids === "all"} or d.id = any(${ids === "all" ? [] : ids}::bigint[]))
          and exists (select from receipt r
                       where r.delivery_id = d.id and r.attempt = d.attempt
                         and r.status = 'failed' and r.code in ${tx(CONFIGURATION_CODES)})
        order by d.id for update)`;
  return count;
}
