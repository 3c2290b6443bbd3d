import { z } from "zod";

import { DeliveryState } from "../../domain/delivery.ts";
import { ways } from "../audience/way.ts";
import type { WayQuery } from "../audience/way.ts";
import { many } from "../db.ts";
import type { Sql } from "../db.ts";

export interface Planning extends WayQuery {
  readonly waveId: string;
  /** How many planned e-mails go first. */
  readonly canary: number;
}

/**
 * One delivery for each person of the audience, in one statement, by the way that leads to them:
 * `planned` by e-mail, or ended as `needs-letter`, `not-reached` or `excluded` with the reason.
 * Canaries are spread evenly. Answers how many rows each state got.
 */
export async function plan(tx: Sql, planning: Planning): Promise<Record<string, number>> {
  const { waveId, canary } = planning;
  // A million people are sorted once; on disk that takes longer than writing the rows.
  await tx`set local work_mem = '256MB'`;
  const rows = await many(
    Count,
    tx`
      with decided as (${ways(tx, planning)}
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
