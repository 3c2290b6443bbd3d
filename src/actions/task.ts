import { randomUUID } from "node:crypto";

import type { Context } from "../context.ts";
import { expectNotClosed, refuseField } from "../domain/incident.ts";
import type { Incident } from "../domain/incident.ts";
import type { Actor, Role } from "../domain/staff.ts";
import { addedTask, changeTask, tasksOf } from "../domain/task.ts";
import type { NewTask, Runbook, Task, TaskChange } from "../domain/task.ts";
import { canonicalHash } from "../domain/timeline.ts";
import type { Fact } from "../domain/timeline.ts";
import type { Sql } from "../store/db.ts";
import * as incidents from "../store/incident.ts";
import * as store from "../store/task.ts";
import * as timeline from "../store/timeline.ts";

/**
 * Load a runbook into an incident, at any time and as often as one likes: steps that are there
 * already stay as they are. Says how many were new. Refuses an unknown runbook.
 */
export async function loadRunbook(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  runbookId: string,
) {
  const runbook = findRunbook(ctx.runbooks, runbookId);
  return ctx.sql.begin(async (tx) => {
    const incident = await lockOpen(tx, incidentId);
    const added = await store.insert(tx, tasksOf(runbook, incident, randomUUID));
    await append(ctx, tx, actor, {
      incidentId,
      action: "task.load-runbook",
      subject: `incident:${incidentId}`,
      after: { runbook: runbook.id, added },
    });
    return { runbook: runbook.id, added };
  });
}

/** Add a task. Refuses a closed incident and an owner who does not hold the role. */
export function add(ctx: Context, actor: Actor, incidentId: string, given: NewTask): Promise<Task> {
  return ctx.sql.begin(async (tx) => {
    const incident = await lockOpen(tx, incidentId);
    await expectHolds(tx, given.ownerRole, given.owner, ctx.now());
    const before = await store.countAdded(tx, incidentId);
    const task = addedTask(given, incident, randomUUID(), before);
    await store.insert(tx, [task]);
    await append(ctx, tx, actor, {
      incidentId,
      action: "task.add",
      subject: `task:${task.id}`,
      after: traceOf(task),
    });
    return task;
  });
}

export interface TaskPath {
  readonly incidentId: string;
  readonly taskId: string;
}

/** Assign, complete or reopen a task. Refuses a task of another incident (`not-found`). */
export function update(
  ctx: Context,
  actor: Actor,
  { incidentId, taskId }: TaskPath,
  given: TaskChange,
): Promise<Task> {
  return ctx.sql.begin(async (tx) => {
    await lockOpen(tx, incidentId);
    const before = await store.lock(tx, incidentId, taskId);
    const after = changeTask(before, given, actor, ctx.now());
    if (given.owner !== undefined && given.owner !== "nobody")
      await expectHolds(tx, after.ownerRole, given.owner, ctx.now());
    await store.update(tx, after);
    await append(ctx, tx, actor, {
      incidentId,
      action: verbOf(given),
      subject: `task:${taskId}`,
      before: traceOf(before),
      after: traceOf(after),
    });
    return after;
  });
}

/** The runbook of this id. Refuses one that is not there. */
export function findRunbook(runbooks: readonly Runbook[], id: string): Runbook {
  const found = runbooks.find((runbook) => runbook.id === id);
  return found ?? refuseField("runbook", "unknown", "There is no runbook of this name.");
}

async function lockOpen(tx: Sql, incidentId: string): Promise<Incident> {
  const incident = await incidents.lock(tx, incidentId);
  expectNotClosed(incident);
  return incident;
}

async function expectHolds(tx: Sql, role: Role, owner: string | undefined, now: Date) {
  if (owner === undefined) return;
  const missing = await incidents.rolesNotHeld(tx, { [role]: owner }, now);
  if (missing.length > 0)
    refuseField("owner", "role-not-held", "Name somebody who holds the task's role.");
}

function append(ctx: Context, tx: Sql, actor: Actor, fact: Omit<Fact, "actor" | "requestId">) {
  const { staffId, requestId } = actor;
  return timeline.append(tx, { ...fact, actor: staffId, requestId }, ctx.now());
}

function verbOf({ done }: TaskChange): string {
  if (done === undefined) return "task.assign";
  return done ? "task.complete" : "task.reopen";
}

/** What the timeline keeps of a task; of its title only the hash. */
function traceOf({ version, phase, ownerRole, owner, dueAt, doneAt, runbook, title }: Task) {
  return {
    version,
    phase,
    ownerRole,
    owner,
    dueAt: dueAt?.toISOString() ?? null,
    doneAt: doneAt?.toISOString() ?? null,
    runbook,
    titleHash: canonicalHash(title),
  };
}
