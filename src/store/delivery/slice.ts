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

/** Leased slices, and the note that they are on their way into the queue. */
export interface Leased {
  readonly slices: readonly Slice[];
  readonly handingId: string | undefined;
}

/**
 * Lease deliveries, and note in the same transaction that their slices are to be handed over: call
 * `handed` when they were. What a process leaves that dies in between is found by that note.
 */
export async function leaseToHand(tx: Sql, which: Lease): Promise<Leased> {
  const slices = await lease(tx, which);
  if (slices.length === 0) return { slices, handingId: undefined };
  const [row] = await tx<{ id: string }[]>`
    insert into handing (slice_ids) values (${slices.map(({ sliceId }) => sliceId)}::uuid[])
    returning id`;
  return { slices, handingId: row?.id };
}

/** The queue has these slices now, or they were given back. */
export async function handed(sql: Sql, handingId: string): Promise<void> {
  await sql`delete from handing where id = ${handingId}`;
}

/**
 * Give back what was leased and never handed over. Slices that are in the queue after all, because
 * somebody was only slow, are jobs that find nothing. Answers how many rows.
 */
export async function takeBackUnhanded(tx: Sql): Promise<number> {
  const lost = await tx<{ sliceIds: string[] }[]>`
    delete from handing where begun_at < now() - ${HANDING}::interval returning slice_ids`;
  if (lost.length === 0) return 0;
  return giveBack(
    tx,
    lost.flatMap(({ sliceIds }) => sliceIds),
  );
}

/**
 * Lease due deliveries of a wave by one channel in slices of at most 100. Each slice has a new random id,
 * which is all that a job carries; a claim needs it, so a job of an earlier lease finds nothing.
 */
export function lease(tx: Sql, { waveId, channel, canaryOnly, rowsMax }: Lease): Promise<Slice[]> {
  return tx<Slice[]>`
    with due as materialized (
      select id from delivery
       where wave_id = ${waveId} and state = 'planned' and channel = ${channel} and next_at <= now()
         and (canary or not ${canaryOnly})
       order by next_at, id limit ${rowsMax} for update skip locked
    ), numbered as (
      select id, (row_number() over (order by id) - 1) / ${SLICE_ROWS}::int as part from due
    ), slice as materialized (
      select part, gen_random_uuid() as slice_id from numbered group by part
    ), leased as (
      update delivery d
         set state = 'leased', slice_id = s.slice_id, leased_until = now() + ${LEASE}::interval
        from numbered n join slice s using (part)
       where d.id = n.id
      returning d.slice_id
    )
    select slice_id, count(*)::int as rows from leased group by slice_id`;
}

/** Rows waiting in slices, by their channel, their incident and the priority of their waves. */
export function leasedCounts(sql: Sql): Promise<LeasedCount[]> {
  return sql<LeasedCount[]>`
    select d.channel, w.incident_id, w.priority, count(*)::int as rows
      from delivery d join wave w on w.id = d.wave_id
     where d.state = 'leased' group by d.channel, w.incident_id, w.priority`;
}

interface LeasedCount {
  readonly channel: string;
  readonly incidentId: string;
  readonly priority: number;
  readonly rows: number;
}

/** Give back what nobody claimed of these slices, due again in `inMs`. Answers how many rows. */
export async function giveBack(sql: Sql, sliceIds: readonly string[], inMs = 0): Promise<number> {
  const { count } = await sql`
    update delivery
       set state = 'planned', slice_id = null, leased_until = null,
           next_at = now() + ${inMs}::int * interval '1 millisecond'
     where slice_id = any(${sliceIds}::uuid[]) and state = 'leased'`;
  return count;
}

/** Slices with leased rows, and how many. */
export function leasedSlices(sql: Sql): Promise<{ sliceId: string; rows: number }[]> {
  return sql<{ sliceId: string; rows: number }[]>`
    select slice_id, count(*)::int as rows from delivery where state = 'leased' group by slice_id`;
}

/** Give back every lease: the Redis that knew the slices is gone. */
export async function giveBackAll(tx: Sql): Promise<number> {
  const { count } = await tx`
    update delivery set state = 'planned', slice_id = null, leased_until = null
     where state = 'leased'`;
  return count;
}

/** The wave and incident of a slice, while any row of it is leased, and whether it is of canaries. */
export async function sliceOf(
  sql: Sql,
  sliceId: string,
): Promise<{ waveId: string; incidentId: string; canary: boolean } | undefined> {
  const [row] = await sql<{ waveId: string; incidentId: string; canary: boolean }[]>`
    select d.wave_id, w.incident_id, w.state = 'canary' as canary
      from delivery d join wave w on w.id = d.wave_id
     where d.slice_id = ${sliceId} and d.state = 'leased' limit 1`;
  return row;
}

const SLICE_ROWS = 100;
/** Long enough for a slow provider; a lost job costs no more than this. */
const LEASE = "10 minutes";
/** Longer than Redis takes to hear of some jobs, and as long as a silent worker is waited for. */
const HANDING = "20 seconds";
