import { z } from "zod";

import { decideUnknown } from "../actions/delivery.ts";
import { exportNotReached, listNotReached } from "../actions/delivery/not-reached.ts";
import { DeliveryState, UnknownDecision } from "../domain/delivery.ts";
import { NotReached } from "../domain/delivery/not-reached.ts";
import { Id } from "../domain/id.ts";
import { Reason } from "../domain/suppression.ts";
import { line } from "../domain/text.ts";
import { UnknownDelivery, unknownDeliveries } from "../views/unknown.ts";
import { Listed, deliveries, progressOf } from "../views/wave.ts";
import { route } from "./route.ts";

/** Large enough for a person's list; "all" is there for more. */
const DECIDED_MAX = 10_000;
const DeliveryId = z.string().regex(/^[1-9]\d{0,17}$/, "Use the id of a delivery.");
const WavePath = z.strictObject({ incidentId: Id, waveId: Id });
const Channel = z.enum(["email", "sms"]);
const limit = z.coerce.number().int().min(1).max(1_000).default(100);

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
      limit,
    }),
    returns: z.object({ deliveries: z.array(Listed) }),
    handle: async ({ ctx, params, query }) => {
      await progressOf(ctx.sql, params.incidentId, params.waveId);
      return { deliveries: await deliveries(ctx.sql, params.waveId, query) };
    },
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/waves/:waveId/deliveries/unknown",
    summary: "List a wave's deliveries whose outcome nobody knows, and what happens to each.",
    permission: "wave:read",
    params: WavePath,
    query: z.strictObject({
      channel: Channel.optional(),
      after: DeliveryId.optional(),
      limit,
    }),
    returns: z.object({ deliveries: z.array(UnknownDelivery) }),
    handle: async ({ ctx, params, query }) => {
      await progressOf(ctx.sql, params.incidentId, params.waveId);
      return { deliveries: await unknownDeliveries(ctx.sql, params.waveId, query) };
    },
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/waves/:waveId/not-reached",
    summary: "List people whom no channel reached, for substitute notice: ids and reasons.",
    permission: "wave:read",
    params: WavePath,
    query: z.strictObject({ after: Id.optional(), limit }),
    returns: z.object({ people: z.array(NotReached), next: z.uuid().nullable() }),
    handle: ({ ctx, params, query }) => listNotReached(ctx, params, query),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/waves/:waveId/not-reached/export",
    summary: "Download who was not reached, by name and with the reasons.",
    permission: "letter:export",
    params: WavePath,
    body: Reason,
    returns: z.unknown(),
    secondFactor: true,
    download: true,
    handle: ({ ctx, actor, params, body }) => exportNotReached(ctx, actor, params, body.reason),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/waves/:waveId/deliveries/decisions",
    summary: "Decide what becomes of deliveries whose outcome nobody knows.",
    permission: "delivery:decide",
    params: WavePath,
    body: z.strictObject({
      deliveryIds: z.union([z.literal("all"), z.array(DeliveryId).min(1).max(DECIDED_MAX)]),
      /** Of these, only the ones it fits. */
      filter: z
        .strictObject({
          channel: Channel.optional(),
          code: z.string().min(1).max(100).optional(),
          workerId: Id.optional(),
          olderThanSeconds: z.int().min(0).max(10_000_000).optional(),
        })
        .optional(),
      decision: UnknownDecision,
      reason: line(500),
    }),
    returns: z.object({ decided: z.int() }),
    handle: ({ ctx, actor, params, body }) => decideUnknown(ctx, actor, { ...params, ...body }),
  }),
];
