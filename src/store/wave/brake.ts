import { z } from "zod";

import { Judged, enoughTried } from "../../domain/wave/brake.ts";
import type { CanaryCounts, WaveCounts } from "../../domain/wave/brake.ts";
import { one } from "../db.ts";
import type { Sql } from "../db.ts";

/** How the canary deliveries of a wave fare. */
export function canaryCounts(sql: Sql, waveId: string): Promise<CanaryCounts> {
  return one(
    Canary,
    sql`
      select count(*) filter (where state in ('planned', 'leased', 'sending'))::int as open,
             count(*) filter (where state in ('accepted', 'delivered'))::int as accepted,
             count(*) filter (where state = 'rejected')::int as rejected,
             count(*) filter (where state = 'unknown')::int as unknown,
             count(*) filter (where state = 'held')::int as held,
             count(*) filter (where exists (
               select from receipt r where r.delivery_id = d.id and r.status = 'complained'
             ))::int as complained
        from delivery d where wave_id = ${waveId} and canary`,
  );
}

/**
 * What goes wrong in a wave. The deliveries tried are counted no further than where these faults
 * would no longer matter: a million rows are not counted every second.
 */
export async function waveCounts(sql: Sql, waveId: string): Promise<WaveCounts> {
  const faults = await one(
    Faults,
    sql`
      select (select count(*) from delivery where wave_id = ${waveId} and state = 'held')::int as held,
             (select count(distinct d.id)
                from receipt r join delivery d on d.id = r.delivery_id and d.wave_id = ${waveId}
               where r.status = 'complained')::int as complained`,
  );
  const most = enoughTried(faults);
  if (most === 0) return { ...faults, tried: 0 };
  const { tried } = await one(
    Tried,
    sql`
      select count(*)::int as tried from (
        select from delivery
         where wave_id = ${waveId} and state in ('accepted', 'delivered', 'rejected', 'unknown', 'held')
         limit ${most}
      ) as counted`,
  );
  return { ...faults, tried };
}

/** What two people had judged when they let a wave go on. */
export async function judgedOf(sql: Sql, waveId: string): Promise<Judged> {
  const { judged } = await one(
    z.object({ judged: Judged }),
    sql`select judged from wave where id = ${waveId}`,
  );
  return judged;
}

/** Keep what is wrong with a wave at this moment as judged. */
export async function judge(tx: Sql, waveId: string): Promise<void> {
  const canary = await canaryCounts(tx, waveId);
  const { held, complained } = await waveCounts(tx, waveId);
  const judged: Judged = {
    canaryFailed: canary.rejected + canary.held,
    canaryComplained: canary.complained,
    held,
    complained,
  };
  await tx`update wave set judged = ${tx.json({ ...judged })} where id = ${waveId}`;
}

const count = z.int();
const Canary = z.object({
  open: count,
  accepted: count,
  rejected: count,
  unknown: count,
  held: count,
  complained: count,
});
const Faults = z.object({ held: count, complained: count });
const Tried = z.object({ tried: count });
