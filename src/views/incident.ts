import { z } from "zod";

import { SENSITIVITY_DEFAULTS, Sensitivity } from "../domain/element.ts";
import { Determination, Incident, IncidentState } from "../domain/incident.ts";
import { Instant } from "../domain/instant.ts";
import { Scope, sensitivityOf } from "../domain/scope.ts";
import { Task } from "../domain/task.ts";
import { many, one } from "../store/db.ts";
import type { Sql } from "../store/db.ts";
import * as tasks from "./task.ts";

/** One incident whole: what is known now, how sensitive it is, and what is left to do. */
export const IncidentOverview = z.object({
  incident: Incident,
  scope: Scope,
  sensitivity: z.object({
    /** What counts: a person's judgement, or else what the data elements give. */
    class: Sensitivity,
    derived: Sensitivity,
    tone: z.enum(["plain", "urgent", "gentle"]),
    channels: z.array(z.enum(["email", "letter"])),
    discreet: z.boolean(),
    approvals: z.int(),
  }),
  tasks: z.array(Task),
});
export type IncidentOverview = z.output<typeof IncidentOverview>;

/** One line of the list of incidents. */
export const IncidentLine = z.object({
  id: z.uuid(),
  title: z.string(),
  determination: Determination,
  state: IncidentState,
  awareAt: Instant,
  declaredAt: Instant,
  scopeVersion: z.int(),
  tasksOpen: z.int(),
  tasksLate: z.int(),
});
export type IncidentLine = z.output<typeof IncidentLine>;

export interface ListRequest {
  readonly state?: IncidentState | undefined;
  /** The id of the last incident of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** One incident whole. Refuses `not-found`. */
export async function overview(sql: Sql, incidentId: string): Promise<IncidentOverview> {
  const incident = await one(Incident, sql`select * from incident where id = ${incidentId}`);
  const scope = await one(
    Scope,
    sql`select * from scope where incident_id = ${incidentId} order by version desc limit 1`,
  );
  const derived = sensitivityOf(scope.facts);
  const judged = incident.sensitivityOverride ?? derived;
  const { channels, ...defaults } = SENSITIVITY_DEFAULTS[judged];
  return {
    incident,
    scope,
    sensitivity: { class: judged, derived, ...defaults, channels: [...channels] },
    tasks: await tasks.list(sql, incidentId),
  };
}

/** Incidents, the newest declaration first, a page at a time. */
export function list(sql: Sql, { state, after, limit }: ListRequest, now: Date) {
  return many(
    IncidentLine,
    sql`
      select incident.id, incident.title, determination, state, aware_at, declared_at,
             (select max(version) from scope where incident_id = incident.id) as scope_version,
             count(task.id)::integer as tasks_open,
             (count(task.id) filter (where task.due_at < ${now}))::integer as tasks_late
        from incident
        left join task on task.incident_id = incident.id and task.done_at is null
       where (${state ?? null}::text is null or state = ${state ?? null})
         and (${after ?? null}::uuid is null
              or (declared_at, incident.id) <
                 (select declared_at, id from incident where id = ${after ?? null}))
       group by incident.id
       order by declared_at desc, incident.id desc
       limit ${limit}`,
  );
}
