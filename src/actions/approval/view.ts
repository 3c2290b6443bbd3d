import { z } from "zod";

import type { Context } from "../../context.ts";
import * as approval from "../../domain/approval.ts";
import type { Submission } from "../../domain/approval.ts";
import { stillHolds } from "../../domain/audience/permitted.ts";
import { ResidentsDiffer, residentsDiffer } from "../../domain/audience/residents.ts";
import { JudgedProblem } from "../../domain/notice/lint/override.ts";
import { contentHash } from "../../domain/notice/notice.ts";
import type { Notice } from "../../domain/notice/notice.ts";
import * as store from "../../store/approval.ts";
import * as recipients from "../../store/audience/recipient.ts";
import type { Sql } from "../../store/db.ts";
import * as notices from "../../store/notice.ts";
import * as scopes from "../../store/scope.ts";
import { compiledVersion } from "../notice/compiled.ts";
import { sensitivity } from "../notice/draft.ts";
import { problemsOf } from "../notice/gate.ts";
import { limitsOf } from "./limits.ts";
import {
  LimitView,
  ReachView,
  VariantView,
  limitViews,
  reachView,
  variantViews,
} from "./reached.ts";

/** What an approver must see before they sign: the words by their hash, the people in numbers. */
export const SubmissionView = approval.Submission.omit({ binding: true, facts: true }).extend({
  /** Hex; an approval repeats it. */
  binding: z.string(),
  number: z.int(),
  state: z.enum(["waiting", "approved", "outdated", "closed"]),
  /** What is no longer as it was submitted. */
  changed: z.array(z.string()),
  approvals: z.array(approval.Approval.omit({ binding: true })),
  audience: z.object({ id: z.uuid(), name: z.string(), count: z.int(), digest: z.string() }),
  reach: ReachView,
  /** Every text that somebody will read; without variants the one of everybody. */
  variants: z.array(VariantView),
  /** What the law of people's places takes from the plan's channels. */
  limits: z.array(LimitView),
  /** Places of which the scope and the audience say different things. */
  residents: z.array(ResidentsDiffer),
  commitments: z.array(approval.StoredCommitment),
  /** What is found against the texts, and what an approver lets stand, with the reason. */
  problems: z.array(JudgedProblem),
});
export type SubmissionView = z.output<typeof SubmissionView>;

/** A submission as everybody is shown it, with its numbers, its approvals and any waiver. */
export async function viewOf(ctx: Context, sql: Sql, given: Submission): Promise<SubmissionView> {
  const { binding, facts: _facts, ...plain } = given;
  const { facts } = await scopes.current(sql, given.incidentId);
  const compiled = await compiledVersion(ctx, given.noticeVersionId, sql);
  const { texts, version } = compiled;
  const audience = await frozenAudience(sql, given.incidentId, given.audienceId);
  const approvals = await store.approvals(sql, given.id);
  const { changed } = await current(ctx, sql, given);
  const notice = await notices.find(sql, given.incidentId, given.noticeId);
  const { audienceId, plan } = given;
  const query = { audienceId, ...plan, noticeClass: notice.class, submissionId: given.id };
  const rows = await store.reach(sql, query);
  const enough = approval.isEnough(approvals, given.approvalsNeeded, binding);
  return {
    ...plain,
    binding: binding.toString("hex"),
    number: version.number,
    state: stateOf({
      closed: isClosed(given, notice, version.number),
      outdated: changed.length > 0,
      enough,
    }),
    changed,
    approvals: approvals.map(({ binding: _binding, ...given }) => given),
    audience: { ...audience, digest: audience.digest.toString("hex") },
    reach: reachView(texts, rows),
    variants: variantViews(texts, version.codes, rows),
    limits: limitViews(plan.limits ?? [], rows),
    residents: residentsDiffer(facts.people, placesOf(rows)),
    commitments: await store.commitments(sql, given.noticeVersionId),
    problems: await problemsOf(ctx, sql, compiled, notice),
  };
}

/**
 * What of a submission is no longer true, by name, how many approvals it needs by now, and where its
 * people live. `changed` is empty exactly where the binding computed from the data as they are is
 * the one submitted.
 */
export async function current(ctx: Context, sql: Sql, given: Submission) {
  const version = await notices.versionById(sql, given.noticeVersionId);
  const { fieldHashes } = await scopes.current(sql, given.incidentId);
  const hashes: Readonly<Record<string, string>> = fieldHashes;
  const facts = Object.fromEntries(
    Object.keys(given.facts).map((field) => [field, hashes[field] ?? ""]),
  );
  const audience = await frozenAudience(sql, given.incidentId, given.audienceId);
  const { id, count, digest } = audience;
  const binding = approval.bindingOf({
    ...given,
    contentHash: contentHash(version),
    facts,
    audience: { id, count, digest },
  });
  const level = await sensitivity(sql, given.incidentId);
  const { plan } = given;
  const notice = await notices.find(sql, given.incidentId, given.noticeId);
  const places = await recipients.places(sql, given.audienceId);
  const limits = await limitsOf(ctx, sql, notice, { places, plan });
  const changed = [
    ...Object.keys(facts).filter((field) => facts[field] !== given.facts[field]),
    ...(version.sender.layoutVersion === ctx.templates.mail.version ? [] : ["layout"]),
    ...(level === "special-category" && !version.sender.discreet ? ["sensitivity"] : []),
    ...(stillHolds(plan.limits ?? [], limits) ? [] : ["plan.limits"]),
  ];
  if (changed.length === 0 && !binding.equals(given.binding)) changed.push("binding");
  const needed = Math.max(given.approvalsNeeded, approval.approvalsNeeded(count, level));
  return { changed, needed, places };
}

/** An audience that can be bound. Refuses one that is not frozen, and another incident's. */
export async function frozenAudience(sql: Sql, incidentId: string, audienceId: string) {
  const found = await store.audience(sql, incidentId, audienceId);
  return approval.requireFrozen(found);
}

/** Sent back, given up, or replaced by a newer text. Nobody has to close it for that. */
export function isClosed(
  submission: Pick<Submission, "closedAt">,
  notice: Pick<Notice, "number" | "state">,
  number: number,
): boolean {
  const { state } = notice;
  return (
    submission.closedAt !== null ||
    notice.number !== number ||
    (state !== "in-review" && state !== "ready")
  );
}

function stateOf(of: { closed: boolean; outdated: boolean; enough: boolean }) {
  if (of.closed) return "closed";
  if (of.outdated) return "outdated";
  return of.enough ? "approved" : "waiting";
}

function placesOf(rows: readonly store.Reach[]) {
  return [...Map.groupBy(rows, ({ place }) => place)].map(([place, group]) => ({
    place,
    people: group.reduce((sum, { people }) => sum + people, 0),
  }));
}
