import { z } from "zod";

import { update } from "../actions/incident.ts";
import { declare } from "../actions/scope.ts";
import { Id } from "../domain/id.ts";
import { Declaration, Incident, IncidentChange, IncidentState } from "../domain/incident.ts";
import { Scope } from "../domain/scope.ts";
import { IncidentLine, IncidentOverview, list, overview } from "../views/incident.ts";
import { route } from "./route.ts";

/** Incidents a page: what fits a screen, and what a program may ask for at most. */
const PAGE = 50;
const PAGE_MAX = 200;

const IncidentPath = z.strictObject({ incidentId: Id });

export const incidentRoutes = [
  route({
    method: "post",
    path: "/v1/incidents",
    summary: "Declare an incident: title, what happened, when we became aware, what kinds of data.",
    permission: "incident:write",
    body: Declaration,
    returns: z.object({ incident: Incident, scope: Scope }),
    status: 201,
    handle: ({ ctx, actor, body }) => declare(ctx, actor, body),
  }),
  route({
    method: "get",
    path: "/v1/incidents",
    summary: "List incidents, the newest declaration first.",
    permission: "incident:read",
    query: z.strictObject({
      state: IncidentState.optional(),
      after: Id.optional(),
      limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE),
    }),
    returns: z.object({ incidents: z.array(IncidentLine), next: z.uuid().nullable() }),
    handle: async ({ ctx, query }) => {
      const incidents = await list(ctx.sql, query, ctx.now());
      const last = incidents.length === query.limit ? incidents.at(-1) : undefined;
      return { incidents, next: last?.id ?? null };
    },
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId",
    summary: "Show one incident whole: current scope, sensitivity and tasks.",
    permission: "incident:read",
    params: IncidentPath,
    returns: IncidentOverview,
    handle: ({ ctx, params }) => overview(ctx.sql, params.incidentId),
  }),
  route({
    method: "patch",
    path: "/v1/incidents/:incidentId",
    summary: "Change an incident's title, determination, state, owners or judged sensitivity.",
    permission: "incident:write",
    params: IncidentPath,
    body: IncidentChange,
    returns: Incident,
    handle: ({ ctx, actor, params, body }) => update(ctx, actor, params.incidentId, body),
  }),
];
