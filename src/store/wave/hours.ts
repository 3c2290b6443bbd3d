import { z } from "zod";

import { LocalHours } from "../../domain/approval.ts";
import { Instant, Zone } from "../../domain/instant.ts";
import { one } from "../db.ts";
import type { Sql } from "../db.ts";

/**
 * When the people of a wave may be written to, the zone of its incident, and the instant that
 * does not wait for any hour: the deadline, or the end of the approved window where that is
 * sooner.
 */
export function ofWave(sql: Sql, waveId: string): Promise<z.output<typeof Approved>> {
  return one(
    Approved,
    sql`
      select s.local_hours, i.aware_zone as zone, least(w.deadline, w.not_after) as ends_at
        from wave w
        join submission s on s.id = w.submission_id
        join incident i on i.id = w.incident_id
       where w.id = ${waveId}`,
  );
}

/** Whether this is the first time that it must be said that a deadline overrides the hours. */
export async function noteOverride(tx: Sql, waveId: string): Promise<boolean> {
  const { count } = await tx`
    update wave set override_noted_at = now()
     where id = ${waveId} and override_noted_at is null`;
  return count === 1;
}

/** How many messages of a wave went out, or may have, at an hour that was not approved. */
export async function overridden(sql: Sql, waveId: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from delivery
     where wave_id = ${waveId} and reason = ${OVERRIDDEN}
       and (select override_noted_at is not null from wave where id = ${waveId})`;
  return row?.count ?? 0;
}

/** The reason of a delivery that went out in spite of the hours. */
export const OVERRIDDEN = "despite-hours";

const Approved = z.object({
  localHours: LocalHours.nullable(),
  zone: Zone,
  endsAt: Instant.nullable(),
});
