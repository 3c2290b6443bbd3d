import { IncidentState } from "../domain/incident.ts";
import { Task } from "../domain/task.ts";
import { many, one } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** The tasks of an incident as one works through them. Refuses `not-found`. */
export async function list(sql: Sql, incidentId: string): Promise<Task[]> {
  await one(Task.pick({ id: true }), sql`select id from incident where id = ${incidentId}`);
  return many(
    Task,
    sql`
      select * from task
       where incident_id = ${incidentId}
       order by array_position(${IncidentState.options}::text[], phase),
                due_at nulls last, runbook nulls last, position, id`,
  );
}
