import { z } from "zod";

import { compare } from "../actions/notice/delta.ts";
import { difference } from "../actions/obligation/difference.ts";
import { Id } from "../domain/id.ts";
import { Delta, NewDelta } from "../domain/notice/delta.ts";
import { DutyDifference } from "../domain/obligation/difference.ts";
import { find } from "../views/delta.ts";
import { route } from "./route.ts";

const IncidentPath = z.strictObject({ incidentId: Id });

// Within PostgreSQL's integer.
const Version = z.coerce.number().int().min(1).max(2_147_483_647);

export const deltaRoutes = [
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/obligations/difference",
    summary:
      "Show which duties a change of the scope added, ended and moved, by what is known now.",
    permission: "incident:read",
    params: IncidentPath,
    query: z.strictObject({ from: Version.optional(), to: Version.optional() }),
    returns: DutyDifference.extend({ from: z.int(), to: z.int() }),
    handle: ({ ctx, params, query }) => difference(ctx, params.incidentId, query),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/deltas",
    summary:
      "Compare the people who were told with those affected now; a worker makes an audience of each group.",
    permission: "audience:upload",
    params: IncidentPath,
    body: NewDelta,
    returns: Delta,
    status: 202,
    handle: ({ ctx, actor, params, body }) => compare(ctx, actor, params.incidentId, body),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/deltas/:deltaId",
    summary: "Show a comparison: people newly affected, no longer, of more data, and unchanged.",
    permission: "audience:read",
    params: IncidentPath.extend({ deltaId: Id }),
    returns: Delta,
    handle: ({ ctx, params }) => find(ctx.sql, params.incidentId, params.deltaId),
  }),
];
