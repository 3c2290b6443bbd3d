import { z } from "zod";

import { add, loadRunbook, update } from "../actions/task.ts";
import { Id } from "../domain/id.ts";
import { NewTask, Runbook, Task, TaskChange } from "../domain/task.ts";
import { list } from "../views/task.ts";
import { route } from "./route.ts";

const IncidentPath = z.strictObject({ incidentId: Id });

export const taskRoutes = [
  route({
    method: "get",
    path: "/v1/runbooks",
    summary: "List the incident runbooks and their steps.",
    permission: "incident:read",
    returns: z.object({ runbooks: z.array(Runbook) }),
    handle: async ({ ctx }) => ({ runbooks: [...ctx.runbooks] }),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/tasks",
    summary: "List an incident's tasks as one works through them.",
    permission: "incident:read",
    params: IncidentPath,
    returns: z.object({ tasks: z.array(Task) }),
    handle: async ({ ctx, params }) => ({ tasks: await list(ctx.sql, params.incidentId) }),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/tasks",
    summary: "Add a task.",
    permission: "task:write",
    params: IncidentPath,
    body: NewTask,
    returns: Task,
    status: 201,
    handle: ({ ctx, actor, params, body }) => add(ctx, actor, params.incidentId, body),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/tasks/runbook",
    summary: "Load a runbook's steps as tasks; those already there stay as they are.",
    permission: "task:write",
    params: IncidentPath,
    body: z.strictObject({ runbook: z.string().min(1).max(60) }),
    returns: z.object({ runbook: z.string(), added: z.int() }),
    handle: ({ ctx, actor, params, body }) =>
      loadRunbook(ctx, actor, params.incidentId, body.runbook),
  }),
  route({
    method: "patch",
    path: "/v1/incidents/:incidentId/tasks/:taskId",
    summary: "Assign, complete or reopen a task.",
    permission: "task:write",
    params: z.strictObject({ incidentId: Id, taskId: Id }),
    body: TaskChange,
    returns: Task,
    handle: ({ ctx, actor, params, body }) => update(ctx, actor, params, body),
  }),
];
