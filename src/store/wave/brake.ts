import { isDeepStrictEqual } from "node:util";

import { z } from "zod";

import {
  Judged,
  NOTHING_JUDGED,
  enoughTried,
  faultsNow,
  stillJudged,
} from "../../domain/wave/brake.ts";
import type { CanaryCounts, NewestCounts, WaveCounts } from "../../domain/wave/brake.ts";
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
      select (select count(*) from delivery where wave_id = ${waveId} and listed = 'held')::int as held,
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

/**
 * How the deliveries of a wave have ended that were attempted last: of the newest attempts of all
 * waves those of this one. A million rows are not counted every second, and what was sent well for
 * hours says nothing of a relay that refuses everybody now.
 */
export function newestCounts(
  sql: Sql,
  waveId: string,
  { attempts }: Pick<Judged, "attempts">,
): Promise<NewestCounts> {
  return one(
    Newest,
    sql`
      with newest as materialized (
        select delivery_id, n from attempt
         where seq is not null and seq > ${attempts}::bigint order by seq desc limit ${NEWEST}
      )
      select count(*)::int as tried, count(*) filter (where d.state = 'rejected')::int as rejected
        from newest a
       -- Each row by its key alone: no index of the wave helps to find a single one.
       cross join lateral (
         select wave_id, attempt, state from delivery where id = a.delivery_id offset 0) d
       where d.wave_id = ${waveId} and d.attempt = a.n
         and d.state in ('accepted', 'delivered', 'rejected', 'unknown', 'held')`,
  );
}

/** What two people had judged when they let a wave go on. */
async function judgedOf(sql: Sql, waveId: string): Promise<Judged> {
  const { judged } = await one(
    z.object({ judged: Judged }),
    sql`select judged from wave where id = ${waveId}`,
  );
  return judged;
}

/** Keep what is wrong with a wave at this moment as judged. */
export async function judge(tx: Sql, waveId: string): Promise<void> {
  const { rejected } = await newestCounts(tx, waveId, await judgedOf(tx, waveId));
  const judged: Judged = {
    ...faultsNow(await canaryCounts(tx, waveId), await waveCounts(tx, waveId)),
    rejected,
    attempts: await newestAttempt(tx),
  };
  await tx`update wave set judged = ${tx.json({ ...judged })} where id = ${waveId}`;
}

/**
 * What goes wrong in a wave, and what of that was judged. What is put right since is forgotten,
 * unless others have judged meanwhile.
 */
export async function faultsOf(sql: Sql, waveId: string): Promise<Faulty> {
  const before = await judgedOf(sql, waveId);
  const canary = await canaryCounts(sql, waveId);
  const all = await waveCounts(sql, waveId);
  const judged = stillJudged(before, faultsNow(canary, all));
  if (!isDeepStrictEqual(judged, before))
    await sql`
      update wave set judged = ${sql.json({ ...judged })}
       where id = ${waveId}
         and ${sql.json({ ...NOTHING_JUDGED })} || judged = ${sql.json({ ...before })}`;
  return { canary, all, judged };
}

export interface Faulty {
  readonly canary: CanaryCounts;
  readonly all: WaveCounts;
  readonly judged: Judged;
}

async function newestAttempt(sql: Sql): Promise<number> {
  const { newest } = await one(
    z.object({ newest: z.coerce.number() }),
    sql`select coalesce(max(seq), 0) as newest from attempt where seq is not null`,
  );
  return newest;
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
const Newest = z.object({ tried: count, rejected: count });
/** What one index scan reads in milliseconds. */
const NEWEST = 1_000;
