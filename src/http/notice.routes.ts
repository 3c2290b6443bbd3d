import { z } from "zod";

import { sendTest, TestMail } from "../actions/delivery/test-mail.ts";
import { draft, edit, NewNotice, NoticeEdit, withdraw } from "../actions/notice/draft.ts";
import { preview } from "../actions/notice/preview.ts";
import { get, list, NoticeView, VersionList, versions } from "../actions/notice/read.ts";
import { Divided, divide } from "../actions/notice/variants.ts";
import { Id } from "../domain/id.ts";
import { Notice } from "../domain/notice/notice.ts";
import { VariantCode } from "../domain/notice/split.ts";
import { refuse } from "../domain/refusal.ts";
import { route } from "./route.ts";

// Within PostgreSQL's integer, so that no number a caller can write reaches it as an error.
const Version = z.int().min(1).max(2_147_483_647);
const Which = z.coerce.number().int().min(1).max(2_147_483_647);
const IncidentPath = z.strictObject({ incidentId: Id });
const NoticePath = z.strictObject({ incidentId: Id, noticeId: Id });
const Invented = z.enum(["long-name", "shared-mailbox", "no-name"]);
const Saved = z.object({ notice: Notice });

export const noticeRoutes = [
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/notices",
    summary: "Start a notice: from the ready English text of its kind, or from your own.",
    permission: "notice:write",
    params: IncidentPath,
    body: NewNotice,
    returns: Saved,
    status: 201,
    handle: ({ ctx, actor, params, body }) => draft(ctx, actor, params.incidentId, body),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/notices",
    summary: "List the notices of an incident, the newest first.",
    permission: "notice:read",
    params: IncidentPath,
    returns: z.object({ notices: z.array(Notice) }),
    handle: async ({ ctx, params }) => ({ notices: await list(ctx, params.incidentId) }),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/notices/:noticeId",
    summary: "Show a notice: its text, what should be better, and what reviewers said.",
    permission: "notice:read",
    params: NoticePath,
    query: z.strictObject({ number: Which.optional() }),
    returns: NoticeView,
    handle: ({ ctx, params, query }) => get(ctx, params, query.number),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/notices/:noticeId/versions",
    summary: "List the versions of a notice, the newest first.",
    permission: "notice:read",
    params: NoticePath,
    returns: VersionList,
    handle: ({ ctx, params }) => versions(ctx, params),
  }),
  route({
    method: "patch",
    path: "/v1/incidents/:incidentId/notices/:noticeId",
    summary: "Change a notice's text. Makes its next version and ends its review.",
    permission: "notice:write",
    params: NoticePath,
    body: NoticeEdit,
    returns: Saved,
    handle: ({ ctx, actor, params, body }) => edit(ctx, actor, params, body),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/notices/:noticeId/variants",
    summary: "Draft the variants it needs, where no one text is right for the laws of all places.",
    permission: "notice:write",
    params: NoticePath,
    body: z.strictObject({ version: Version }),
    returns: Divided,
    handle: ({ ctx, actor, params, body }) => divide(ctx, actor, params, body.version),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/notices/:noticeId/withdraw",
    summary: "Give a notice up.",
    permission: "notice:write",
    params: NoticePath,
    body: z.strictObject({ version: Version }),
    returns: Notice,
    handle: ({ ctx, actor, params, body }) => withdraw(ctx, actor, params, body.version),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/notices/:noticeId/preview",
    summary: "Preview a notice as three invented people would get it.",
    permission: "notice:read",
    params: NoticePath,
    query: z.strictObject({ number: Which.optional() }),
    returns: z.object({
      previews: z.array(
        z.object({
          person: Invented,
          variant: z.string().nullable(),
          language: z.string(),
          subject: z.string(),
          text: z.string(),
          html: z.string(),
          sms: z.string(),
        }),
      ),
    }),
    handle: async ({ ctx, params, query }) => ({
      previews: await preview(ctx, params, query.number),
    }),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/notices/:noticeId/preview/:person",
    summary: "Preview the mail as a page, exactly as one invented person would see it.",
    permission: "notice:read",
    params: NoticePath.extend({ person: Invented }),
    query: z.strictObject({
      number: Which.optional(),
      language: z.string().max(35).optional(),
      /** The text of everybody else unless said. */
      variant: VariantCode.optional(),
    }),
    returns: z.string(),
    page: true,
    handle: async ({ ctx, params, query }) => {
      const all = await preview(ctx, params, query.number);
      const { variant = null } = query;
      const own = all.filter((each) => each.person === params.person && each.variant === variant);
      const found = own.find(({ language }) => language === (query.language ?? own[0]?.language));
      return found?.html ?? refuse("not-found", "This notice has no text in that language.");
    },
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/notices/:noticeId/test",
    summary: "Send a notice to your own address, as an invented person would get it.",
    permission: "notice:read",
    params: NoticePath,
    body: TestMail,
    returns: z.object({ outcome: z.string() }),
    handle: ({ ctx, actor, params, body }) => sendTest(ctx, actor, params, body),
  }),
];
