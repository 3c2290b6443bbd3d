import { z } from "zod";

import { one } from "../db.ts";
import type { Sql } from "../db.ts";

/** People of a wave, each once, by what became of them; and what of it is still open. */
export const WaveStanding = z.object({
  told: z.int(),
  notReached: z.int(),
  excluded: z.int(),
  cancelled: z.int(),
  /** Told as a person decided, where nobody could know. */
  decided: z.int(),
  unknown: z.int(),
  held: z.int(),
  /** Letters that no mail house has confirmed. */
  letters: z.int(),
  /** Rejected, and not yet known whether another channel follows. */
  undecided: z.int(),
});
export type WaveStanding = z.output<typeof WaveStanding>;

/** How a wave stands, by people: told where any channel reached them. */
export function standingOf(sql: Sql, waveId: string): Promise<WaveStanding> {
  return one(
    WaveStanding,
    sql`
      with person as (
        select bool_or(d.state in ('accepted', 'delivered')) as told,
               bool_or(d.state in ('accepted', 'delivered') and a.evidence = 'person') as decided,
               bool_or(d.state = 'unknown') as unknown,
               bool_or(d.state = 'held') as held,
               bool_or(d.state = 'needs-letter') as letters,
               bool_or(d.state = 'rejected' and d.onward is null) as undecided,
               bool_or(d.state = 'not-reached' or d.state = 'rejected') as not_reached,
               bool_or(d.state = 'excluded') as excluded
          from delivery d
          left join attempt a on a.delivery_id = d.id and a.n = d.attempt
         where d.wave_id = ${waveId} group by d.recipient_id
      )
      select count(*) filter (where told)::int as told,
             count(*) filter (where decided)::int as decided,
             count(*) filter (where unknown)::int as unknown,
             count(*) filter (where held)::int as held,
             count(*) filter (where letters)::int as letters,
             count(*) filter (where undecided and not told)::int as undecided,
             count(*) filter (where not_reached and not told)::int as not_reached,
             count(*) filter (where excluded and not told and not not_reached)::int as excluded,
             count(*) filter (where not told and not not_reached and not excluded
                                and not unknown and not held and not letters)::int as cancelled
        from person`,
  );
}

/** How many people are in the frozen audiences of an incident together. */
export async function frozenPeople(sql: Sql, incidentId: string): Promise<number> {
  const { n } = await one(
    z.object({ n: z.int() }),
    sql`
      select coalesce(sum(count), 0)::int as n from audience
       where incident_id = ${incidentId} and state = 'frozen'`,
  );
  return n;
}
