import { z } from "zod";

import { answer, approve, close, sendBack } from "../actions/inquiry/answer.ts";
import { enter } from "../actions/inquiry/enter.ts";
import { open } from "../actions/inquiry/open.ts";
import { Id } from "../domain/id.ts";
import { Answer, Decision, Entered, Inquiry, InquiryState } from "../domain/inquiry.ts";
import { InquiryLine, queue } from "../views/inquiry.ts";
import { route } from "./route.ts";

const INQUIRIES = "/v1/incidents/:incidentId/inquiries";
const IncidentPath = z.strictObject({ incidentId: Id });
const InquiryPath = IncidentPath.extend({ inquiryId: Id });

export const inquiryRoutes = [
  route({
    method: "get",
    path: INQUIRIES,
    summary: "List the questions, complaints and requests of people, the most urgent first.",
    permission: "inquiry:read",
    params: IncidentPath,
    query: z.strictObject({ state: InquiryState.optional() }),
    returns: z.object({ inquiries: z.array(InquiryLine) }),
    handle: async ({ ctx, params, query }) => ({
      inquiries: await queue(ctx.sql, params.incidentId, { state: query.state, now: ctx.now() }),
    }),
  }),
  route({
    method: "post",
    path: INQUIRIES,
    summary: "Enter a telephone call or a letter into the queue.",
    permission: "inquiry:write",
    params: IncidentPath,
    body: Entered,
    returns: Inquiry,
    status: 201,
    handle: ({ ctx, actor, params, body }) => enter(ctx, actor, params.incidentId, body),
  }),
  route({
    method: "post",
    path: `${INQUIRIES}/:inquiryId/open`,
    summary: "Read one inquiry in full; the timeline keeps who did.",
    permission: "inquiry:read",
    params: InquiryPath,
    returns: z.object({
      inquiry: Inquiry,
      text: z.string().nullable(),
      contact: z.string().nullable(),
      answer: z.string().nullable(),
    }),
    secretAnswer: true,
    handle: ({ ctx, actor, params }) => open(ctx, actor, params),
  }),
  route({
    method: "post",
    path: `${INQUIRIES}/:inquiryId/answer`,
    summary: "Write the answer to an inquiry; a second person must approve it.",
    permission: "inquiry:write",
    params: InquiryPath,
    body: Answer,
    returns: Inquiry,
    handle: ({ ctx, actor, params, body }) => answer(ctx, actor, params, body),
  }),
  route({
    method: "post",
    path: `${INQUIRIES}/:inquiryId/approve`,
    summary: "Approve an answer that another person wrote; who asked is told that there is one.",
    permission: "inquiry:approve",
    params: InquiryPath,
    body: z.strictObject({ version: z.int().positive() }),
    returns: Inquiry,
    secondFactor: true,
    handle: ({ ctx, actor, params, body }) => approve(ctx, actor, params, body.version),
  }),
  route({
    method: "post",
    path: `${INQUIRIES}/:inquiryId/send-back`,
    summary: "Send an answer back to its author.",
    permission: "inquiry:approve",
    params: InquiryPath,
    body: Decision,
    returns: Inquiry,
    handle: ({ ctx, actor, params, body }) => sendBack(ctx, actor, params, body),
  }),
  route({
    method: "post",
    path: `${INQUIRIES}/:inquiryId/close`,
    summary: "End an inquiry without an answer, saying why.",
    permission: "inquiry:write",
    params: InquiryPath,
    body: Decision,
    returns: Inquiry,
    handle: ({ ctx, actor, params, body }) => close(ctx, actor, params, body),
  }),
];
