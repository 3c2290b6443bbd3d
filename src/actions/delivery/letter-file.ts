import type { Context } from "../../context.ts";
import { fileName } from "../../domain/delivery/letter-paper.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import * as files from "../../store/delivery/letter-file.ts";
import type { LetterFile } from "../../store/delivery/letter-file.ts";
import * as letters from "../../store/delivery/letter.ts";
import type { BatchPath } from "../../store/delivery/letter.ts";
import * as waves from "../../store/wave.ts";
import { by, note, whyNotPrinted } from "./letter.ts";

/**
 * Hand out one file of a batch. Refuses `second-factor-needed` unless the same person showed one
 * for this batch within 15 minutes; a batch that is not ready; one whose text is no longer true;
 * and, with `conflict`, one in which somebody was erased or suppressed since it was made: cancel
 * that and make it anew.
 */
export async function downloadFile(
  ctx: Context,
  actor: Actor,
  { fileId, ...path }: BatchPath & { readonly fileId: string },
) {
  const file = await ctx.sql.begin(async (tx) => {
    // Locked, so that nobody cancels it as its letters leave the house.
    const wave = await waves.lock(tx, path.incidentId, path.waveId);
    const batch = await letters.lock(tx, path);
    const found = await files.find(tx, batch.id, fileId);
    const now = ctx.now();
    const unlocked = batch.unlockedBy === actor.staffId && (batch.unlockedUntil ?? now) > now;
    if (!unlocked)
      refuse("second-factor-needed", "Unlock this batch with a code from your authenticator.");
    if (batch.state !== "ready" && batch.state !== "downloaded")
      refuse("wrong-state", `This batch is ${batch.state}.`);
    const stopped = await whyNotPrinted(tx, wave);
    if (stopped) refuse(stopped.code, stopped.sentence);
    if ((await letters.fallen(tx, batch.id)) > 0)
      refuse("conflict", "Somebody dropped out since this batch was made. Make it anew.");
    await files.downloaded(tx, fileId, now);
    if (batch.state === "ready") await letters.save(tx, batch.id, { state: "downloaded" });
    const { kind, letters: count, pages } = found;
    const after = { state: "downloaded", kind, letters: count, pages };
    await note(ctx, tx, batch, {
      ...by(actor, "letters.download", after),
      before: { state: batch.state },
    });
    return found;
  });
  return {
    filename: fileName(file),
    contentType: file.kind === "letters" ? "application/pdf" : "text/csv; charset=utf-8",
    content: piecesOf(ctx, path.incidentId, file),
  };
}

async function* piecesOf(ctx: Context, incidentId: string, file: LetterFile) {
  const keys = await ctx.vault.keys(incidentId);
  for (let position = 0; position < file.pieces; position += 1)
    yield keys.openBytes(
      "letter_chunk",
      `${file.id}/${position}`,
      await files.chunk(ctx.sql, file.id, position),
    );
}
