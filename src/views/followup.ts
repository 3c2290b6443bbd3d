import { z } from "zod";

import { Followup, FollowupState } from "../domain/followup.ts";
import { Instant } from "../domain/instant.ts";
import { many, one } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** A follow-up and whether its promise was kept. */
export const FollowupLine = Followup.omit({ tzVersion: true }).extend({
  /** `kept` once a wave of its notice began, or an update was published for it. */
  state: z.enum([...FollowupState.options, "kept"]),
  keptAt: Instant.nullable(),
  /** Past, and not kept. */
  missed: z.boolean(),
});
export type FollowupLine = z.output<typeof FollowupLine>;

/** The follow-ups of an incident, the next few to come included, in order. Refuses `not-found`. */
export async function followups(sql: Sql, incidentId: string, now: Date): Promise<FollowupLine[]> {
  await one(z.object({ id: z.uuid() }), sql`select id from incident where id = ${incidentId}`);
  return many(
    FollowupLine,
    sql`
      with line as (
        select f.*, case when state not in ('skipped', 'cancelled') then followup_kept_at(f) end
               as kept_at
          from followup f where incident_id = ${incidentId}
         order by due_at desc limit ${LINES_MAX}
      )
      select id, incident_id, plan_id, occurrence, local_date::text as local_date, local_time, zone,
             due_at, case when kept_at is null then state else 'kept' end as state, fired_at,
             taken_by, notice_id, submission_id, problem, reason, kept_at,
             state not in ('skipped', 'cancelled') and kept_at is null and due_at < ${now} as missed
        from line order by due_at, occurrence`,
  );
}

const LINES_MAX = 500;
