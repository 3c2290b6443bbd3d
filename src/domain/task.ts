import { Duration } from "luxon";
import { z } from "zod";

import { Id } from "./id.ts";
import { IncidentState } from "./incident.ts";
import type { Incident } from "./incident.ts";
import { Instant } from "./instant.ts";
import { expectVersion, refuse } from "./refusal.ts";
import { Role } from "./staff.ts";
import type { Actor } from "./staff.ts";
import { line, text } from "./text.ts";

/** One step of a runbook: what to do, by whom, and how long after awareness at the latest. */
export const RunbookStep = z.strictObject({
  title: line(160),
  phase: IncidentState,
  owner: Role,
  /** ISO 8601 duration after awareness, such as `PT1H` or `P3D`. */
  due: z.string().refine(isDuration, { message: "Write a duration such as PT1H or P3D." }),
  detail: text(5_000),
});
export type RunbookStep = z.output<typeof RunbookStep>;

/** A list of tasks written before anybody needed it; a file of `runbooks/incident/`. */
export const Runbook = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{1,59}$/),
  title: line(160),
  /** In which situation it is the right one. */
  when: text(1_000),
  source: z.array(line(300)).min(1).max(20),
  steps: z.array(RunbookStep).min(1).max(60),
});
export type Runbook = z.output<typeof Runbook>;

/** Something a person does about an incident. */
export const Task = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  version: z.int().positive(),
  /** Place within its runbook, or among the tasks that people added. */
  position: z.int().positive(),
  title: z.string(),
  detail: z.string(),
  phase: IncidentState,
  ownerRole: Role,
  owner: z.uuid().nullable(),
  dueAt: Instant.nullable(),
  doneAt: Instant.nullable(),
  doneBy: z.uuid().nullable(),
  runbook: z.string().nullable(),
});
export type Task = z.output<typeof Task>;

/** A task that a person adds. */
export const NewTask = z.strictObject({
  title: line(160),
  detail: text(5_000).optional(),
  phase: IncidentState.exclude(["closed"]),
  ownerRole: Role,
  owner: Id.optional(),
  dueAt: Instant.optional(),
});
export type NewTask = z.output<typeof NewTask>;

/** What may be changed of a task, against the version that the caller saw. */
export const TaskChange = z.strictObject({
  version: z.int().positive(),
  /** A staff id, or `nobody`. */
  owner: z.union([z.literal("nobody"), Id]).optional(),
  dueAt: Instant.optional(),
  done: z.boolean().optional(),
});
export type TaskChange = z.output<typeof TaskChange>;

/** What every task of an incident shares when a runbook is loaded into it. */
type Home = Pick<Incident, "id" | "awareAt" | "owners">;

/** The tasks of a runbook: due after awareness, owned by whoever leads for the role. */
export function tasksOf(runbook: Runbook, home: Home, newId: () => string): Task[] {
  return runbook.steps.map((step, i) => ({
    id: newId(),
    incidentId: home.id,
    version: 1,
    position: i + 1,
    title: step.title,
    detail: step.detail,
    phase: step.phase,
    ownerRole: step.owner,
    owner: home.owners[step.owner] ?? null,
    dueAt: new Date(home.awareAt.getTime() + Duration.fromISO(step.due).toMillis()),
    doneAt: null,
    doneBy: null,
    runbook: runbook.id,
  }));
}

/** A task that a person adds, after `tasksBefore` others. */
export function addedTask(given: NewTask, home: Home, id: string, tasksBefore: number): Task {
  return {
    id,
    incidentId: home.id,
    version: 1,
    position: tasksBefore + 1,
    title: given.title,
    detail: given.detail ?? "",
    phase: given.phase,
    ownerRole: given.ownerRole,
    owner: given.owner ?? home.owners[given.ownerRole] ?? null,
    dueAt: given.dueAt ?? null,
    doneAt: null,
    doneBy: null,
    runbook: null,
  };
}

/**
 * Assign, complete or reopen a task. Refuses `stale-version`, and completing what is done or
 * reopening what is not (`wrong-state`).
 */
export function changeTask(task: Task, given: TaskChange, actor: Actor, now: Date): Task {
  expectVersion(task.version, given.version);
  const { owner, dueAt, done } = given;
  if (done !== undefined && done === (task.doneAt !== null))
    refuse("wrong-state", done ? "This task is done already." : "This task is not done yet.");
  return {
    ...task,
    version: task.version + 1,
    dueAt: dueAt ?? task.dueAt,
    ...(owner !== undefined && { owner: owner === "nobody" ? null : owner }),
    ...(done !== undefined && {
      doneAt: done ? now : null,
      doneBy: done ? actor.staffId : null,
    }),
  };
}

function isDuration(iso: string): boolean {
  const duration = Duration.fromISO(iso);
  return duration.isValid && duration.toMillis() > 0;
}
