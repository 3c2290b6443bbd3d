import { z } from "zod";

import { Relief } from "../../domain/obligation/record.ts";
import { many, one } from "../db.ts";
import type { Sql } from "../db.ts";

/** The holds and the duties set aside of an incident, the newest first. */
export function ofIncident(sql: Sql, incidentId: string): Promise<Relief[]> {
  return many(
    Relief,
    sql`
      select * from obligation_relief where incident_id = ${incidentId}
       order by proposed_at desc, id`,
  );
}

/** One of them, locked until the transaction ends. Refuses `not-found`. */
export function lock(tx: Sql, incidentId: string, id: string): Promise<Relief> {
  return one(
    Relief,
    tx`
      select * from obligation_relief where incident_id = ${incidentId} and id = ${id} for update`,
  );
}

/** Keep a new one. */
export async function insert(tx: Sql, relief: Relief): Promise<void> {
  await tx`
    insert into obligation_relief (id, incident_id, kind, obligations, asked_by, since, until,
                                   reason, waiver, proposed_by, proposed_at, agreed_by, agreed_at)
    values (${relief.id}, ${relief.incidentId}, ${relief.kind}, ${relief.obligations},
            ${relief.askedBy}, ${relief.since}, ${relief.until}, ${relief.reason},
            ${relief.waiver}, ${relief.proposedBy}, ${relief.proposedAt}, ${relief.agreedBy},
            ${relief.agreedAt})`;
}

/** Keep that it was agreed to, or ended; the caller holds its lock. */
export async function save(tx: Sql, relief: Relief): Promise<void> {
  await tx`
    update obligation_relief
       set agreed_by = ${relief.agreedBy}, agreed_at = ${relief.agreedAt},
           ended_by = ${relief.endedBy}, ended_at = ${relief.endedAt},
           end_reason = ${relief.endReason}
     where id = ${relief.id}`;
}

/** How many people have an account that is not disabled. */
export async function staffCount(sql: Sql): Promise<number> {
  const { n } = await one(
    z.object({ n: z.int() }),
    sql`select count(*)::int as n from staff where disabled_at is null`,
  );
  return n;
}
