import { z } from "zod";

import { receive } from "../actions/audience/receive.ts";
import { errorReport, listErrors } from "../actions/audience/report.ts";
import { ImportOrder } from "../actions/audience/shape.ts";
import { confirmImport, discardUpload, showUpload } from "../actions/audience/upload.ts";
import { Mapping } from "../domain/audience/columns.ts";
import { FaultCode } from "../domain/audience/fault.ts";
import { Id } from "../domain/id.ts";
import { Instant } from "../domain/instant.ts";
import { AudiencePath } from "./audience.routes.ts";
import { route } from "./route.ts";

const UPLOADS = "/v1/incidents/:incidentId/audiences/:audienceId/uploads";
const UploadPath = AudiencePath.extend({ uploadId: Id });

/** Faults a page. */
const PAGE = 100;
const PAGE_MAX = 1_000;

const count = z.number().int();
const Progress = z.object({
  id: z.uuid(),
  audienceId: z.uuid(),
  state: z.enum(["receiving", "received", "importing", "imported", "refused"]),
  format: z.enum(["csv", "jsonl"]),
  bytes: count,
  rowsRead: count,
  rowsGood: count,
  rowsBad: count,
  peopleAdded: count,
  merged: count,
  columns: z.array(z.string()),
  mapping: Mapping,
  ignored: z.array(z.string()),
  uploadedBy: z.uuid(),
  uploadedAt: Instant,
  finishedAt: Instant.nullable(),
});

export const uploadRoutes = [
  route({
    method: "post",
    path: UPLOADS,
    summary: "Upload a list as text/csv or application/x-ndjson; nobody is imported yet.",
    permission: "audience:upload",
    params: AudiencePath,
    body: "stream",
    returns: z.object({
      uploadId: z.uuid(),
      format: z.enum(["csv", "jsonl"]),
      bytes: count,
      columns: z.array(z.string()),
      mapping: Mapping,
      unmapped: z.array(z.string()),
    }),
    status: 201,
    handle: ({ ctx, actor, params, stream, contentType }) =>
      receive(ctx, actor, { ...params, stream, contentType }),
  }),
  route({
    method: "post",
    path: `${UPLOADS}/:uploadId/import`,
    summary: "Confirm which column holds what, and import in the background.",
    permission: "audience:upload",
    params: UploadPath,
    body: ImportOrder,
    returns: Progress,
    status: 202,
    handle: async ({ ctx, actor, params, body }) => {
      await confirmImport(ctx, actor, params, body);
      return showUpload(ctx, params);
    },
  }),
  route({
    method: "get",
    path: `${UPLOADS}/:uploadId`,
    summary: "Show how far an upload is and which columns nobody mapped.",
    permission: "audience:read",
    params: UploadPath,
    returns: Progress,
    handle: ({ ctx, params }) => showUpload(ctx, params),
  }),
  route({
    method: "get",
    path: `${UPLOADS}/:uploadId/errors`,
    summary: "List what is wrong with rows: line, column, code and what to do.",
    permission: "audience:upload",
    params: UploadPath,
    query: z.strictObject({
      after: z
        .string()
        .regex(/^\d{1,9}\.\d{1,4}$/)
        .optional(),
      limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE),
    }),
    returns: z.object({
      errors: z.array(
        z.object({ line: count, column: z.string(), code: FaultCode, advice: z.string() }),
      ),
      next: z.string().nullable(),
    }),
    handle: ({ ctx, params, query }) => listErrors(ctx, params, { after: undefined, ...query }),
  }),
  route({
    method: "get",
    path: `${UPLOADS}/:uploadId/errors.csv`,
    summary: "Download the bad rows to correct and upload again; cells are kept for 24 hours.",
    permission: "audience:upload",
    params: UploadPath,
    returns: z.unknown(),
    download: true,
    secondFactor: true,
    handle: ({ ctx, actor, params }) => errorReport(ctx, actor, params),
  }),
  route({
    method: "post",
    path: `${UPLOADS}/:uploadId/discard`,
    summary: "Give up an upload that is not imported; what is stored of it goes at once.",
    permission: "audience:upload",
    params: UploadPath,
    returns: z.void(),
    status: 204,
    handle: ({ ctx, actor, params }) => discardUpload(ctx, actor, params),
  }),
];
