import { z } from "zod";

import { approve, sendBack, submit } from "../actions/publication/approval.ts";
import { draft, edit, setAddress, withdraw } from "../actions/publication/draft.ts";
import { preview } from "../actions/publication/preview.ts";
import { get, overview, PublicationView, UpdateView } from "../actions/publication/view.ts";
import { WaiverReason } from "../domain/approval.ts";
import { Id } from "../domain/id.ts";
import { PageLanguage } from "../domain/language.ts";
import { NewUpdate, Publication, Slug, UpdateEdit } from "../domain/publication.ts";
import { text } from "../domain/text.ts";
import { route } from "./route.ts";

const COMMENT_MAX = 5_000;

// Within PostgreSQL's integer, so that no number a caller can write reaches it as an error.
const Version = z.int().min(1).max(2_147_483_647);
const IncidentPath = z.strictObject({ incidentId: Id });
const UpdatePath = IncidentPath.extend({ updateId: Id });
const Versioned = z.strictObject({ version: Version });

export const publicationRoutes = [
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/publication",
    summary: "Show an incident's public page: its address and all its updates, drafts too.",
    permission: "notice:read",
    params: IncidentPath,
    returns: PublicationView,
    handle: ({ ctx, params }) => overview(ctx, params.incidentId),
  }),
  route({
    method: "put",
    path: "/v1/incidents/:incidentId/publication",
    summary: "Choose the address of an incident's public page. It stays once it is published.",
    permission: "publication:write",
    params: IncidentPath,
    body: z.strictObject({ slug: Slug, version: Version.optional() }),
    returns: Publication,
    handle: ({ ctx, actor, params, body }) => setAddress(ctx, actor, params.incidentId, body),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/publication/preview",
    summary: "Preview the public page as it would be with one of its drafts.",
    permission: "notice:read",
    params: IncidentPath,
    query: z.strictObject({ updateId: Id.optional(), language: PageLanguage.default("en") }),
    returns: z.string(),
    page: true,
    handle: ({ ctx, params, query }) => preview(ctx, params.incidentId, query),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/publication/updates",
    summary: "Start an update of the public page.",
    permission: "publication:write",
    params: IncidentPath,
    body: NewUpdate,
    returns: UpdateView,
    status: 201,
    handle: async ({ ctx, actor, params, body }) => {
      const { id: updateId } = await draft(ctx, actor, params.incidentId, body);
      return get(ctx, { ...params, updateId });
    },
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/publication/updates/:updateId",
    summary: "Show an update: what an approval must repeat, and who has given one.",
    permission: "notice:read",
    params: UpdatePath,
    returns: UpdateView,
    handle: ({ ctx, params }) => get(ctx, params),
  }),
  route({
    method: "patch",
    path: "/v1/incidents/:incidentId/publication/updates/:updateId",
    summary: "Change an update that is not published. Ends its review.",
    permission: "publication:write",
    params: UpdatePath,
    body: UpdateEdit,
    returns: UpdateView,
    handle: async ({ ctx, actor, params, body }) => {
      await edit(ctx, actor, params, body);
      return get(ctx, params);
    },
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/publication/updates/:updateId/submit",
    summary: "Submit an update for approval, with the facts of the page as they are now.",
    permission: "publication:write",
    params: UpdatePath,
    body: Versioned,
    returns: UpdateView,
    handle: ({ ctx, actor, params, body }) => submit(ctx, actor, params, body.version),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/publication/updates/:updateId/send-back",
    summary: "Send an update back to its author, saying what should change.",
    permission: "publication:approve",
    params: UpdatePath,
    body: z.strictObject({ comment: text(COMMENT_MAX) }),
    returns: UpdateView,
    handle: ({ ctx, actor, params, body }) => sendBack(ctx, actor, params, body.comment),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/publication/updates/:updateId/approve",
    summary: "Approve exactly what the binding stands for. The last approval publishes it.",
    permission: "publication:approve",
    params: UpdatePath,
    body: z.strictObject({
      binding: z.string().regex(/^[0-9a-f]{64}$/, "Repeat the binding of the update."),
      waiver: z.strictObject({ reason: WaiverReason }).optional(),
    }),
    returns: UpdateView,
    secondFactor: true,
    handle: ({ ctx, actor, params, body }) => approve(ctx, actor, params, body),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/publication/updates/:updateId/withdraw",
    summary: "Give an update up that is not published.",
    permission: "publication:write",
    params: UpdatePath,
    body: Versioned,
    returns: UpdateView,
    handle: async ({ ctx, actor, params, body }) => {
      await withdraw(ctx, actor, params, body.version);
      return get(ctx, params);
    },
  }),
];
