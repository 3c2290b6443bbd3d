import { z } from "zod";

import { revise } from "../actions/scope.ts";
import { Id } from "../domain/id.ts";
import { Revision, Scope } from "../domain/scope.ts";
import { ScopeDifference, ScopeLine, between, version, versions } from "../views/scope.ts";
import { route } from "./route.ts";

// Within PostgreSQL's integer, so that no number a caller can write reaches it as an error.
const Version = z.coerce.number().int().min(1).max(2_147_483_647);
const IncidentPath = z.strictObject({ incidentId: Id });
const VersionPath = z.strictObject({ incidentId: z.uuid(), version: Version });

export const scopeRoutes = [
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/scopes",
    summary: "Revise the scope: the facts that changed become its next version.",
    permission: "incident:write",
    params: IncidentPath,
    body: Revision,
    returns: Scope,
    status: 201,
    handle: ({ ctx, actor, params, body }) => revise(ctx, actor, params.incidentId, body),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/scopes",
    summary: "List the versions of the scope, the newest first.",
    permission: "incident:read",
    params: IncidentPath,
    returns: z.object({ scopes: z.array(ScopeLine) }),
    handle: async ({ ctx, params }) => ({ scopes: await versions(ctx.sql, params.incidentId) }),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/scopes/:version",
    summary: "Show one version of the scope.",
    permission: "incident:read",
    params: VersionPath,
    returns: Scope,
    handle: ({ ctx, params }) => version(ctx.sql, params.incidentId, params.version),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/scopes/:version/difference",
    summary:
      "Show what differs between two versions of the scope; from the one before unless said.",
    permission: "incident:read",
    params: VersionPath,
    query: z.strictObject({ from: Version.optional() }),
    returns: ScopeDifference,
    handle: ({ ctx, params, query }) =>
      between(
        ctx.sql,
        params.incidentId,
        query.from ?? Math.max(1, params.version - 1),
        params.version,
      ),
  }),
];
