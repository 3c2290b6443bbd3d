import type { Context } from "../../context.ts";
import * as approval from "../../domain/approval.ts";
import type { Approval } from "../../domain/approval.ts";
import { changedFacts, moved, publicFacts, updateBinding } from "../../domain/publication.ts";
import type { Publication, Update } from "../../domain/publication.ts";
import { expectVersion, refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import { activeStaff } from "../../store/approval.ts";
import type { Sql } from "../../store/db.ts";
import * as incidents from "../../store/incident.ts";
import * as outbox from "../../store/outbox.ts";
import * as store from "../../store/publication.ts";
import * as scopes from "../../store/scope.ts";
import { sensitivity } from "../notice/draft.ts";
import { note } from "./draft.ts";
import type { UpdatePath } from "./draft.ts";
import { viewOf } from "./view.ts";
import type { UpdateView } from "./view.ts";

/**
 * Propose an update for publishing, with the facts that the page shows as they are now. They are
 * bound with it: should they change before everybody has approved, it must be submitted again.
 */
export function submit(
  ctx: Context,
  actor: Actor,
  { incidentId, updateId }: UpdatePath,
  version: number,
): Promise<UpdateView> {
  return ctx.sql.begin(async (tx) => {
    const { page, update: before } = await lockAll(tx, incidentId, updateId);
    expectVersion(before.version, version);
    const again = before.state === "in-review" ? moved(before, "draft") : before;
    const { facts: all } = await scopes.current(tx, incidentId);
    const facts = publicFacts(all);
    const submitted = { ...moved(again, "in-review"), version: before.version + 1 };
    const update: Update = {
      ...submitted,
      facts,
      binding: updateBinding(page.slug, submitted, facts),
      approvalsNeeded: await needed(tx, incidentId),
      submittedBy: actor.staffId,
      submittedAt: ctx.now(),
    };
    await store.change(tx, update);
    await note(ctx, tx, actor, {
      update,
      action: "publication.submit",
      before: { state: before.state },
      after: { state: update.state, binding: hexOf(update), needed: update.approvalsNeeded },
    });
    return viewOf(tx, update);
  });
}

/**
 * Approve exactly what `binding` stands for; the last approval that is needed publishes it.
 * Refuses `four-eyes` for anyone who wrote or submitted it, `stale-version` for another binding,
 * and `facts-changed` where the page would no longer say what is so. Repeating one's own
 * approval changes nothing.
 */
export function approve(
  ctx: Context,
  actor: Actor,
  { incidentId, updateId }: UpdatePath,
  given: { readonly binding: string; readonly waiver?: { readonly reason: string } | undefined },
): Promise<UpdateView> {
  return ctx.sql.begin(async (tx) => {
    const { page, update } = await lockAll(tx, incidentId, updateId);
    const { binding } = update;
    const earlier = await store.approvals(tx, updateId);
    const own = earlier.find((each) => each.staffId === actor.staffId);
    if (binding && own?.binding.equals(binding)) return viewOf(tx, update);
    if (update.state !== "in-review" || !binding)
      return refuse("wrong-state", "This is not waiting for an approval.");
    await requireCurrent(tx, page, update);
    if (given.binding !== binding.toString("hex"))
      refuse("stale-version", "This is not what you were shown. Read the update again.", [
        { field: "binding", code: "stale", message: "Repeat the binding of the update." },
      ]);
    const waiver = given.waiver?.reason;
    const { authors } = update;
    const submittedBy = update.submittedBy ?? update.createdBy;
    const involved = { authors, uploaders: [], submittedBy, activeStaff: await activeStaff(tx) };
    approval.requireApprover(actor, involved, waiver);

    const new_: Approval = {
      staffId: actor.staffId,
      binding,
      waiver: waiver ?? null,
      at: ctx.now(),
      standing: true,
    };
    await store.approve(tx, updateId, new_);
    const need = Math.max(update.approvalsNeeded, await needed(tx, incidentId));
    const enough = approval.isEnough([...earlier, new_], need, binding);
    const after = enough ? await publish(ctx, tx, update) : update;
    await note(ctx, tx, actor, {
      update: after,
      action: enough ? "publication.publish" : "publication.approve",
      before: { state: update.state },
      after: {
        state: after.state,
        number: after.number,
        binding: hexOf(update),
        waiver: waiver === undefined ? null : canonicalHash(waiver),
      },
    });
    return viewOf(tx, after);
  });
}

/** Send an update back to its author, saying what should change. */
export function sendBack(
  ctx: Context,
  actor: Actor,
  { incidentId, updateId }: UpdatePath,
  comment: string,
): Promise<UpdateView> {
  return ctx.sql.begin(async (tx) => {
    const { update: before } = await lockAll(tx, incidentId, updateId);
    const update = { ...moved(before, "draft"), reviewComment: comment };
    await store.change(tx, update);
    await note(ctx, tx, actor, {
      update,
      action: "publication.send-back",
      before: { state: before.state },
      after: { state: update.state, commentHash: canonicalHash(comment) },
    });
    return viewOf(tx, update);
  });
}

async function publish(ctx: Context, tx: Sql, update: Update): Promise<Update> {
  const published: Update = {
    ...moved(update, "published"),
    number: (await store.publishedCount(tx, update.incidentId)) + 1,
    publishedAt: ctx.now(),
  };
  await store.change(tx, published);
  const ids = { incidentId: update.incidentId, updateId: update.id };
  await outbox.post(tx, "publication.published", ids);
  return published;
}

interface Locked {
  readonly page: Publication;
  readonly update: Update;
}

/** Incident first: everyone who changes its page waits there. */
async function lockAll(tx: Sql, incidentId: string, updateId: string): Promise<Locked> {
  await incidents.lock(tx, incidentId);
  const update = await store.lockUpdate(tx, incidentId, updateId);
  const page = await store.find(tx, incidentId);
  return page ? { page, update } : refuse("not-found", "There is no such page.");
}

/** Nothing is trusted that can be computed: the binding is made anew from what is so now. */
async function requireCurrent(tx: Sql, { slug }: Publication, update: Update): Promise<void> {
  const facts = publicFacts((await scopes.current(tx, update.incidentId)).facts);
  const changed = update.facts ? changedFacts(update.facts, facts) : ["facts"];
  if (changed.length === 0 && !updateBinding(slug, update, facts).equals(update.binding ?? NONE))
    changed.push("binding");
  if (changed.length > 0)
    refuse(
      "facts-changed",
      "The facts on the page have changed. Submit the update again to take up the new ones.",
      changed.map((field) => ({ field, code: "changed", message: "This changed since." })),
    );
}

/** Two people for data of a special category, as for notices. */
async function needed(tx: Sql, incidentId: string): Promise<1 | 2> {
  return approval.approvalsNeeded(0, await sensitivity(tx, incidentId));
}

function hexOf({ binding }: Update): string {
  return binding?.toString("hex") ?? "";
}

const NONE = Buffer.alloc(0);
