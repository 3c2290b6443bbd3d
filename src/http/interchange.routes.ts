import { z } from "zod";

import { makeFeed, ownFeed, readFeed, revokeFeed } from "../actions/interchange/calendar.ts";
import { importHhs } from "../actions/interchange/hhs.ts";
import { exportVeris, importVeris } from "../actions/interchange/veris.ts";
import { Id } from "../domain/id.ts";
import { Instant } from "../domain/instant.ts";
import { VerisImport } from "../domain/interchange/veris-form.ts";
import { route } from "./route.ts";

const count = z.number().int();
const Feed = z.object({ id: z.uuid(), createdAt: Instant, expiresAt: Instant });
const CellProblem = z.object({
  line: count,
  column: z.string(),
  code: z.string(),
  message: z.string(),
});

/** What comes from other systems, and what goes to them. */
export const interchangeRoutes = [
  route({
    method: "post",
    path: "/v1/interchange/veris",
    summary:
      "Import an incident from VERIS JSON: every field that was not understood is named; the same incident_id again makes no second one.",
    permission: "incident:write",
    body: VerisImport,
    returns: z.object({
      incidentId: z.uuid(),
      created: z.boolean(),
      changed: z.boolean(),
      assumed: z.array(z.string()).readonly(),
      notUnderstood: z.array(z.object({ field: z.string(), because: z.string() })).readonly(),
    }),
    handle: ({ ctx, actor, body }) => importVeris(ctx, actor, body),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/veris",
    summary:
      "Export an incident as VERIS JSON: codes, counts and times; no text that people wrote.",
    permission: "incident:read",
    params: z.strictObject({ incidentId: Id }),
    returns: z.looseObject({ schema_version: z.string(), incident_id: z.string() }),
    handle: ({ ctx, params }) => exportVeris(ctx, params.incidentId),
  }),
  route({
    method: "post",
    path: "/v1/interchange/hhs",
    summary:
      "Import a CSV in the columns of the HHS breach list: each row becomes a closed incident or is named with its line.",
    permission: "incident:write",
    body: "stream",
    returns: z.object({
      rows: count,
      created: count,
      known: count,
      refused: count,
      ignored: z.array(z.string()).readonly(),
      incidents: z
        .array(z.object({ line: count, incidentId: z.uuid(), created: z.boolean() }))
        .readonly(),
      errors: z.array(CellProblem).readonly(),
      remarks: z.array(CellProblem).readonly(),
    }),
    handle: ({ ctx, actor, stream, contentType }) => importHhs(ctx, actor, { stream, contentType }),
  }),
  route({
    method: "get",
    path: "/v1/me/calendar",
    summary: "My calendar address, without its secret.",
    permission: "incident:read",
    returns: Feed,
    handle: ({ ctx, actor }) => ownFeed(ctx, actor),
  }),
  route({
    method: "post",
    path: "/v1/me/calendar",
    summary:
      "Make the address at which my calendar reads deadlines; shown once, and one made before ends.",
    permission: "incident:read",
    secondFactor: true,
    secretAnswer: true,
    returns: Feed.extend({ url: z.string() }),
    status: 201,
    handle: ({ ctx, actor }) => makeFeed(ctx, actor),
  }),
  route({
    method: "post",
    path: "/v1/me/calendar/end",
    summary: "End my calendar address, at once.",
    permission: "incident:read",
    returns: z.void(),
    status: 204,
    handle: ({ ctx, actor }) => revokeFeed(ctx, actor),
  }),
  route({
    method: "get",
    path: "/v1/calendars/:secret/deadlines.ics",
    summary: "The deadlines of open incidents as iCalendar (RFC 5545), for a calendar program.",
    permission: "anyone",
    params: z.strictObject({ secret: z.string().regex(/^cnc_[A-Za-z0-9_-]{43}$/) }),
    returns: z.unknown(),
    download: true,
    handle: async ({ ctx, params }) => ({
      filename: "deadlines.ics",
      contentType: "text/calendar; charset=utf-8",
      content: [await readFeed(ctx, params.secret)],
    }),
  }),
];
