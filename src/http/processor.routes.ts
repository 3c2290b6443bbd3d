import { z } from "zod";

import { open } from "../actions/interchange/processor-open.ts";
import { endTrust, issue, ownKey, trust } from "../actions/interchange/processor.ts";
import { Id } from "../domain/id.ts";
import { Determination } from "../domain/incident.ts";
import { Instant } from "../domain/instant.ts";
import {
  ControllersPeople,
  SignedNotice,
  keyFingerprint,
} from "../domain/interchange/processor-notice.ts";
import { line } from "../domain/text.ts";
import { processors } from "../views/processor.ts";
import type { TrustedProcessor } from "../views/processor.ts";
import { route } from "./route.ts";

const Shown = z.object({
  id: z.uuid(),
  name: z.string(),
  fingerprint: z.string(),
  trustedAt: Instant,
  endedAt: Instant.nullable(),
});

export const processorRoutes = [
  route({
    method: "get",
    path: "/v1/processor-key",
    summary: "Show our own key and fingerprint, for controllers we work for to trust.",
    permission: "incident:read",
    returns: z.object({ key: z.string(), fingerprint: z.string() }),
    handle: ({ ctx }) => ownKey(ctx),
  }),
  route({
    method: "get",
    path: "/v1/processors",
    summary: "List the processors whose signed notices we open.",
    permission: "incident:read",
    returns: z.object({ processors: z.array(Shown) }),
    handle: async ({ ctx }) => ({ processors: (await processors(ctx.sql)).map(shown) }),
  }),
  route({
    method: "post",
    path: "/v1/processors",
    summary: "Trust a processor's key, its fingerprint compared on another way than it came.",
    permission: "incident:write",
    secondFactor: true,
    body: z.strictObject({ name: line(200), key: line(60), fingerprint: line(80) }),
    returns: Shown,
    status: 201,
    handle: async ({ ctx, actor, body }) => shown(await trust(ctx, actor, body)),
  }),
  route({
    method: "delete",
    path: "/v1/processors/:processorId",
    summary: "Open no more notices of a processor.",
    permission: "incident:write",
    params: z.strictObject({ processorId: Id }),
    returns: Shown,
    handle: async ({ ctx, actor, params }) => shown(await endTrust(ctx, actor, params.processorId)),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/processor-notices",
    summary: "As a processor, make the signed notice for one controller.",
    permission: "incident:write",
    params: z.strictObject({ incidentId: Id }),
    body: z.strictObject({
      people: ControllersPeople.optional(),
      /** The controller's own key: nobody else can open it then. */
      controller: line(60).optional(),
    }),
    returns: SignedNotice,
    handle: ({ ctx, actor, params, body }) => issue(ctx, actor, params.incidentId, body),
  }),
  route({
    method: "post",
    path: "/v1/processor-notices",
    summary: "As a controller, open a processor's signed notice as a linked incident.",
    permission: "incident:write",
    body: z.strictObject({ signed: SignedNotice, receivedAt: Instant.optional() }),
    returns: z.object({
      incidentId: z.uuid(),
      became: z.enum(["incident", "revision", "known"]),
      determination: Determination,
    }),
    handle: ({ ctx, actor, body }) => open(ctx, actor, body.signed, body.receivedAt),
  }),
];

function shown({ id, name, publicKey, trustedAt, endedAt }: TrustedProcessor) {
  return { id, name, fingerprint: keyFingerprint(publicKey), trustedAt, endedAt };
}
