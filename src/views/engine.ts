import { z } from "zod";

import { Instant } from "../domain/instant.ts";
import { many, one } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** How the sending engine stands. No personal data. */
export const EngineStatus = z.object({
  sending: z.object({
    /** `comparing`: the database server was started again, and no worker has looked at it yet. */
    state: z.enum(["open", "locked", "comparing"]),
    reason: z.enum(["restored", "person"]).nullable(),
    since: Instant.nullable(),
    /** What was seen when it was locked: numbers of attempts here and in a witness. */
    facts: z.json().nullable(),
  }),
  /** Workers that beat in the last 20 s, and what keeps any of them from its work. */
  workers: z.array(z.object({ id: z.uuid(), startedAt: Instant, trouble: z.string().nullable() })),
  /** What failed too often and waits for a person. */
  parked: z.int(),
  /** Work that later stages have not heard of yet. */
  outbox: z.int(),
});
export type EngineStatus = z.output<typeof EngineStatus>;

/** The state of the engine, for an operator or a person who wonders why nothing goes out. */
export async function statusOf(sql: Sql): Promise<EngineStatus> {
  const [sending, workers, counts] = await Promise.all([
    one(
      EngineStatus.shape.sending,
      sql`
        select case when locked_reason is not null then 'locked'
                    when sending_open() then 'open' else 'comparing' end as state,
               locked_reason as reason, locked_at as since, locked_facts as facts
          from engine`,
    ),
    many(
      EngineStatus.shape.workers.element,
      sql`
        select id, started_at, trouble from worker
         where stopped_at is null and beat_at > now() - interval '20 seconds'
         order by started_at, id`,
    ),
    one(
      EngineStatus.pick({ parked: true, outbox: true }),
      sql`
        select count(*) filter (where parked_at is not null)::int as parked,
               count(*) filter (where parked_at is null)::int as outbox
          from outbox where done_at is null`,
    ),
  ]);
  return { sending, workers, ...counts };
}
