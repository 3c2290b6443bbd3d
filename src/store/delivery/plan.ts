import { z } from "zod";

import { DeliveryState } from "../../domain/delivery.ts";
import { many } from "../db.ts";
import type { Sql } from "../db.ts";

export interface Planning {
  readonly waveId: string;
  readonly audienceId: string;
  readonly incidentId: string;
  readonly channels: readonly string[];
  readonly consent: "agreed" | "not-refused" | "any";
  /** How many planned e-mails go first. */
  readonly canary: number;
}

/**
 * One delivery for each person of the audience, in one statement. E-mail goes only where the
 * consent rule allows it; everyone else ends `needs-letter`, or `not-reached` where there is
 * no postal address either. People who are suppressed are `excluded` with the reason.
 * Canaries are spread evenly. Answers how many rows each state got.
 */
export async function plan(tx: Sql, planning: Planning): Promise<Record<string, number>> {
  const { waveId, audienceId, incidentId, channels, consent, canary } = planning;
  // A million people are sorted once; on disk that takes longer than writing the rows.
  await tx`set local work_mem = '256MB'`;
  const rows = await many(
    Count,
    tx`
      with decided as (
        select r.id, s.reason,
               case when s.reason is not null then 'excluded'
                    when ${channels.includes("email")} and r.has_email
                         and (${consent} = 'any' or r.agreed = 'yes'
                              or (${consent} = 'not-refused' and r.agreed <> 'no')) then 'planned'
                    when ${channels.includes("letter")} and r.has_post then 'needs-letter'
                    else 'not-reached' end as state
          from recipient r
          left join suppression s on s.incident_id = ${incidentId} and s.recipient_id = r.id
         where r.audience_id = ${audienceId}
      ), numbered as (
        select decided.*, count(*) over (partition by state) as total,
               row_number() over (partition by state order by id) as n
          from decided
      ), made as (
        insert into delivery (wave_id, recipient_id, channel, state, reason, canary, settled_at)
        select ${waveId}, id, case state when 'needs-letter' then 'letter' else 'email' end,
               state, reason,
               state = 'planned' and (total <= ${canary}::int
                 or n * ${canary}::int / total <> (n - 1) * ${canary}::int / total),
               case when state <> 'planned' then now() end
          from numbered
        returning state
      )
      select state, count(*)::int as count from made group by state order by state`,
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

/** What is not yet sent will not be. Answers how many rows that ends. */
export async function cancelOpen(tx: Sql, waveId: string): Promise<number> {
  const { count } = await tx`
    update delivery
       set state = 'cancelled', slice_id = null, leased_until = null, settled_at = now()
     where wave_id = ${waveId} and state in ('planned', 'leased', 'held')`;
  return count;
}

const Count = z.object({ state: DeliveryState, count: z.number().int() });
