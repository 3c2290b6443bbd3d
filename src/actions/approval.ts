import { randomUUID } from "node:crypto";

import type { Context } from "../context.ts";
import * as approval from "../domain/approval.ts";
import type { Approval, Submission } from "../domain/approval.ts";
import { commitmentsIn } from "../domain/notice/commitment.ts";
import { moved } from "../domain/notice/notice.ts";
import type { Notice, NoticeVersion } from "../domain/notice/notice.ts";
import { renderPublic } from "../domain/notice/render.ts";
import { refuse } from "../domain/refusal.ts";
import type { Actor } from "../domain/staff.ts";
import { canonicalHash } from "../domain/timeline.ts";
import type { Fact } from "../domain/timeline.ts";
import * as store from "../store/approval.ts";
import type { Sql } from "../store/db.ts";
import * as incidents from "../store/incident.ts";
import * as notices from "../store/notice.ts";
import * as timeline from "../store/timeline.ts";
import { requirePlacesServed } from "./approval/places.ts";
import { current, isClosed, viewOf } from "./approval/view.ts";
import type { SubmissionView } from "./approval/view.ts";
import { compiledVersion } from "./notice/compiled.ts";
import { problemsOf, requireFixed } from "./notice/gate.ts";

export interface SubmissionPath {
  readonly incidentId: string;
  readonly submissionId: string;
}

/**
 * Approve exactly what the approver saw: `binding` repeats the hex they were shown. Refuses
 * `four-eyes` for anyone who wrote, uploaded or submitted, `not-allowed` for a role younger
 * than 24 hours, `stale-version` for another binding, and `facts-changed` where what was
 * submitted is no longer so, and `template-refused` where the law as it is assessed now asks for
 * what the text lacks. Repeating one's own approval changes nothing.
 */
export function approve(
  ctx: Context,
  actor: Actor,
  { incidentId, submissionId }: SubmissionPath,
  given: { readonly binding: string; readonly waiver?: { readonly reason: string } | undefined },
): Promise<SubmissionView> {
  return ctx.sql.begin(async (tx) => {
    const { notice, submission, version } = await lockAll(tx, incidentId, submissionId);
    const earlier = await store.approvals(tx, submissionId);
    if (earlier.some(({ staffId }) => staffId === actor.staffId))
      return viewOf(ctx, tx, submission);
    await requireCurrent(ctx, tx, { notice, submission, version });
    if (given.binding !== submission.binding.toString("hex"))
      refuse("stale-version", "This is not what you were shown. Read the submission again.", [
        { field: "binding", code: "stale", message: "Repeat the binding of the submission." },
      ]);
    const waiver = given.waiver?.reason;
    approval.requireApprover(actor, await involved(tx, submission), waiver);

    const own: Approval = {
      staffId: actor.staffId,
      binding: submission.binding,
      waiver: waiver ?? null,
      at: ctx.now(),
      standing: true,
    };
    await store.approve(tx, submissionId, own);
    const { approvalsNeeded: needed, binding } = submission;
    const enough = approval.isEnough([...earlier, own], needed, binding);
    if (enough && notice.state !== "ready") await ready(ctx, tx, { notice, version });
    await note(ctx, tx, actor, {
      submission,
      action: "submission.approve",
      after: {
        binding: submission.binding.toString("hex"),
        approvals: earlier.length + 1,
        needed,
        waiver: waiver === undefined ? null : { reasonHash: canonicalHash(waiver) },
        notice: enough ? "ready" : notice.state,
      },
    });
    return viewOf(ctx, tx, submission);
  });
}

/** Send a notice back to its author with what should change. Its approvals no longer count. */
export function sendBack(
  ctx: Context,
  actor: Actor,
  { incidentId, submissionId }: SubmissionPath,
  comment: string,
): Promise<SubmissionView> {
  return ctx.sql.begin(async (tx) => {
    const { notice, submission, version } = await lockAll(tx, incidentId, submissionId);
    if (isClosed(submission, notice, version.number))
      refuse("wrong-state", "This submission is closed already.");
    await notices.save(tx, moved(notice, "draft"));
    await store.closeOpen(tx, notice.id, ctx.now());
    const { number } = version;
    const row = { id: randomUUID(), number, staffId: actor.staffId, comment, at: ctx.now() };
    await notices.addComment(tx, { ...row, noticeId: notice.id });
    await note(ctx, tx, actor, {
      submission,
      action: "submission.send-back",
      before: { notice: notice.state },
      after: { notice: "draft", commentHash: canonicalHash(comment) },
    });
    return viewOf(ctx, tx, await store.find(tx, incidentId, submissionId));
  });
}

/**
 * A submission that may be sent now, with its incident and its notice locked until the
 * transaction ends. Nothing is trusted that can be computed: the binding is made anew from the
 * data as they are, and so is what the law has against the text. Refuses `not-found` for another
 * incident's, `approval-missing`, `facts-changed` and `template-refused`.
 */
export async function approvedSubmission(
  ctx: Context,
  tx: Sql,
  incidentId: string,
  submissionId: string,
): Promise<Submission> {
  const { notice, submission, version } = await lockAll(tx, incidentId, submissionId);
  if (notice.state !== "ready")
    refuse("approval-missing", "This notice has not been approved as it is now.");
  const needed = await requireCurrent(ctx, tx, { notice, submission, version });
  const approvals = await store.approvals(tx, submissionId);
  if (!approval.isEnough(approvals, needed, submission.binding))
    refuse("approval-missing", `This needs the approval of ${needed} people.`);
  approval.requireWindow(submission.sendWindow, ctx.now());
  return submission;
}

interface Locked {
  readonly notice: Notice;
  readonly submission: Submission;
  readonly version: NoticeVersion;
}

/** Incident first, then notice: the order in which everyone locks them. */
async function lockAll(tx: Sql, incidentId: string, submissionId: string): Promise<Locked> {
  await incidents.lock(tx, incidentId);
  const { noticeId } = await store.find(tx, incidentId, submissionId);
  const notice = await notices.lock(tx, incidentId, noticeId);
  const submission = await store.find(tx, incidentId, submissionId);
  const version = await notices.versionById(tx, submission.noticeVersionId);
  return { notice, submission, version };
}

/** Refuses a submission that is no longer the same, or whose text the law as it is now is against. */
async function requireCurrent(ctx: Context, tx: Sql, { notice, submission, version }: Locked) {
  if (isClosed(submission, notice, version.number))
    refuse("approval-missing", "This submission was closed or replaced. Submit the notice again.");
  const now = await current(ctx, tx, submission);
  if (now.changed.length > 0)
    refuse(
      "facts-changed",
      "What was submitted is no longer so. Edit the notice and submit it again.",
      now.changed.map((field) => ({ field, code: "changed", message: "This changed since." })),
    );
  // What the law forbids nobody can accept alone, neither who approves nor who starts.
  const compiled = await compiledVersion(ctx, version.id, tx);
  requireFixed(await problemsOf(ctx, tx, compiled, notice));
  await requirePlacesServed(ctx, tx, { notice, version, places: now.places });
  return now.needed;
}

async function involved(tx: Sql, { noticeId, audienceId, submittedBy }: Submission) {
  return {
    authors: await notices.authors(tx, noticeId),
    uploaders: await store.uploaders(tx, audienceId),
    submittedBy,
    activeStaff: await store.activeStaff(tx),
  };
}

/** Enough people agree: the notice may be sent, and what it promises is kept track of. */
async function ready(ctx: Context, tx: Sql, { notice, version }: Omit<Locked, "submission">) {
  await notices.save(tx, moved(notice, "ready"));
  const { texts } = await compiledVersion(ctx, version.id, tx);
  const today = ctx.now().toISOString().slice(0, 10);
  // A promise that stands in several variants is one promise.
  const found = texts.variants.flatMap((each) =>
    commitmentsIn(renderPublic(each, each.defaultLanguage).text, today),
  );
  const once = new Map(found.map((each) => [`${each.dueOn} ${each.sentence}`, each]));
  await store.keepCommitments(tx, version.id, [...once.values()]);
}

type Note = Pick<Fact, "action" | "before" | "after"> & { readonly submission: Submission };

function note(ctx: Context, tx: Sql, actor: Actor, { submission, ...fact }: Note): Promise<void> {
  const { staffId, requestId } = actor;
  const { incidentId } = submission;
  const subject = `submission:${submission.id}`;
  return timeline.append(
    tx,
    { incidentId, actor: staffId, subject, requestId, ...fact },
    ctx.now(),
  );
}
