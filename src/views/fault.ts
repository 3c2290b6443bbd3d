import { z } from "zod";

import { one } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** What readers complained about, of a wave and of its canaries, and what may have gone out twice. */
export function faultsOf(sql: Sql, waveId: string): Promise<z.output<typeof Faults>> {
  return one(
    Faults,
    sql`
      with complained as (
        select distinct d.id, d.canary
          from receipt r join delivery d on d.id = r.delivery_id and d.wave_id = ${waveId}
         where r.status = 'complained'
      )
      select (select count(*) from complained)::int as complained,
             (select count(*) from complained where canary)::int as canary_complained,
             (select count(*)
                from attempt a join delivery d on d.id = a.delivery_id
               where d.wave_id = ${waveId}
                 and (a.possible_duplicate
                      -- Nobody knows of the first copy, and the second arrived.
                      or (a.unsure and a.n < d.attempt
                          and d.state in ('accepted', 'delivered'))))::int as duplicates`,
  );
}

const Faults = z.object({
  complained: z.int(),
  canaryComplained: z.int(),
  duplicates: z.int(),
});
