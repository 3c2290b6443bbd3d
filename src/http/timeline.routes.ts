import { z } from "zod";

import * as timeline from "../actions/timeline.ts";
import { Id } from "../domain/id.ts";
import { Entry } from "../domain/timeline.ts";
import { route } from "./route.ts";

const Verification = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), entries: z.number().int(), head: z.string() }),
  z.object({
    ok: z.literal(false),
    seq: z.number().int(),
    problem: z.enum(["unreadable", "gap", "hash", "link", "head", "checkpoint"]),
  }),
]);

const seq = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

export const timelineRoutes = [
  route({
    method: "get",
    path: "/v1/timeline/verification",
    summary:
      "Walk the whole audit chain and name the first bad entry, if any; " +
      "`seq` and `hash` of an entry noted earlier find a chain that was written anew",
    permission: "timeline:verify",
    query: z
      .strictObject({
        seq: seq.optional(),
        hash: z
          .string()
          .regex(/^[0-9a-f]{64}$/, { message: "Write 64 lower-case hexadecimal digits." })
          .optional(),
      })
      .refine(({ seq: noted, hash }) => (noted === undefined) === (hash === undefined), {
        message: "Give `seq` and `hash` together.",
      }),
    returns: Verification,
    handle: ({ ctx, query: { seq: noted, hash } }) =>
      timeline.verify(
        ctx,
        noted === undefined || hash === undefined ? undefined : { seq: noted, hash },
      ),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/timeline",
    summary: "What was done in an incident, newest first",
    permission: "timeline:read",
    params: z.strictObject({ incidentId: Id }),
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(500).default(100),
      before: seq.optional(),
    }),
    returns: z.object({ entries: z.array(Entry) }),
    handle: async ({ ctx, params, query: { limit, before } }) => ({
      entries: await timeline.ofIncident(ctx, params.incidentId, { limit, before }),
    }),
  }),
];
