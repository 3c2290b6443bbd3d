import { z } from "zod";

import { HeldVerb, decideHeld } from "../actions/delivery/held.ts";
import { resendRejected } from "../actions/receipt/resend.ts";
import { Id } from "../domain/id.ts";
import { line } from "../domain/text.ts";
import { HeldDelivery, HeldReason, heldOf } from "../views/held.ts";
import { progressOf } from "../views/wave.ts";
import { route } from "./route.ts";

/** Large enough for a person's list; "all" is there for more. */
const DECIDED_MAX = 10_000;
const DeliveryId = z.string().regex(/^[1-9]\d{0,17}$/, "Use the id of a delivery.");
const DeliveryIds = z.union([z.literal("all"), z.array(DeliveryId).min(1).max(DECIDED_MAX)]);
const WavePath = z.strictObject({ incidentId: Id, waveId: Id });
/** As the list shows it, such as `missing:name`. */
const Because = z.string().min(1).max(100).optional();

export const heldRoutes = [
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/waves/:waveId/held",
    summary: "List a wave's held messages: reasons, counts and ids.",
    permission: "wave:read",
    params: WavePath,
    query: z.strictObject({
      because: Because,
      after: DeliveryId.optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
    }),
    returns: z.object({ reasons: z.array(HeldReason), deliveries: z.array(HeldDelivery) }),
    handle: async ({ ctx, params, query }) => {
      await progressOf(ctx.sql, params.incidentId, params.waveId);
      return heldOf(ctx.sql, params.waveId, query);
    },
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/waves/:waveId/held/decisions",
    summary: "Release held messages, or give them up and go on to the next channel.",
    permission: "delivery:decide",
    params: WavePath,
    body: z.strictObject({
      deliveryIds: DeliveryIds,
      because: Because,
      decision: HeldVerb,
      reason: line(500),
    }),
    returns: z.object({ decided: z.int() }),
    handle: ({ ctx, actor, params, body }) => decideHeld(ctx, actor, { ...params, ...body }),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/waves/:waveId/rejected/resend",
    summary: "Send again, once, what failed late because of our own account or sender.",
    permission: "delivery:decide",
    params: WavePath,
    body: z.strictObject({ deliveryIds: DeliveryIds, reason: line(500) }),
    returns: z.object({ resent: z.int() }),
    handle: ({ ctx, actor, params, body }) => resendRejected(ctx, actor, { ...params, ...body }),
  }),
];
