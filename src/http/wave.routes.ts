import { z } from "zod";

import { cancel, pause, resume } from "../actions/wave.ts";
import { Preflight, preflight } from "../actions/wave/preflight.ts";
import { start } from "../actions/wave/start.ts";
import { Id } from "../domain/id.ts";
import { line } from "../domain/text.ts";
import { FINDING_CODES } from "../domain/wave/finding.ts";
import { Warning, warningsOf } from "../views/warning.ts";
import { Progress, progressOf, progressOfAll } from "../views/wave.ts";
import { route } from "./route.ts";

const IncidentPath = z.strictObject({ incidentId: Id });
const WavePath = z.strictObject({ incidentId: Id, waveId: Id });
const Because = z.strictObject({ reason: line(500) });

const Starting = z
  .strictObject({
    submissionId: Id,
    /** Codes of findings that stop a wave, and are known and accepted here. */
    acceptFindings: z.array(FINDING_CODES).max(FINDING_CODES.options.length).optional(),
    /** Why they are accepted. */
    reason: line(500).optional(),
  })
  .refine(({ acceptFindings, reason }) => !acceptFindings?.length || reason !== undefined, {
    path: ["reason"],
    message: "Say why these findings are accepted.",
  });

export const waveRoutes = [
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/submissions/:submissionId/preflight",
    summary: "Look at everything sending will need: sender's domain, providers, wording, time.",
    permission: "wave:read",
    params: z.strictObject({ incidentId: Id, submissionId: Id }),
    returns: Preflight,
    handle: ({ ctx, params }) => preflight(ctx, params),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/waves",
    summary: "Start sending what was approved.",
    permission: "wave:start",
    params: IncidentPath,
    body: Starting,
    returns: Progress,
    status: 201,
    handle: async ({ ctx, actor, params, body }) => {
      const { id } = await start(ctx, actor, { ...params, ...body });
      return progressOf(ctx.sql, params.incidentId, id);
    },
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/waves",
    summary: "List an incident's waves and how they stand.",
    permission: "wave:read",
    params: IncidentPath,
    returns: z.object({ waves: z.array(Progress) }),
    handle: async ({ ctx, params }) => ({
      waves: await progressOfAll(ctx.sql, params.incidentId),
    }),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/waves/:waveId",
    summary: "Show how a wave stands: counts, canary, rate, time left and warnings.",
    permission: "wave:read",
    params: WavePath,
    returns: Progress.extend({ warnings: z.array(Warning) }),
    handle: async ({ ctx, params }) => {
      const progress = await progressOf(ctx.sql, params.incidentId, params.waveId);
      const sms = ctx.sms !== undefined;
      return { ...progress, warnings: await warningsOf(ctx.sql, params.waveId, { sms }) };
    },
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/waves/:waveId/pause",
    summary: "Stop a wave; what is in flight ends.",
    permission: "wave:stop",
    params: WavePath,
    body: Because,
    returns: Progress,
    handle: async ({ ctx, actor, params, body }) => {
      await pause(ctx, actor, { ...params, ...body });
      return progressOf(ctx.sql, params.incidentId, params.waveId);
    },
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/waves/:waveId/resume",
    summary: "Go on with a paused wave; two people must ask for it.",
    permission: "wave:resume",
    params: WavePath,
    body: Because,
    returns: z.object({ agreed: z.enum(["waiting", "agreed"]), wave: Progress }),
    handle: async ({ ctx, actor, params, body }) => {
      const { agreed } = await resume(ctx, actor, { ...params, ...body });
      return { agreed, wave: await progressOf(ctx.sql, params.incidentId, params.waveId) };
    },
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/waves/:waveId/cancel",
    summary: "End a wave for good; what was not sent will not be.",
    permission: "wave:stop",
    params: WavePath,
    body: Because,
    returns: Progress,
    handle: async ({ ctx, actor, params, body }) => {
      await cancel(ctx, actor, { ...params, ...body });
      return progressOf(ctx.sql, params.incidentId, params.waveId);
    },
  }),
];
