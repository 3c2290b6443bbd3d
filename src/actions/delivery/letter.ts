import { randomUUID } from "node:crypto";

import type { Context } from "../../context.ts";
import { refuse } from "../../domain/refusal.ts";
import type { RefusalCode } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import type { Fact } from "../../domain/timeline.ts";
import type { Wave } from "../../domain/wave.ts";
import type { Sql } from "../../store/db.ts";
import * as files from "../../store/delivery/letter-file.ts";
import * as letters from "../../store/delivery/letter.ts";
import type { Batch, BatchPath } from "../../store/delivery/letter.ts";
import * as outbox from "../../store/outbox.ts";
import * as timeline from "../../store/timeline.ts";
import * as waves from "../../store/wave.ts";

/**
 * Open a batch of letters for a mail house: everybody of the wave who waits for one and is in no
 * other live batch, at most 20,000. A worker makes it; the person who asked may download it for
 * 15 minutes without another code. Refuses a wave whose letters may not go out, and one in which
 * nobody waits for a letter.
 */
export async function openBatch(
  ctx: Context,
  actor: Actor,
  { incidentId, waveId }: Omit<BatchPath, "batchId">,
): Promise<Batch> {
  const { id: ours } = await waves.find(ctx.sql, incidentId, waveId);
  // By itself, because it stands even where nobody is left to write to.
  await ctx.sql.begin((tx) => letters.leaveOut(tx, ours));
  return ctx.sql.begin(async (tx) => {
    const wave = await waves.lock(tx, incidentId, waveId);
    const stopped = await whyNotPrinted(tx, wave);
    if (stopped) refuse(stopped.code, stopped.sentence);
    const [id, now] = [randomUUID(), ctx.now()];
    const { staffId } = actor;
    await letters.addBatch(tx, {
      id,
      incidentId,
      waveId,
      requestedBy: staffId,
      requestedAt: now,
    });
    await letters.unlock(tx, id, { staffId, until: unlockedUntil(now) });
    const people = await letters.fill(tx, { id, waveId }, LETTERS_MAX);
    if (people === 0) refuse("conflict", "Nobody of this wave waits for a letter.");
    await outbox.post(tx, "letters.make", { incidentId, waveId, batchId: id });
    await note(ctx, tx, { id, incidentId }, by(actor, "letters.request", { waveId, people }));
    return letters.find(tx, { incidentId, waveId, batchId: id });
  });
}

/** Show a second factor again: its owner may download the batch for 15 minutes. */
export function unlockBatch(ctx: Context, actor: Actor, path: BatchPath): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const batch = await letters.lock(tx, path);
    const until = unlockedUntil(ctx.now());
    await letters.unlock(tx, batch.id, { staffId: actor.staffId, until });
    await note(ctx, tx, batch, by(actor, "letters.unlock", { until: until.toISOString() }));
  });
}

/**
 * End a batch: its files go at once and its people wait for a letter again. Refuses one that has
 * ended, and one of which a mail house already said that letters were mailed.
 */
export function cancelBatch(
  ctx: Context,
  actor: Actor,
  path: BatchPath,
  reason: string,
): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const batch = await letters.lock(tx, path);
    if (batch.state === "expired" || batch.state === "cancelled")
      refuse("wrong-state", `This batch is ${batch.state}.`);
    const { mailed = 0, returned = 0 } = await letters.counts(tx, batch.id);
    if (mailed + returned > 0) refuse("conflict", "Letters of this batch were mailed.");
    const now = ctx.now();
    await files.removeAll(tx, batch.id);
    await letters.save(tx, batch.id, {
      state: "cancelled",
      filesGoneAt: batch.filesGoneAt ?? now,
    });
    const after = { state: "cancelled", reasonHash: canonicalHash(reason) };
    await note(ctx, tx, batch, { ...by(actor, "letters.cancel", after), before: stateOf(batch) });
  });
}

/** Delete the files of a downloaded batch before their 24 hours are over. */
export function discardFiles(ctx: Context, actor: Actor, path: BatchPath): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const batch = await letters.lock(tx, path);
    if (batch.state !== "downloaded") refuse("wrong-state", "This batch is not downloaded.");
    if (batch.filesGoneAt) return;
    await files.removeAll(tx, batch.id);
    await letters.save(tx, batch.id, { filesGoneAt: ctx.now() });
    await note(ctx, tx, batch, by(actor, "letters.discard-files", { state: batch.state }));
  });
}

/**
 * Delete files that are 24 hours old. A batch that nobody downloaded has expired then, and its
 * people wait for a letter again. Answers how many batches.
 */
export async function sweepLetters(ctx: Context): Promise<number> {
  const before = new Date(ctx.now().getTime() - FILES_KEPT_MS);
  const old = await letters.withFilesBefore(ctx.sql, before);
  for (const { id: batchId, incidentId, waveId } of old)
    await ctx.sql.begin(async (tx) => {
      const batch = await letters.lock(tx, { incidentId, waveId, batchId });
      if (batch.filesGoneAt) return;
      const state = batch.state === "downloaded" ? "downloaded" : "expired";
      await files.removeAll(tx, batchId);
      await letters.save(tx, batchId, { state, filesGoneAt: ctx.now() });
      await note(ctx, tx, batch, {
        actor: "system:sweep",
        action: "letters.expire",
        before: stateOf(batch),
        after: { state },
      });
    });
  return old.length;
}

/** What keeps letters of a wave from going out now, if anything. */
export async function whyNotPrinted(
  sql: Sql,
  { id, state }: Wave,
): Promise<{ readonly code: RefusalCode; readonly sentence: string } | undefined> {
  if (state !== "sending" && state !== "done")
    return { code: "wrong-state", sentence: `This wave is ${state}: no letters go out.` };
  if (!(await waves.factsHold(sql, id)))
    return { code: "facts-changed", sentence: "The facts are not those that were approved." };
  const barrier = await waves.barrier(sql, id);
  if (barrier === "late")
    return { code: "wrong-state", sentence: "The approved window is over. Submit again." };
  return barrier && { code: "wrong-state", sentence: "The notice was withdrawn." };
}

/** An entry of the timeline about a batch: counts only, nobody's address. */
export function note(
  ctx: Context,
  tx: Sql,
  { id, incidentId }: Pick<Batch, "id" | "incidentId">,
  fact: Pick<Fact, "actor" | "action" | "before" | "after" | "requestId">,
): Promise<void> {
  return timeline.append(tx, { incidentId, subject: `letters:${id}`, ...fact }, ctx.now());
}

/** What a person did, for the timeline. */
export function by(
  { staffId, requestId }: Actor,
  action: string,
  after: Exclude<Fact["after"], undefined>,
) {
  return { actor: staffId, action, after, requestId };
}

function stateOf({ state }: Batch) {
  return { state };
}

function unlockedUntil(now: Date): Date {
  return new Date(now.getTime() + UNLOCKED_MS);
}

/** What one mail house prints in a day; more people make another batch. */
const LETTERS_MAX = 20_000;
const UNLOCKED_MS = 15 * 60_000;
const FILES_KEPT_MS = 24 * 3_600_000;
