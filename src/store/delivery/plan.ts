import { z } from "zod";

import { DeliveryState } from "../../domain/delivery.ts";
import { ways } from "../audience/way.ts";
import type { WayQuery } from "../audience/way.ts";
import { many, one } from "../db.ts";
import type { Sql } from "../db.ts";
import { isUnsure } from "./taken.ts";

export interface Planning extends WayQuery {
  readonly waveId: string;
  /** How many planned e-mails go first. */
  readonly canary: number;
}

/**
 * The deliveries of a wave, in one statement, by the ways that lead to its people: one for each
 * person, or in the mode `all` one for each channel that reaches them. Each is `planned`, or ended
 * as `needs-letter`, `not-reached` or `excluded` with the reason. Canaries are spread evenly over
 * channels and people. Answers how many rows each state got.
 */
export async function plan(tx: Sql, planning: Planning): Promise<Record<string, number>> {
  const { waveId, canary, mode, channels } = planning;
  const each =
    mode === "all"
      ? tx`unnest(w.channels) as channel`
      : tx`(select w.channels[1] as channel) as one`;
  // A million people are sorted once; on disk that takes longer than writing the rows.
  await tx`set local work_mem = '256MB'`;
  const rows = await many(
    Count,
    tx`
      with way as (${ways(tx, planning, "everybody")}
      ), decided as (
        select w.id, w.reason, channel,
               case when channel = 'letter' then 'needs-letter' else 'planned' end as state
          from way w cross join lateral ${each}
         where w.state in ('planned', 'needs-letter')
         union all
        select id, reason, ${channels[0] ?? "email"}::text, state
          from way where state in ('excluded', 'not-reached')
      ), numbered as (
        select decided.*, count(*) over (partition by state) as total,
               row_number() over (partition by state order by channel collate "C") as n
          -- Sorted by the ids alone, which are quick to compare; then there is little left to sort.
          from (select * from decided order by id) as decided
      ), made as (
        insert into delivery (wave_id, recipient_id, channel, state, reason, canary, settled_at)
        select ${waveId}, id, channel, state, reason,
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

/** Waves with rejected deliveries of which nobody has decided yet whether another channel follows. */
export function withRejected(sql: Sql): Promise<{ id: string; incidentId: string }[]> {
  return many(
    z.object({ id: z.uuid(), incidentId: z.uuid() }),
    sql`
      select id, incident_id from wave w
       where state <> 'cancelled'
         and exists (select from delivery d
                      where d.wave_id = w.id and d.listed = 'rejected' and d.onward is null)
       order by id`,
  );
}

/**
 * Move people on whose delivery was rejected: the next channel of the plan that reaches them and
 * was not tried gets a delivery, `planned` or `needs-letter`; where none is left, the rejection is
 * where their wave ends. In the mode `all` every channel was tried from the start. Each rejection
 * is decided once, whoever asks. A number that stopped SMS closes that channel to the person, in
 * later waves too, and so does an address of which its server says at once that nobody is there. Answers how many rejections were decided, and how many deliveries are new.
 */
export async function passOn(
  tx: Sql,
  waveId: string,
  query: WayQuery,
): Promise<{ decided: number; planned: number; letters: number }> {
  const channels = query.mode === "all" ? [] : query.channels;
  const rows = await tx<{ channel: string | null }[]>`
    with ended as materialized (
      select id, recipient_id, channel, canary from delivery
       where wave_id = ${waveId} and listed = 'rejected' and onward is null
       order by id limit ${ROWS_MAX} for update skip locked
    ), closed as (
      insert into closed_channel (incident_id, recipient_id, channel, reason)
      select distinct w.incident_id, e.recipient_id, e.channel,
             case when e.channel = 'email' then 'hard-bounce' else 'stopped' end
        from ended e join wave w on w.id = ${waveId}
       where exists (select from attempt a where a.delivery_id = e.id
                        and (a.code = ${STOPPED}
                             or (e.channel = 'email' and a.class = 'recipient'
                                 and a.code ~ ${NOBODY_THERE})))
          or exists (select from receipt r where r.delivery_id = e.id and r.code = ${STOPPED})
      on conflict do nothing
    ), way as (${ways(tx, { ...query, channels }, "few")}
    ), chosen as (
      select e.id, e.recipient_id, e.canary,
             (select next.channel from unnest(way.channels) with ordinality as next (channel, n)
               where not exists (select from delivery tried
                                  where tried.wave_id = ${waveId}
                                    and tried.recipient_id = e.recipient_id
                                    and tried.channel = next.channel)
               order by next.n limit 1) as channel
        from ended e left join way on way.id = e.recipient_id and way.state <> 'excluded'
    ), made as (
      insert into delivery (wave_id, recipient_id, channel, state, canary, settled_at)
      select ${waveId}, recipient_id, channel,
             case when channel = 'letter' then 'needs-letter' else 'planned' end,
             canary and channel <> 'letter',
             case when channel = 'letter' then now() end
        from chosen where channel is not null
      on conflict (wave_id, recipient_id, channel) do nothing
    )
    update delivery d set onward = c.channel is not null
      from chosen c where d.id = c.id
    returning c.channel`;
  const letters = rows.filter(({ channel }) => channel === "letter").length;
  const onward = rows.filter(({ channel }) => channel !== null).length;
  return { decided: rows.length, planned: onward - letters, letters };
}

/** Deliveries by their ids: those above the first and up to the last. */
export interface Span {
  readonly after: number;
  readonly upTo: number;
}

/** Between which ids the deliveries of a wave are that may have to be cancelled. */
export function openSpan(sql: Sql, waveId: string): Promise<Span> {
  return one(
    OpenSpan,
    sql`
      select coalesce(min(id), 1) - 1 as after, coalesce(max(id), 0) as up_to
        from (select id from delivery
               where wave_id = ${waveId}
                 and state in ('planned', 'leased', 'held', 'needs-letter') offset 0) as open`,
  );
}

/**
 * What is not yet sent will not be; what may have been sent before stays unknown. A letter that was
 * downloaded to be mailed may be on its way, and its receipts say what became of it.
 */
export async function cancelOpen(tx: Sql, waveId: string, { after, upTo }: Span): Promise<void> {
  await tx`
    with open as materialized (
      select d.id, d.attempt from delivery d
       where d.wave_id = ${waveId} and d.id > ${after}::bigint and d.id <= ${upTo}::bigint
         and (d.state in ('planned', 'leased', 'held')
              or (d.state = 'needs-letter'
                  and not exists (select from letter l join letter_batch b on b.id = l.batch_id
                                   where l.delivery_id = d.id and l.live
                                     and b.state = 'downloaded')))
       -- In the order in which everybody locks them.
       order by d.id for update of d
    )
    update delivery d
       set state = case when unsure then 'unknown' else 'cancelled' end,
           slice_id = null, leased_until = null, settled_at = now()
      from open f cross join lateral (select ${isUnsure(tx, "f")} as unsure) t
     where d.id = f.id`;
}

/** Cancelled waves some of whose deliveries may not be yet. */
export function cancelling(sql: Sql): Promise<{ id: string; incidentId: string }[]> {
  return many(
    z.object({ id: z.uuid(), incidentId: z.uuid() }),
    sql`
      select id, incident_id from wave where state = 'cancelled' and ended_at is null order by id`,
  );
}

const OpenSpan = z.object({ after: z.coerce.number(), upTo: z.coerce.number() });
const Count = z.object({ state: DeliveryState, count: z.number().int() });
const ROWS_MAX = 1_000;
/** Twilio: the recipient answered STOP. */
const STOPPED = "21610";
/**
 * How a server refuses a recipient who does not exist. A reply code alone may be about a relay that
 * is set up wrong, and so about everybody. An address that no server takes for one is none.
 */
const NOBODY_THERE = "^(EENVELOPE|5\\d\\d 5\\.(1\\.(1|2|3|6|10)|2\\.1|4\\.4))$";
