import { z } from "zod";

import { decideUnknown } from "../actions/delivery.ts";
import { DeliveryState, UnknownDecision } from "../domain/delivery.ts";
import { Id } from "../domain/id.ts";
import { line } from "../domain/text.ts";
import { Listed, deliveries, progressOf } from "../views/wave.ts";
import { route } from "./route.ts";

/** Large enough for a person's list; "all" is there for more. */
const DECIDED_MAX = 10_000;
const DeliveryId = z.string().regex(/^[1-9]\d{0,17}$/, "Use the id of a delivery.");
const WavePath = z.strictObject({ incidentId: Id, waveId: Id });

export const deliveryRoutes = [
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/waves/:waveId/deliveries",
    summary: "List a wave's deliveries: ids, states and reasons.",
    permission: "wave:read",
    params: WavePath,
    query: z.strictObject({
      state: DeliveryState.optional(),
      after: DeliveryId.optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
    }),
    returns: z.object({ deliveries: z.array(Listed) }),
    handle: async ({ ctx, params, query }) => {
      await progressOf(ctx.sql, params.incidentId, params.waveId);
      return { deliveries: await deliveries(ctx.sql, params.waveId, query) };
    },
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/waves/:waveId/deliveries/decisions",
    summary: "Decide what becomes of deliveries whose outcome nobody knows.",
    permission: "delivery:decide",
    params: WavePath,
    body: z.strictObject({
      deliveryIds: z.union([z.literal("all"), z.array(DeliveryId).min(1).max(DECIDED_MAX)]),
      decision: UnknownDecision,
      reason: line(500),
    }),
    returns: z.object({ decided: z.int() }),
    handle: ({ ctx, actor, params, body }) => decideUnknown(ctx, actor, { ...params, ...body }),
  }),
];
