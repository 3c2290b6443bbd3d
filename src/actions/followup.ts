import { randomUUID } from "node:crypto";

import type { Context } from "../context.ts";
import { checkPlan, requireOffered, requireSkippable } from "../domain/followup.ts";
import type { Followup, FollowupPlan, NewPlan } from "../domain/followup.ts";
import { expectNotClosed, refuseField } from "../domain/incident.ts";
import { expectVersion, refuse } from "../domain/refusal.ts";
import type { Actor } from "../domain/staff.ts";
import { canonicalHash } from "../domain/timeline.ts";
import type { Fact } from "../domain/timeline.ts";
import * as approvals from "../store/approval.ts";
import type { Sql } from "../store/db.ts";
import * as store from "../store/followup.ts";
import * as plans from "../store/followup/plan.ts";
import * as incidents from "../store/incident.ts";
import * as timeline from "../store/timeline.ts";
import { makeDraft } from "./followup/draft.ts";
import { armNext, traceOf } from "./followup/tick.ts";

/**
 * Plan the follow-ups of an incident, against the version of the plan one saw. What an older plan
 * had still to come is cancelled; what is due already stays due. Refuses a closed incident,
 * `stale-version`, times that cannot be kept, and owners and audiences that are not there.
 */
export function setPlan(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { version, zone, rule, owners, sending }: NewPlan,
): Promise<FollowupPlan> {
  return ctx.sql.begin(async (tx) => {
    expectNotClosed(await incidents.lock(tx, incidentId));
    const before = await plans.live(tx, incidentId);
    expectVersion(before?.version ?? 0, version);
    const now = ctx.now();
    checkPlan({ rule, zone }, now);
    await expectOwners(tx, owners, now);
    await expectAudience(tx, incidentId, sending?.audienceId);

    if (before) await plans.end(tx, before.id, now);
    const cancelled = await store.cancelComing(tx, incidentId, now);
    const plan: FollowupPlan = {
      id: randomUUID(),
      incidentId,
      version: await plans.nextVersion(tx, incidentId),
      zone,
      rule,
      owners,
      sending: sending ?? null,
      createdBy: actor.staffId,
      createdAt: now,
      endedAt: null,
    };
    await plans.insert(tx, plan);
    await armNext(tx, plan);
    await note(ctx, tx, actor, {
      incidentId,
      action: "followup.plan",
      subject: `incident:${incidentId}`,
      ...(before && { before: planTrace(before) }),
      after: { ...planTrace(plan), cancelled },
    });
    return plan;
  });
}

/** The plan in force. Refuses `not-found` where there is none. */
export async function getPlan(ctx: Context, incidentId: string): Promise<FollowupPlan> {
  await incidents.find(ctx.sql, incidentId);
  const plan = await plans.live(ctx.sql, incidentId);
  return plan ?? refuse("not-found", "This incident has no plan for follow-ups.");
}

export interface FollowupPath {
  readonly incidentId: string;
  readonly followupId: string;
}

/** Take a follow-up that came too late to go by itself: its draft is made now. */
export function take(
  ctx: Context,
  actor: Actor,
  { incidentId, followupId }: FollowupPath,
): Promise<Followup> {
  return ctx.sql.begin(async (tx) => {
    expectNotClosed(await incidents.lock(tx, incidentId));
    const before = await store.lock(tx, incidentId, followupId);
    requireOffered(before);
    const plan = await plans.find(tx, before.planId);
    const made = await makeDraft(ctx, tx, actor, plan);
    const after: Followup = { ...before, ...made, state: "fired", takenBy: actor.staffId };
    await store.save(tx, after);
    await note(ctx, tx, actor, {
      incidentId,
      action: "followup.take",
      subject: `followup:${followupId}`,
      before: traceOf(before),
      after: traceOf(after),
    });
    return after;
  });
}

/** Let a follow-up go, with a reason: the promise is withdrawn, and shown as no longer made. */
export function skip(
  ctx: Context,
  actor: Actor,
  { incidentId, followupId }: FollowupPath,
  reason: string,
): Promise<Followup> {
  return ctx.sql.begin(async (tx) => {
    expectNotClosed(await incidents.lock(tx, incidentId));
    const before = await store.lock(tx, incidentId, followupId);
    requireSkippable(before);
    const after: Followup = { ...before, state: "skipped", reason };
    await store.save(tx, after);
    await armNext(tx, await plans.find(tx, before.planId));
    await note(ctx, tx, actor, {
      incidentId,
      action: "followup.skip",
      subject: `followup:${followupId}`,
      before: traceOf(before),
      after: { ...traceOf(after), reasonHash: canonicalHash(reason) },
    });
    return after;
  });
}

async function expectOwners(tx: Sql, owners: readonly string[], now: Date): Promise<void> {
  const [missing] = await plans.notOwners(tx, owners, now);
  if (missing === undefined) return;
  const field = `owners.${owners.indexOf(missing)}`;
  refuseField(field, "unknown", "Name somebody on staff who is responder, drafter or counsel.");
}

async function expectAudience(tx: Sql, incidentId: string, audienceId: string | undefined) {
  if (audienceId === undefined) return;
  if (!(await approvals.audience(tx, incidentId, audienceId)))
    refuseField("sending.audienceId", "unknown", "This incident has no such audience.");
}

/** What the timeline keeps of a plan: no personal data is in it. */
function planTrace({ version, zone, rule, owners, sending }: FollowupPlan) {
  return { version, zone, rule, owners: [...owners], audienceId: sending?.audienceId ?? null };
}

function note(ctx: Context, tx: Sql, actor: Actor, fact: Omit<Fact, "actor" | "requestId">) {
  const { staffId, requestId } = actor;
  return timeline.append(tx, { ...fact, actor: staffId, requestId }, ctx.now());
}
