import type { Context } from "../context.ts";
import { refuse } from "../domain/refusal.ts";
import type { Actor } from "../domain/staff.ts";
import { canonicalHash } from "../domain/timeline.ts";
import type { Fact } from "../domain/timeline.ts";
import * as wave from "../domain/wave.ts";
import type { PausedReason, Wave } from "../domain/wave.ts";
import type { Sql } from "../store/db.ts";
import { cancelOpen, cancelling, openSpan } from "../store/delivery/plan.ts";
import * as timeline from "../store/timeline.ts";
import * as brake from "../store/wave/brake.ts";
import { overridden } from "../store/wave/hours.ts";
import * as waves from "../store/wave.ts";
import { secondPerson } from "./countersign.ts";
import { moveOn } from "./wave/onward.ts";
import { STOPS, verdict } from "./wave/verdict.ts";

/** Stop claiming at once. What is in flight ends. Refuses a wave that is not running. */
export function pause(
  ctx: Context,
  actor: Actor,
  { incidentId, waveId, reason }: Order,
): Promise<Wave> {
  return ctx.sql.begin(async (tx) => {
    const found = await waves.lock(tx, incidentId, waveId);
    await standStill(ctx, tx, found, { ...by(actor), pausedReason: "person", reason });
    return waves.find(tx, incidentId, waveId);
  });
}

/**
 * Go on after a pause, whatever its reason: two people must ask for it. Answers "waiting" after
 * the first. Refuses while the facts differ from what was approved, and for good once the
 * approved window is over or the notice is withdrawn.
 */
export function resume(
  ctx: Context,
  actor: Actor,
  { incidentId, waveId, reason }: Order,
): Promise<{ wave: Wave; agreed: "waiting" | "agreed" }> {
  return ctx.sql.begin(async (tx) => {
    const found = await waves.lock(tx, incidentId, waveId);
    if (found.state !== "paused") refuse("wrong-state", `This wave is ${found.state}.`);
    if (!(await waves.factsHold(tx, waveId)))
      refuse("facts-changed", "The facts are no longer what was approved. Correct the notice.");
    const barrier = await waves.barrier(tx, waveId);
    if (barrier) refuse("wrong-state", BARRIERS[barrier]);
    const act = { act: "wave.resume", subjectId: waveId, incidentId, reason } as const;
    const agreed = await secondPerson(ctx, tx, actor, act);
    if (agreed === "waiting") return { wave: found, agreed };
    // Two people have judged a stopped canary; the same counts must not stop it again.
    const canaryPassed = found.canaryPassed || found.pausedReason === "canary";
    const state = wave.resumedState({ canaryPassed });
    await waves.save(tx, found, { state, canaryPassed });
    await brake.judge(tx, waveId);
    await note(ctx, tx, found, {
      ...by(actor),
      action: "wave.resume",
      after: { state, reasonHash: canonicalHash(reason) },
    });
    return { wave: await waves.find(tx, incidentId, waveId), agreed };
  });
}

/**
 * End a wave for good: what was not sent will not be. Nothing is claimed once this is asked; its
 * deliveries follow in parts, and any worker ends what is left of them.
 */
export async function cancel(
  ctx: Context,
  actor: Actor,
  { incidentId, waveId, reason }: Order,
): Promise<Wave> {
  await ctx.sql.begin(async (tx) => {
    const found = await waves.lock(tx, incidentId, waveId);
    wave.requireStep(found.state, "cancelled");
    await waves.save(tx, found, { state: "cancelled" });
    await note(ctx, tx, found, {
      ...by(actor),
      action: "wave.cancel",
      after: { state: "cancelled", reasonHash: canonicalHash(reason) },
    });
  });
  return endCancelled(ctx, { incidentId, waveId });
}

async function endCancelled(
  ctx: Context,
  { incidentId, waveId }: { readonly incidentId: string; readonly waveId: string },
): Promise<Wave> {
  const span = await openSpan(ctx.sql, waveId);
  for (let { after } = span; after < span.upTo; after += CANCELLED_AT_ONCE)
    await ctx.sql.begin((tx) =>
      cancelOpen(tx, waveId, { after, upTo: Math.min(after + CANCELLED_AT_ONCE, span.upTo) }),
    );
  return ctx.sql.begin(async (tx) => {
    const found = await waves.lock(tx, incidentId, waveId);
    if (found.endedAt !== null) return found;
    await waves.save(tx, found, { state: "cancelled", endedAt: ctx.now() });
    const counts = await waves.counts(tx, waveId);
    await note(ctx, tx, found, {
      actor: "system:sweep",
      action: "wave.end",
      after: { state: "cancelled", counts },
    });
    return waves.find(tx, incidentId, waveId);
  });
}

/** Stop the waves of an incident whose text no longer says what is true. Idempotent. */
export function onScopeRevised(
  ctx: Context,
  { incidentId }: { incidentId: string },
): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    for (const found of await waves.lockOutdated(tx, incidentId))
      await standStill(ctx, tx, found, { actor: "system:scope", pausedReason: "facts-changed" });
  });
}

/** The provider refuses us, not a recipient: stop before every delivery has met the same wall. */
export function openBreaker(
  ctx: Context,
  { incidentId, waveId }: { incidentId: string; waveId: string },
  code: string,
): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const found = await waves.lock(tx, incidentId, waveId);
    if (found.state !== "canary" && found.state !== "sending") return;
    await standStill(ctx, tx, found, { actor: "system:sender", pausedReason: "breaker", code });
  });
}

/** Move on who was not reached, judge canaries, end what has ended. Any worker may, at any time. */
export async function sweep(ctx: Context): Promise<void> {
  await moveOn(ctx);
  for (const { id: waveId, incidentId } of await waves.underWay(ctx.sql))
    await lookAt(ctx, { incidentId, waveId });
  for (const { id: waveId, incidentId } of await cancelling(ctx.sql))
    await endCancelled(ctx, { incidentId, waveId });
}

/** Judge a wave's canaries, or end it, where the time has come. */
export async function lookAt(
  ctx: Context,
  { incidentId, waveId }: { readonly incidentId: string; readonly waveId: string },
): Promise<void> {
  const found = await waves.find(ctx.sql, incidentId, waveId);
  if (await verdict(ctx.sql, found))
    await ctx.sql.begin(async (tx) => judge(ctx, tx, await waves.lock(tx, incidentId, waveId)));
}

interface Order {
  readonly incidentId: string;
  readonly waveId: string;
  readonly reason: string;
}

interface Stop {
  readonly actor: string;
  readonly requestId?: string;
  readonly pausedReason: PausedReason;
  readonly reason?: string;
  /** The provider's reply code, or what there was too much of. */
  readonly code?: string;
}

async function standStill(ctx: Context, tx: Sql, found: Wave, stop: Stop): Promise<void> {
  wave.requireStep(found.state, "paused");
  const { pausedReason, reason, code, ...who } = stop;
  await waves.save(tx, found, { state: "paused", pausedReason });
  await note(ctx, tx, found, {
    ...who,
    action: "wave.pause",
    after: {
      state: "paused",
      pausedReason,
      ...(reason !== undefined && { reasonHash: canonicalHash(reason) }),
      ...(code !== undefined && { code }),
    },
  });
}

async function judge(ctx: Context, tx: Sql, found: Wave): Promise<void> {
  const said = await verdict(tx, found);
  if (!said) return;
  if (said !== "pass" && said !== "done") {
    const pausedReason = STOPS[said];
    const code = pausedReason === "breaker" ? { code: said } : {};
    await standStill(ctx, tx, found, { actor: "system:sweep", pausedReason, ...code });
    return;
  }
  const state = said === "pass" ? "sending" : "done";
  const counts = await waves.counts(tx, found.id);
  await waves.save(tx, found, {
    state,
    canaryPassed: true,
    ...(state === "done" && { endedAt: ctx.now() }),
  });
  const action = state === "done" ? "wave.end" : "wave.pass-canary";
  const despiteHours = state === "done" ? await overridden(tx, found.id) : 0;
  const after = { state, counts, ...(despiteHours > 0 && { despiteHours }) };
  await note(ctx, tx, found, { actor: "system:sweep", action, after });
}

type Note = Pick<Fact, "actor" | "action" | "after" | "requestId">;

function note(ctx: Context, tx: Sql, { id, incidentId, state }: Wave, fact: Note): Promise<void> {
  const subject = `wave:${id}`;
  return timeline.append(tx, { incidentId, subject, before: { state }, ...fact }, ctx.now());
}

function by({ staffId, requestId }: Actor) {
  return { actor: staffId, requestId };
}

const BARRIERS = {
  late: "The approved window is over. Cancel this wave and submit the notice again.",
  withdrawn: "The notice was withdrawn. Cancel this wave.",
} as const;

/** Few enough that no worker waits long to write down what it has sent. */
const CANCELLED_AT_ONCE = 10_000;
