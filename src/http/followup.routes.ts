import { z } from "zod";

import { getPlan, setPlan, skip, take } from "../actions/followup.ts";
import { FollowupPlan, NewPlan, SkipReason } from "../domain/followup.ts";
import { Id } from "../domain/id.ts";
import { FollowupLine, followups } from "../views/followup.ts";
import { route } from "./route.ts";

const IncidentPath = z.strictObject({ incidentId: Id });
const FollowupPath = z.strictObject({ incidentId: Id, followupId: Id });
const Lines = z.object({ followups: z.array(FollowupLine) });
const Planned = Lines.extend({ plan: FollowupPlan });

export const followupRoutes = [
  route({
    method: "put",
    path: "/v1/incidents/:incidentId/followup-plan",
    summary: "Plan the follow-ups: dates or a cadence, in a time zone, with their owners.",
    permission: "followup:write",
    params: IncidentPath,
    body: NewPlan,
    returns: Planned,
    handle: async ({ ctx, actor, params, body }) => ({
      plan: await setPlan(ctx, actor, params.incidentId, body),
      followups: await followups(ctx.sql, params.incidentId, ctx.now()),
    }),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/followup-plan",
    summary: "Show the plan for follow-ups.",
    permission: "incident:read",
    params: IncidentPath,
    returns: FollowupPlan,
    handle: ({ ctx, params }) => getPlan(ctx, params.incidentId),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/followups",
    summary: "List an incident's follow-ups, kept, missed and the next few to come.",
    permission: "incident:read",
    params: IncidentPath,
    returns: Lines,
    handle: async ({ ctx, params }) => ({
      followups: await followups(ctx.sql, params.incidentId, ctx.now()),
    }),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/followups/:followupId/take",
    summary: "Take a follow-up that came too late to go by itself; its draft is made now.",
    permission: "followup:write",
    params: FollowupPath,
    returns: Lines,
    handle: async ({ ctx, actor, params }) => {
      await take(ctx, actor, params);
      return { followups: await followups(ctx.sql, params.incidentId, ctx.now()) };
    },
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/followups/:followupId/skip",
    summary: "Let a follow-up go, with a reason.",
    permission: "followup:write",
    params: FollowupPath,
    body: z.strictObject({ reason: SkipReason }),
    returns: Lines,
    handle: async ({ ctx, actor, params, body }) => {
      await skip(ctx, actor, params, body.reason);
      return { followups: await followups(ctx.sql, params.incidentId, ctx.now()) };
    },
  }),
];
