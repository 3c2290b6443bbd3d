import { Task } from "../domain/task.ts";
import { one } from "./db.ts";
import type { Sql } from "./db.ts";

/**
 * Keep new tasks. A step of a runbook that the incident has already is left as it is, so a
 * runbook may be loaded again. Says how many were new.
 */
export async function insert(tx: Sql, tasks: readonly Task[]): Promise<number> {
  if (tasks.length === 0) return 0;
  const rows = tasks.map(
    ({ id, incidentId, version, position, title, detail, phase, ...rest }) => ({
      id,
      incident_id: incidentId,
      version,
      position,
      title,
      detail,
      phase,
      owner_role: rest.ownerRole,
      owner: rest.owner,
      due_at: rest.dueAt,
      runbook: rest.runbook,
    }),
  );
  const inserted = await tx`
    insert into task ${tx(rows)} on conflict (incident_id, runbook, position) do nothing`;
  return inserted.count;
}

/** How many tasks people added to an incident themselves. */
export async function countAdded(tx: Sql, incidentId: string): Promise<number> {
  const [row] = await tx<{ tasks: number }[]>`
    select count(*)::integer as tasks from task
     where incident_id = ${incidentId} and runbook is null`;
  return row?.tasks ?? 0;
}

/** A task of this incident, locked until the transaction ends. Refuses `not-found`. */
export function lock(tx: Sql, incidentId: string, id: string): Promise<Task> {
  return one(
    Task,
    tx`select * from task where id = ${id} and incident_id = ${incidentId} for update`,
  );
}

/** Keep a changed task; the caller holds its lock. */
export async function update(tx: Sql, task: Task): Promise<void> {
  await tx`
    update task
       set version = ${task.version}, owner = ${task.owner}, due_at = ${task.dueAt},
           done_at = ${task.doneAt}, done_by = ${task.doneBy}
     where id = ${task.id} and version = ${task.version - 1}`;
}
