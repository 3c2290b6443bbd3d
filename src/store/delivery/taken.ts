import type { Sql } from "../db.ts";

/**
 * Whether an attempt before the n-th of this delivery (`k.id`, `k.n`) was taken by the provider,
 * and no report says that it failed later. Then the person has the message, whatever the n-th
 * came to. A first attempt costs no look.
 */
export const takenBefore = (sql: Sql) => sql`
  (k.n > 1 and exists (select from attempt e
                        where e.delivery_id = k.id and e.n < k.n and e.outcome = 'accepted'
                          and not ${failedLater(sql)}))`;

/** Whether a report says that attempt `e.n` of `e.delivery_id` failed; one of e-mail names none. */
export const failedLater = (sql: Sql) => sql`
  exists (select from receipt r
           where r.delivery_id = e.delivery_id and r.status in ('failed', 'bounced')
             and coalesce(r.attempt, e.n) = e.n)`;

/**
 * Whether an attempt of this delivery may have been taken, for all that anybody knows: what is not
 * sent again then stays `unknown`. What was never attempted costs no look.
 */
export const isUnsure = (sql: Sql, row: "d" | "f") => sql`
  (${sql(row)}.attempt > 0 and exists (select from attempt u
                              where u.delivery_id = ${sql(row)}.id and u.outcome = 'unknown'))`;
