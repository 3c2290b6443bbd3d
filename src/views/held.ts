import { z } from "zod";

import { many } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** Why messages of a wave are held, and how many for each reason. */
export const HeldReason = z.object({ channel: z.string(), reason: z.string(), count: z.int() });

/** One held delivery: no personal data. */
export const HeldDelivery = z.object({
  id: z.string(),
  channel: z.string(),
  reason: z.string(),
  canary: z.boolean(),
});

export interface HeldFilter {
  readonly because?: string | undefined;
  /** Only ids above this one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** The reasons with their counts, and a page of the deliveries in the order they were made. */
export async function heldOf(sql: Sql, waveId: string, { because, after, limit }: HeldFilter) {
  const [reasons, deliveries] = await Promise.all([
    many(
      HeldReason,
      sql`
        select channel, coalesce(reason, 'unknown') as reason, count(*)::int as count
          from delivery where wave_id = ${waveId} and listed = 'held'
         group by 1, 2 order by count desc, channel, reason`,
    ),
    many(
      HeldDelivery,
      sql`
        select id, channel, coalesce(reason, 'unknown') as reason, canary from delivery
         where wave_id = ${waveId} and listed = 'held' and id > ${after ?? "0"}
           and (${because ?? null}::text is null or reason = ${because ?? null})
         order by id limit ${limit}`,
    ),
  ]);
  return { reasons, deliveries };
}
