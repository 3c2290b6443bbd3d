import { z } from "zod";

import { judge, read } from "../actions/severity.ts";
import { Id } from "../domain/id.ts";
import { SeverityInput, SeverityView } from "../domain/severity.ts";
import { route } from "./route.ts";

const IncidentPath = z.strictObject({ incidentId: Id });
export const severityRoutes = [
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/severity",
    summary: "Show the severity (ENISA 2013) with every input, and what people judged.",
    permission: "incident:read",
    params: IncidentPath,
    returns: SeverityView,
    handle: ({ ctx, params }) => read(ctx, params.incidentId),
  }),
  route({
    method: "put",
    path: "/v1/incidents/:incidentId/severity",
    summary: "Judge the severity: inputs of the figure, or a level above it with a reason.",
    permission: "incident:write",
    params: IncidentPath,
    body: SeverityInput.extend({ version: z.int().min(0).max(1_000_000) }),
    returns: SeverityView,
    handle: ({ ctx, actor, params, body }) => judge(ctx, actor, params.incidentId, body),
  }),
];
