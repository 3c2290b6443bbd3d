import { z } from "zod";

import { Wave } from "../domain/wave.ts";
import { many } from "./db.ts";
import type { Sql } from "./db.ts";
import { giveBackAll } from "./delivery/slice.ts";
import { doubt } from "./delivery/sweep.ts";

/** Every wave that has not come to its end, locked. */
export function lockUnended(tx: Sql): Promise<Wave[]> {
  return many(
    Wave,
    tx`select * from wave where state not in ('done', 'cancelled') order by id for no key update`,
  );
}

/**
 * Nothing of a restored database goes on by itself: what was leased is planned again, and what
 * was being sent is unknown. Answers how many rows of each.
 */
export async function standStill(tx: Sql): Promise<{ leased: number; sending: number }> {
  return { leased: await giveBackAll(tx), sending: await doubt(tx) };
}

/**
 * Number deliveries from far above on: those that were made after the backup had numbers too, and
 * providers still report about them.
 */
export async function leapAhead(tx: Sql): Promise<void> {
  await tx`
    with own as materialized (select pg_get_serial_sequence('delivery', 'id') as name)
    select setval(own.name, nextval(own.name) + ${LEAP}) from own`;
}

/** More than an organisation has customers to write to between a backup and its use. */
const LEAP = 1_000_000_000;

const InDoubt = z.object({
  waveId: z.uuid(),
  incidentId: z.uuid(),
  state: z.string(),
  planned: z.int(),
  leased: z.int(),
  sending: z.int(),
  unknown: z.int(),
  /** Rejected ones of whom nobody has decided yet whether another channel follows. */
  rejected: z.int(),
});
export type InDoubt = z.output<typeof InDoubt>;

/**
 * What this database calls unsent, or undecided, by wave: of a restored one, it may have been sent
 * since. An ended wave is among them where something of it may follow by itself.
 */
export function inDoubt(sql: Sql): Promise<InDoubt[]> {
  return many(
    InDoubt,
    sql`
      select w.id as wave_id, w.incident_id, w.state,
             count(*) filter (where d.state = 'planned')::int as planned,
             count(*) filter (where d.state = 'leased')::int as leased,
             count(*) filter (where d.state = 'sending')::int as sending,
             count(*) filter (where d.state = 'unknown')::int as unknown,
             count(*) filter (where d.state = 'rejected')::int as rejected
        from wave w left join delivery d
          on d.wave_id = w.id and (d.state in ('planned', 'leased', 'sending', 'unknown')
                                   or (d.state = 'rejected' and d.onward is null))
       where w.state not in ('done', 'cancelled') or (w.state = 'done' and d.id is not null)
       group by w.id order by w.started_at, w.id`,
  );
}

/** Approvals that no wave has used: one may have been used after the backup was made. */
export async function unusedApprovals(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from submission s
     where s.closed_at is null
       and exists (select from approval a where a.submission_id = s.id)
       and not exists (select from wave w where w.submission_id = s.id)`;
  return row?.count ?? 0;
}

/** Messages of our own that wait to be sent. */
export async function waitingMessages(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from message where state = 'planned'`;
  return row?.count ?? 0;
}
