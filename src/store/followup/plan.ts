import { z } from "zod";

import { FollowupPlan } from "../../domain/followup.ts";
import { Role, may } from "../../domain/staff.ts";
import { many, maybeOne, one } from "../db.ts";
import type { Sql } from "../db.ts";

/** The plan of an incident that is in force, if there is one. */
export function live(sql: Sql, incidentId: string): Promise<FollowupPlan | undefined> {
  return maybeOne(
    FollowupPlan,
    sql`select * from followup_plan where incident_id = ${incidentId} and ended_at is null`,
  );
}

/** One plan, in force or not. */
export function find(sql: Sql, id: string): Promise<FollowupPlan> {
  return one(FollowupPlan, sql`select * from followup_plan where id = ${id}`);
}

/** The version that the next plan of an incident gets. */
export async function nextVersion(tx: Sql, incidentId: string): Promise<number> {
  const [row] = await tx<{ next: number }[]>`
    select coalesce(max(version), 0)::int + 1 as next from followup_plan
     where incident_id = ${incidentId}`;
  return row?.next ?? 1;
}

/** Keep a new plan. The caller holds the incident's lock and has ended the plan before. */
export async function insert(tx: Sql, plan: FollowupPlan): Promise<void> {
  await tx`
    insert into followup_plan (id, incident_id, version, zone, rule, owners, sending, created_by,
                               created_at)
    values (${plan.id}, ${plan.incidentId}, ${plan.version}, ${plan.zone}, ${tx.json(plan.rule)},
            ${plan.owners}, ${plan.sending && tx.json(plan.sending)}, ${plan.createdBy},
            ${plan.createdAt})`;
}

/** End a plan: nothing more comes of it. */
export async function end(tx: Sql, id: string, now: Date): Promise<void> {
  await tx`update followup_plan set ended_at = ${now} where id = ${id} and ended_at is null`;
}

/** The incidents that are closed while a plan is still in force. */
export async function ofClosed(sql: Sql): Promise<string[]> {
  const rows = await sql<{ incidentId: string }[]>`
    select p.incident_id from followup_plan p join incident i on i.id = p.incident_id
     where p.ended_at is null and i.state = 'closed'`;
  return rows.map(({ incidentId }) => incidentId);
}

/** Of these people, those who are not on staff now in a role that may act on a follow-up. */
export async function notOwners(tx: Sql, owners: readonly string[], now: Date): Promise<string[]> {
  const rows = await many(
    z.object({ id: z.uuid() }),
    tx`
      select given.id from unnest(${[...owners]}::uuid[]) as given (id)
       where not exists (
         select from staff s join role_grant g on g.staff_id = s.id
          where s.id = given.id and s.disabled_at is null and g.role = any(${KEEPERS})
            and g.granted_at <= ${now})`,
  );
  return rows.map(({ id }) => id);
}

/** Who looks after a follow-up now: its owners, or where none of them is left, all who may. */
export async function keepers(sql: Sql, owners: readonly string[]): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from followup_keepers(${[...owners]}, ${KEEPERS}) as id order by id`;
  return rows.map(({ id }) => id);
}

const KEEPERS = Role.options.filter((role) => may([role], "followup:write"));
