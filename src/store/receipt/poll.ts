import { z } from "zod";

import { many } from "../db.ts";
import type { Sql } from "../db.ts";

const Polled = z.object({
  deliveryId: z.string(),
  attempt: z.int(),
  /** The provider's name of the message. */
  reference: z.string(),
});
export type Polled = z.output<typeof Polled>;

/**
 * Take SMS that were taken so many minutes ago, by each of these ages, and of which nothing final
 * was heard: the longest waiting first. No other worker takes the same ones for the same age.
 */
export function takeSilent(
  sql: Sql,
  { afterMinutes, rowsMax }: { afterMinutes: readonly number[]; rowsMax: number },
): Promise<Polled[]> {
  return many(
    Polled,
    sql`
      with due as materialized (
        select a.delivery_id, a.n
          from delivery d join attempt a on a.delivery_id = d.id
         where d.sms_accepted_at > now() - (${Math.max(...afterMinutes)}::int + 1440) * ${MINUTE}::interval
           and a.outcome = 'accepted' and a.reference is not null
           and exists (select from unnest(${[...afterMinutes]}::int[]) as age
                        where d.sms_accepted_at + age * ${MINUTE}::interval <= now()
                          and (a.looked_at is null
                               or a.looked_at < d.sms_accepted_at + age * ${MINUTE}::interval))
         order by d.sms_accepted_at limit ${rowsMax} for update of a skip locked
      )
      update attempt a set looked_at = now()
        from due where a.delivery_id = due.delivery_id and a.n = due.n
      returning a.delivery_id, a.n as attempt, a.reference`,
  );
}

const MINUTE = "1 minute";
