import type { Context } from "../../context.ts";
import { columnsOf, guessMapping, unmapped } from "../../domain/audience/columns.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import * as uploads from "../../store/audience/upload.ts";
import type { Upload } from "../../store/audience/upload.ts";
import type { Sql } from "../../store/db.ts";
import * as outbox from "../../store/outbox.ts";
import * as timeline from "../../store/timeline.ts";
import { openShape, sealShape } from "./shape.ts";
import type { ImportOrder } from "./shape.ts";

export interface UploadPath {
  readonly incidentId: string;
  readonly audienceId: string;
  readonly uploadId: string;
}

/** How far an upload is, how it is read, and which of its columns nobody mapped. */
export async function showUpload(ctx: Context, path: UploadPath) {
  const upload = await findUpload(ctx, path);
  const { headers, order, ignored } = openShape(await ctx.vault.keys(path.incidentId), upload);
  const mapping = order?.mapping ?? guessMapping(headers);
  return { ...upload, columns: headers, mapping, ignored };
}

/**
 * Confirm how a file is to be read; a worker then imports it. Refuses an upload that is not
 * waiting for this, a mapping that does not fit, and an import that would leave it unsaid which
 * data were exposed.
 */
export function confirmImport(
  ctx: Context,
  actor: Actor,
  path: UploadPath,
  order: ImportOrder,
): Promise<Upload> {
  const { incidentId, uploadId } = path;
  return ctx.sql.begin(async (tx) => {
    const upload = await lockUpload(tx, path);
    if (upload.state !== "received")
      refuse("wrong-state", "Only a received upload that is not yet imported can be imported.");
    const keys = await ctx.vault.keys(incidentId);
    const shape = openShape(keys, upload);
    const columns = columnsOf(shape.headers, order.mapping);
    if (!columns.has("exposure") && order.defaultExposure === undefined)
      refuse("invalid-input", "Say which data elements were exposed.", [
        { field: "defaultExposure", code: "required", message: "Map a column or give a default." },
      ]);
    const ignored = unmapped(shape.headers, order.mapping);
    const confirmed = sealShape(keys, uploadId, { ...shape, order, ignored });
    await uploads.startImport(tx, uploadId, { shape: confirmed, confirmedBy: actor.staffId });
    await outbox.post(tx, "upload.import", { uploadId });
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "upload.import",
        subject: `upload:${uploadId}`,
        before: { state: upload.state },
        after: { state: "importing", fields: [...columns.keys()], ignoredColumns: ignored.length },
        requestId: actor.requestId,
      },
      ctx.now(),
    );
    return uploads.find(tx, incidentId, uploadId);
  });
}

/** Give up an upload that is not imported. What was stored of it goes at once. */
export function discardUpload(ctx: Context, actor: Actor, path: UploadPath): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const upload = await lockUpload(tx, path);
    if (upload.state === "imported" || upload.state === "refused")
      refuse("wrong-state", "This upload is finished.");
    await uploads.discard(tx, upload.id, ctx.now());
    await timeline.append(
      tx,
      {
        incidentId: path.incidentId,
        actor: actor.staffId,
        action: "upload.discard",
        subject: `upload:${upload.id}`,
        before: { state: upload.state },
        after: { state: "refused" },
        requestId: actor.requestId,
      },
      ctx.now(),
    );
  });
}

/** An upload of exactly this audience and incident; refuses with `not-found`. */
export async function findUpload(ctx: Context, path: UploadPath): Promise<Upload> {
  const upload = await uploads.find(ctx.sql, path.incidentId, path.uploadId);
  if (upload.audienceId !== path.audienceId) refuse("not-found", "There is no such upload.");
  return upload;
}

async function lockUpload(tx: Sql, path: UploadPath): Promise<Upload> {
  const upload = await uploads.lock(tx, path.incidentId, path.uploadId);
  if (upload.audienceId !== path.audienceId) refuse("not-found", "There is no such upload.");
  return upload;
}
