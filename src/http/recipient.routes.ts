import { z } from "zod";

import { exportRecipients, listMasked, reveal } from "../actions/audience/recipient.ts";
import { erase, suppress } from "../actions/suppression.ts";
import { Agreed, Person } from "../domain/audience/person.ts";
import { Id } from "../domain/id.ts";
import { Reason, SuppressionReason } from "../domain/suppression.ts";
import { AudiencePath } from "./audience.routes.ts";
import { route } from "./route.ts";

const RecipientPath = z.strictObject({ incidentId: Id, recipientId: Id });

/** People a page. */
const PAGE = 50;
const PAGE_MAX = 200;

const Visible = z.object({
  id: z.uuid(),
  audienceId: z.uuid(),
  language: z.string(),
  agreed: Agreed,
  hasEmail: z.boolean(),
  hasPhone: z.boolean(),
  hasPost: z.boolean(),
  sharedMailbox: z.boolean(),
});
const Masked = Visible.extend({
  email: z.string().optional(),
  phone: z.string().optional(),
  name: z.string().optional(),
});

export const recipientRoutes = [
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/audiences/:audienceId/recipients",
    summary: "List people of an audience, masked.",
    permission: "recipient:read-masked",
    params: AudiencePath,
    query: z.strictObject({
      after: Id.optional(),
      limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE),
    }),
    returns: z.object({ recipients: z.array(Masked), next: z.uuid().nullable() }),
    handle: ({ ctx, actor, params, query }) =>
      listMasked(ctx, actor, params, { after: undefined, ...query }),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/recipients/:recipientId/reveal",
    summary: "Show one person in clear; the reason is kept in the timeline.",
    permission: "recipient:reveal",
    params: RecipientPath,
    body: Reason,
    returns: Visible.extend({ person: Person }),
    secretAnswer: true,
    secondFactor: true,
    handle: ({ ctx, actor, params, body }) => reveal(ctx, actor, params, body.reason),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/audiences/:audienceId/export",
    summary: "Download everybody in clear; two people must ask within 24 hours.",
    permission: "recipient:export",
    params: AudiencePath,
    body: Reason,
    returns: z.unknown(),
    secondFactor: true,
    download: true,
    handle: ({ ctx, actor, params, body }) => exportRecipients(ctx, actor, params, body.reason),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/recipients/:recipientId/suppress",
    summary: "Keep a person from getting anything more in this incident.",
    permission: "recipient:suppress",
    params: RecipientPath,
    body: z.strictObject({ reason: SuppressionReason }),
    returns: z.void(),
    status: 204,
    handle: ({ ctx, actor, params, body }) => suppress(ctx, actor, params, body.reason),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/recipients/:recipientId/erase",
    summary: "Erase a person: the row goes at once and nothing more is sent.",
    permission: "recipient:suppress",
    params: RecipientPath,
    body: Reason,
    returns: z.void(),
    secondFactor: true,
    status: 204,
    handle: ({ ctx, actor, params, body }) => erase(ctx, actor, params, body.reason),
  }),
];
