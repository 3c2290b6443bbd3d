import { z } from "zod";

import { Incident } from "../domain/incident.ts";
import type { Owners } from "../domain/incident.ts";
import { many, one } from "./db.ts";
import type { Sql } from "./db.ts";

/** Keep a newly declared incident. */
export async function insert(tx: Sql, incident: Incident): Promise<void> {
  await tx`
    insert into incident (id, version, title, determination, state, aware_at, aware_zone,
                          owners, runbook, declared_by, declared_at)
    values (${incident.id}, ${incident.version}, ${incident.title}, ${incident.determination},
            ${incident.state}, ${incident.awareAt}, ${incident.awareZone},
            ${tx.json(incident.owners)}, ${incident.runbook}, ${incident.declaredBy},
            ${incident.declaredAt})`;
}

/** An incident, or `not-found`. */
export function find(sql: Sql, id: string): Promise<Incident> {
  return one(Incident, sql`select * from incident where id = ${id}`);
}

/**
 * An incident, locked until the transaction ends. Refuses `not-found`. Rows that only name it may be
 * written meanwhile: planning a million deliveries holds up nobody else's.
 */
export function lock(tx: Sql, id: string): Promise<Incident> {
  return one(Incident, tx`select * from incident where id = ${id} for no key update`);
}

/** Keep a changed incident; the caller holds its lock. */
export async function update(tx: Sql, incident: Incident): Promise<void> {
  await tx`
    update incident
       set version = ${incident.version}, title = ${incident.title},
           determination = ${incident.determination}, state = ${incident.state},
           sensitivity_override = ${incident.sensitivityOverride},
           sensitivity_reason = ${incident.sensitivityReason},
           owners = ${tx.json(incident.owners)}
     where id = ${incident.id} and version = ${incident.version - 1}`;
}

/** Of these owners, the roles whose person does not hold the role now, or has left. */
export async function rolesNotHeld(tx: Sql, owners: Owners, now: Date): Promise<string[]> {
  const entries = Object.entries(owners);
  const rows = await many(
    z.object({ role: z.string() }),
    tx`
      select given.role
        from unnest(${entries.map(([role]) => role)}::text[],
                    ${entries.map(([, staffId]) => staffId)}::uuid[]) as given (role, staff_id)
       where not exists (
         select from role_grant
           join staff on staff.id = role_grant.staff_id
          where role_grant.staff_id = given.staff_id and role_grant.role = given.role
            and role_grant.granted_at <= ${now} and staff.disabled_at is null)
       order by given.role`,
  );
  return rows.map(({ role }) => role);
}

/** The incidents that may oblige us to anything, the earliest awareness first. */
export function live(sql: Sql): Promise<{ id: string }[]> {
  return many(
    z.object({ id: z.uuid() }),
    sql`
      select id from incident where state <> 'closed' and determination <> 'false-positive'
       order by aware_at, id`,
  );
}

/** The ids of all incidents, the earliest awareness first. */
export async function every(sql: Sql): Promise<string[]> {
  const rows = await many(
    Incident.pick({ id: true }),
    sql`select id from incident order by aware_at, id`,
  );
  return rows.map(({ id }) => id);
}
