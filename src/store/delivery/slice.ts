import { randomUUID } from "node:crypto";

import type { SentChannel } from "../../domain/delivery.ts";
import type { Sql } from "../db.ts";

export interface Lease {
  readonly waveId: string;
  readonly channel: SentChannel;
  /** Only the canaries of the wave. */
  readonly canaryOnly: boolean;
  readonly rowsMax: number;
}

export interface Slice {
  readonly sliceId: string;
  readonly rows: number;
}

/**
 * Lease due deliveries of a wave by one channel in slices of at most 100. Each slice has a new random id,
 * which is all that a job carries; a claim needs it, so a job of an earlier lease finds nothing. Call
 * `handed` when the jobs are in the queue: what a process leaves that dies in between is found by that.
 */
export async function lease(
  tx: Sql,
  { waveId, channel, canaryOnly, rowsMax }: Lease,
): Promise<Slice[]> {
  const ids = Array.from({ length: Math.ceil(rowsMax / SLICE_ROWS) }, () => randomUUID());
  // However large the part of the table, these rows are reached by their keys.
  await tx`select set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`;
  return tx<Slice[]>`
    with due as materialized (
      select id from delivery
       where wave_id = ${waveId} and listed = 'planned' and channel = ${channel} and next_at <= now()
         and (canary or not ${canaryOnly})
       order by next_at, id limit ${rowsMax} for update skip locked
    ), numbered as (
      select id, ((row_number() over (order by id) - 1) / ${SLICE_ROWS}::int)::int as part from due
    ), leased as (
      update delivery d
         set state = 'leased', slice_id = (${ids}::uuid[])[n.part + 1], leased_until = null
        from numbered n where d.id = n.id
      returning d.slice_id
    )
    insert into slice (id, wave_id, channel, rows)
    select slice_id, ${waveId}, ${channel}, count(*) from leased group by slice_id
    returning id as slice_id, rows`;
}

/** The queue has these slices now. */
export async function handed(sql: Sql, sliceIds: readonly string[]): Promise<void> {
  await sql`
    update slice set handed = true
     where id in (select id from slice where id = any(${sliceIds}::uuid[])
                   order by id for no key update)`;
}

/**
 * Give back slices whose lease ran out, and those that were leased and never handed over. Those that
 * are in the queue after all, because somebody was only slow, are jobs that find nothing. Slices of
 * which nothing is leased or being sent are done with. Answers how many rows.
 */
export async function expireLeases(sql: Sql): Promise<number> {
  // Workers of the version before keep no slices: neither of their own leases, nor when they end ours.
  const lost = await sql<{ id: string }[]>`
    select s.id from slice s
     where s.leased_at < now() - ${HANDING}::interval
       and (not s.handed or s.leased_at < now() - ${LEASE}::interval
            or not exists (select from delivery d
                            where d.slice_id = s.id and d.state in ('leased', 'sending') offset 0))
    union
    select slice_id from delivery where leased_until < now() and state = 'leased'`;
  if (lost.length === 0) return 0;
  return giveBack(
    sql,
    lost.map(({ id }) => id),
  );
}

/**
 * Rows in slices that nobody is done with, by their channel, their incident and the priority of their
 * waves. A slice counts whole until then.
 */
export function leasedCounts(sql: Sql): Promise<LeasedCount[]> {
  return sql<LeasedCount[]>`
    select s.channel, w.incident_id, w.priority, sum(s.rows)::int as rows
      from slice s join wave w on w.id = s.wave_id
     group by s.channel, w.incident_id, w.priority`;
}

interface LeasedCount {
  readonly channel: string;
  readonly incidentId: string;
  readonly priority: number;
  readonly rows: number;
}

/**
 * Give back what nobody claimed of these slices, due again in `inMs` or when it was before: they are
 * done with, but for those of which something is being sent, which is found by them. Answers how many
 * rows.
 */
export async function giveBack(sql: Sql, sliceIds: readonly string[], inMs = 0): Promise<number> {
  const [given] = await sql<{ rows: number }[]>`
    with given as (
      update delivery
         set state = 'planned', slice_id = null, leased_until = null,
             next_at = case when ${inMs}::int > 0
                            then now() + ${inMs}::int * interval '1 millisecond' else next_at end
       -- In the order in which everybody locks them.
       where id in (select id from delivery
                     where slice_id = any(${sliceIds}::uuid[]) and state = 'leased'
                     order by id for update)
      returning true
    ), counted as materialized (select count(*)::int as rows from given
    ), gone as (
      delete from slice
       -- That waited for whoever was claiming, so a trigger sees now whether anything is being sent.
       where (select rows from counted) is not null
         and id in (select id from slice where id = any(${sliceIds}::uuid[]) order by id for update)
    )
    select rows from counted`;
  return given?.rows ?? 0;
}

/** Slices with leased rows, and how many. */
export function leasedSlices(sql: Sql): Promise<{ sliceId: string; rows: number }[]> {
  return sql<{ sliceId: string; rows: number }[]>`
    select slice_id, count(*)::int as rows from delivery
     where state = 'leased' and (slice_id in (select id from slice) or leased_until is not null)
     group by slice_id`;
}

/** Give back every lease: the Redis that knew the slices is gone. */
export async function giveBackAll(tx: Sql): Promise<number> {
  const all = await tx<{ id: string }[]>`
    select id from slice
    union
    select slice_id from delivery where leased_until is not null and state = 'leased'`;
  return giveBack(
    tx,
    all.map(({ id }) => id),
  );
}

/** What is to be sent of a slice. */
export interface Leased {
  readonly waveId: string;
  readonly incidentId: string;
  /** Whether it is of canaries. */
  readonly canary: boolean;
  /** How many rows are leased. */
  readonly rows: number;
}

/** The wave and incident of a slice, while any row of it is leased. */
export async function sliceOf(sql: Sql, sliceId: string): Promise<Leased | undefined> {
  const [row] = await sql<Leased[]>`
    select w.id as wave_id, w.incident_id, w.state = 'canary' as canary, count(*)::int as rows
      from delivery d join wave w on w.id = d.wave_id
     where d.slice_id = ${sliceId} and d.state = 'leased' group by w.id`;
  return row;
}

const SLICE_ROWS = 100;
/** Long enough for a slow provider; a lost job costs no more than this. */
const LEASE = "10 minutes";
/** Longer than Redis takes to hear of some jobs, and as long as a silent worker is waited for. */
const HANDING = "20 seconds";
