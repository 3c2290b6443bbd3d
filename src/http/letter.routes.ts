import { z } from "zod";

import { cancelBatch, discardFiles, openBatch, unlockBatch } from "../actions/delivery/letter.ts";
import { downloadFile } from "../actions/delivery/letter-file.ts";
import { readBack } from "../actions/delivery/letter-receipt.ts";
import { Id } from "../domain/id.ts";
import { line } from "../domain/text.ts";
import { LetterBatch, batchOf, batchesOf } from "../views/letter.ts";
import { route } from "./route.ts";

const BATCHES = "/v1/incidents/:incidentId/waves/:waveId/letter-batches";
const WavePath = z.strictObject({ incidentId: Id, waveId: Id });
const BatchPath = WavePath.extend({ batchId: Id });
const count = z.int();

export const letterRoutes = [
  route({
    method: "post",
    path: BATCHES,
    summary: "Make letters for everyone of a wave who waits for one: PDF files and address file.",
    permission: "letter:export",
    params: WavePath,
    returns: LetterBatch,
    status: 201,
    secondFactor: true,
    handle: async ({ ctx, actor, params }) => {
      const { id: batchId } = await openBatch(ctx, actor, params);
      return batchOf(ctx.sql, { ...params, batchId });
    },
  }),
  route({
    method: "get",
    path: BATCHES,
    summary: "List a wave's batches of letters, the newest first.",
    permission: "wave:read",
    params: WavePath,
    returns: z.object({ batches: z.array(LetterBatch) }),
    handle: async ({ ctx, params }) => ({ batches: await batchesOf(ctx.sql, params) }),
  }),
  route({
    method: "get",
    path: `${BATCHES}/:batchId`,
    summary: "Show how far a batch is, why letters are held, and its files.",
    permission: "wave:read",
    params: BatchPath,
    returns: LetterBatch,
    handle: ({ ctx, params }) => batchOf(ctx.sql, params),
  }),
  route({
    method: "post",
    path: `${BATCHES}/:batchId/unlock`,
    summary: "Show a code again, to download the batch's files within 15 minutes.",
    permission: "letter:export",
    params: BatchPath,
    returns: z.void(),
    status: 204,
    secondFactor: true,
    handle: ({ ctx, actor, params }) => unlockBatch(ctx, actor, params),
  }),
  route({
    method: "get",
    path: `${BATCHES}/:batchId/files/:fileId`,
    summary: "Download a file of a batch; whoever asked for it or unlocked it, for 15 minutes.",
    permission: "letter:export",
    params: BatchPath.extend({ fileId: Id }),
    returns: z.unknown(),
    download: true,
    handle: ({ ctx, actor, params }) => downloadFile(ctx, actor, params),
  }),
  route({
    method: "post",
    path: `${BATCHES}/:batchId/discard`,
    summary: "Delete the files of a downloaded batch before their 24 hours are over.",
    permission: "letter:export",
    params: BatchPath,
    returns: LetterBatch,
    handle: async ({ ctx, actor, params }) => {
      await discardFiles(ctx, actor, params);
      return batchOf(ctx.sql, params);
    },
  }),
  route({
    method: "post",
    path: `${BATCHES}/:batchId/cancel`,
    summary: "End a batch that is not mailed: its files go, its people wait for a letter again.",
    permission: "letter:export",
    params: BatchPath,
    body: z.strictObject({ reason: line(500) }),
    returns: LetterBatch,
    handle: async ({ ctx, actor, params, body }) => {
      await cancelBatch(ctx, actor, params, body.reason);
      return batchOf(ctx.sql, params);
    },
  }),
  route({
    method: "post",
    path: `${BATCHES}/:batchId/receipts`,
    summary: "Read a mail house's file back: letter number, status, date and perhaps code.",
    permission: "letter:export",
    params: BatchPath,
    body: "stream",
    returns: z.object({
      lines: count,
      applied: count,
      known: count,
      refused: count,
      errors: z.array(
        z.object({ line: count, field: z.string(), code: z.string(), advice: z.string() }),
      ),
    }),
    handle: ({ ctx, actor, params, stream, contentType }) =>
      readBack(ctx, actor, { ...params, stream, contentType }),
  }),
];
