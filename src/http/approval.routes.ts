import { z } from "zod";

import { approve, sendBack } from "../actions/approval.ts";
import { Judged, NewOverride, override } from "../actions/approval/override.ts";
import { get, NewSubmission, ofNotice, submit } from "../actions/approval/submit.ts";
import { SubmissionView } from "../actions/approval/view.ts";
import { SubmissionClock, submissionClock } from "../actions/wave/latest.ts";
import type { Context } from "../context.ts";
import { WaiverReason } from "../domain/approval.ts";
import { Id } from "../domain/id.ts";
import { text } from "../domain/text.ts";
import { route } from "./route.ts";

const COMMENT_MAX = 5_000;

const IncidentPath = z.strictObject({ incidentId: Id });
const SubmissionPath = IncidentPath.extend({ submissionId: Id });

/** What is to be approved, and the legal clock that it races against. */
const Shown = SubmissionView.extend({ legalClock: SubmissionClock.nullable() });

async function shown(ctx: Context, view: SubmissionView): Promise<z.output<typeof Shown>> {
  return { ...view, legalClock: await submissionClock(ctx, view) };
}

export const approvalRoutes = [
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/notices/:noticeId/overrides",
    summary: "Let problems of exactly this version's text stand, with a reason that is kept.",
    permission: "notice:approve",
    params: IncidentPath.extend({ noticeId: Id }),
    body: NewOverride,
    returns: Judged,
    status: 201,
    secondFactor: true,
    handle: ({ ctx, actor, params, body }) => override(ctx, actor, params, body),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/submissions",
    summary: "Submit a notice for approval, with the people it goes to and the way to them.",
    permission: "notice:write",
    params: IncidentPath,
    body: NewSubmission,
    returns: Shown,
    status: 201,
    handle: async ({ ctx, actor, params, body }) =>
      shown(ctx, await submit(ctx, actor, params.incidentId, body)),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/notices/:noticeId/submissions",
    summary: "List the submissions of a notice, the newest first.",
    permission: "notice:read",
    params: IncidentPath.extend({ noticeId: Id }),
    returns: z.object({ submissions: z.array(SubmissionView) }),
    handle: async ({ ctx, params }) => ({
      submissions: await ofNotice(ctx, params.incidentId, params.noticeId),
    }),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/submissions/:submissionId",
    summary: "Show what is to be approved: its binding, whom it reaches and who has approved.",
    permission: "notice:read",
    params: SubmissionPath,
    returns: Shown,
    handle: async ({ ctx, params }) =>
      shown(ctx, await get(ctx, params.incidentId, params.submissionId)),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/submissions/:submissionId/send-back",
    summary: "Send a notice back to its author, saying what should change.",
    permission: "notice:review",
    params: SubmissionPath,
    body: z.strictObject({ comment: text(COMMENT_MAX) }),
    returns: SubmissionView,
    handle: ({ ctx, actor, params, body }) => sendBack(ctx, actor, params, body.comment),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/submissions/:submissionId/approve",
    summary: "Approve exactly what the binding stands for.",
    permission: "notice:approve",
    params: SubmissionPath,
    body: z.strictObject({
      binding: z.string().regex(/^[0-9a-f]{64}$/, "Repeat the binding of the submission."),
      waiver: z.strictObject({ reason: WaiverReason }).optional(),
    }),
    returns: SubmissionView,
    secondFactor: true,
    handle: ({ ctx, actor, params, body }) => approve(ctx, actor, params, body),
  }),
];
