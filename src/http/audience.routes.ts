import { z } from "zod";

import { freezeAudience, NewAudience, openAudience } from "../actions/audience/lifecycle.ts";
import { Id } from "../domain/id.ts";
import { AudienceLine, AudienceOverview, list, overview } from "../views/audience.ts";
import { route } from "./route.ts";

const IncidentPath = z.strictObject({ incidentId: Id });
export const AudiencePath = IncidentPath.extend({ audienceId: Id });

export const audienceRoutes = [
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/audiences",
    summary: "Open an audience: the people to tell, gathered from uploads until it is frozen.",
    permission: "audience:upload",
    params: IncidentPath,
    body: NewAudience,
    returns: AudienceOverview,
    status: 201,
    handle: async ({ ctx, actor, params, body }) => {
      const { id } = await openAudience(ctx, actor, params.incidentId, body);
      return overview(ctx.sql, params.incidentId, id);
    },
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/audiences",
    summary: "List an incident's audiences, the oldest first.",
    permission: "audience:read",
    params: IncidentPath,
    returns: z.object({ audiences: z.array(AudienceLine) }),
    handle: async ({ ctx, params }) => ({ audiences: await list(ctx.sql, params.incidentId) }),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/audiences/:audienceId",
    summary: "Show an audience in counts: who can be reached how, consent, languages, uploads.",
    permission: "audience:read",
    params: AudiencePath,
    returns: AudienceOverview,
    handle: ({ ctx, params }) => overview(ctx.sql, params.incidentId, params.audienceId),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/audiences/:audienceId/freeze",
    summary: "Freeze an audience: nobody joins, nobody changes; counts it and takes its digest.",
    permission: "audience:upload",
    params: AudiencePath,
    returns: AudienceOverview,
    handle: async ({ ctx, actor, params }) => {
      await freezeAudience(ctx, actor, params.incidentId, params.audienceId);
      return overview(ctx.sql, params.incidentId, params.audienceId);
    },
  }),
];
