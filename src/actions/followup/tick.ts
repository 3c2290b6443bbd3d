import { randomUUID } from "node:crypto";

import { ORGANISATION } from "../../context.ts";
import type { Context } from "../../context.ts";
import { AHEAD, isLate, occurrences } from "../../domain/followup.ts";
import type { Followup, FollowupPlan } from "../../domain/followup.ts";
import { instantOf } from "../../domain/instant/local.ts";
import type { Actor } from "../../domain/staff.ts";
import type { Fact } from "../../domain/timeline.ts";
import type { Sql } from "../../store/db.ts";
import * as store from "../../store/followup.ts";
import * as plans from "../../store/followup/plan.ts";
import * as timeline from "../../store/timeline.ts";
import { makeDraft } from "./draft.ts";
import { tellOwners } from "./tell.ts";

/**
 * Act on the follow-ups that are due. Any worker may, at any time: each is acted on once, in one
 * transaction. One that is over 15 minutes late, after an outage, is offered to a person instead
 * of drafted. None is passed over: what came due in between is armed and acted on in its turn.
 */
export async function sweep(ctx: Context): Promise<void> {
  const failed: string[] = [];
  // One that cannot be acted on now must not hold up the others; it stays as it is.
  const tried = async (id: string, act: Promise<boolean>) =>
    act.catch((err: unknown) => {
      ctx.log.error({ err, subject: id }, "a follow-up could not be acted on");
      failed.push(id);
      return true;
    });
  for (const incidentId of await plans.ofClosed(ctx.sql))
    await tried(incidentId, endPlan(ctx, incidentId));
  for (const id of await store.outdated(ctx.sql, TZ_VERSION, AT_ONCE))
    await tried(id, recompute(ctx, id));
  for (let acted = true; acted;) {
    acted = false;
    for (const id of await store.due(ctx.sql, { now: ctx.now(), except: failed, limit: AT_ONCE }))
      acted = (await tried(id, fire(ctx, id))) || acted;
  }
}

/** Arm the next few follow-ups of a plan, after the last there is. */
export async function armNext(tx: Sql, plan: FollowupPlan): Promise<void> {
  if (plan.endedAt !== null) return;
  const { last, armed } = await store.standing(tx, plan.id);
  await store.arm(tx, plan, occurrences(plan, last, AHEAD - armed), TZ_VERSION);
}

/** What the timeline keeps of a follow-up. */
export function traceOf({ dueAt, state, noticeId, submissionId, problem }: Followup) {
  return { dueAt: dueAt.toISOString(), state, noticeId, submissionId, problem };
}

async function fire(ctx: Context, id: string): Promise<boolean> {
  // For the owners' addresses: the transaction shall wait for no other server.
  await ctx.vault.keys(ORGANISATION);
  return ctx.sql.begin(async (tx) => {
    const before = await store.lockArmed(tx, id);
    const now = ctx.now();
    if (!before || before.dueAt > now) return false;
    const plan = await plans.find(tx, before.planId);
    const made = isLate(before, now)
      ? { state: "offered" as const }
      : { state: "fired" as const, ...(await makeDraft(ctx, tx, authorOf(plan), plan)) };
    const after: Followup = { ...before, ...made, firedAt: now };
    await store.save(tx, after);
    await armNext(tx, plan);
    await tellOwners(ctx, tx, plan, after);
    const action = after.state === "offered" ? "followup.offer" : "followup.fire";
    await note(ctx, tx, after, { action, before: traceOf(before), after: traceOf(after) });
    return true;
  });
}

/** The rules of a zone changed: what was promised is the local time, so the instant moves. */
function recompute(ctx: Context, id: string): Promise<boolean> {
  return ctx.sql.begin(async (tx) => {
    const before = await store.lockArmed(tx, id);
    if (!before) return false;
    const { localDate: date, localTime: time, zone } = before;
    const dueAt = instantOf({ date, time }, zone).at;
    const after = { ...before, dueAt, tzVersion: TZ_VERSION };
    await store.save(tx, after);
    if (dueAt.getTime() === before.dueAt.getTime()) return true;
    ctx.log.warn({ followupId: id, zone, tzVersion: TZ_VERSION }, "a follow-up moved in time");
    const action = "followup.move";
    await note(ctx, tx, after, { action, before: traceOf(before), after: traceOf(after) });
    return true;
  });
}

/** A closed incident promises nothing more. */
function endPlan(ctx: Context, incidentId: string): Promise<boolean> {
  return ctx.sql.begin(async (tx) => {
    if (!(await store.lockClosed(tx, incidentId))) return false;
    const plan = await plans.live(tx, incidentId);
    if (!plan) return false;
    await plans.end(tx, plan.id, ctx.now());
    const cancelled = await store.cancelOpen(tx, incidentId);
    await timeline.append(
      tx,
      {
        incidentId,
        actor: ACTOR,
        action: "followup.end",
        subject: `incident:${incidentId}`,
        after: { version: plan.version, cancelled },
      },
      ctx.now(),
    );
    return true;
  });
}

type Note = Pick<Fact, "action" | "before" | "after">;

function note(ctx: Context, tx: Sql, { id, incidentId }: Followup, fact: Note): Promise<void> {
  const subject = `followup:${id}`;
  return timeline.append(tx, { incidentId, actor: ACTOR, subject, ...fact }, ctx.now());
}

/** Who planned it wrote its draft, and so may not approve it. */
function authorOf({ createdBy }: FollowupPlan): Actor {
  return { staffId: createdBy, roles: [], settledRoles: [], requestId: randomUUID() };
}

const ACTOR = "system:followup";
const AT_ONCE = 20;
/** Of the time zone data in this process, such as `2026a`. */
export const TZ_VERSION = process.versions["tz"] ?? "";
