import { z } from "zod";

import type { Context } from "../../context.ts";
import * as approval from "../../domain/approval.ts";
import type { Submission } from "../../domain/approval.ts";
import { languageFor } from "../../domain/notice/compile.ts";
import type { CompiledNotice } from "../../domain/notice/compile.ts";
import { smsSegments as smsSegmentsOf } from "../../domain/notice/lint.ts";
import { contentHash } from "../../domain/notice/notice.ts";
import type { Notice } from "../../domain/notice/notice.ts";
import { render } from "../../domain/notice/render.ts";
import * as store from "../../store/approval.ts";
import type { Sql } from "../../store/db.ts";
import * as notices from "../../store/notice.ts";
import * as scopes from "../../store/scope.ts";
import { compiledVersion, held } from "../notice/compiled.ts";
import { sensitivity } from "../notice/draft.ts";
import { INVENTED } from "../notice/invented.ts";

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
  reach: store.Reach.omit({ language: true }).extend({
    /** E-mails, SMS and letters in sum: more than people where the plan uses every channel. */
    messages: z.int(),
    /** Segments the SMS are sent as, which is what providers count: as an invented person's. */
    smsSegments: z.int(),
    languages: z.array(store.Reach.extend({ noticeLanguage: z.string() })),
  }),
  commitments: z.array(approval.StoredCommitment),
});
export type SubmissionView = z.output<typeof SubmissionView>;

/** A submission as everybody is shown it, with its numbers, its approvals and any waiver. */
export async function viewOf(ctx: Context, sql: Sql, given: Submission): Promise<SubmissionView> {
  const { binding, facts: _facts, ...plain } = given;
  const { compiled, version } = await compiledVersion(ctx, given.noticeVersionId, sql);
  const audience = await frozenAudience(sql, given.incidentId, given.audienceId);
  const approvals = await store.approvals(sql, given.id);
  const { changed } = await current(ctx, sql, given);
  const notice = await notices.find(sql, given.incidentId, given.noticeId);
  const { audienceId, plan } = given;
  const rows = await store.reach(sql, { audienceId, ...plan, noticeClass: notice.class });
  const languages = rows.map((row) => ({
    ...row,
    noticeLanguage: languageFor(compiled, row.language),
  }));
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
    reach: { ...total(compiled, rows), languages },
    commitments: await store.commitments(sql, given.noticeVersionId),
  };
}

/**
 * What of a submission is no longer true, by name, and how many approvals it needs by now.
 * Empty exactly where the binding computed from the data as they are is the one submitted.
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
  const changed = [
    ...Object.keys(facts).filter((field) => facts[field] !== given.facts[field]),
    ...(version.sender.layoutVersion === ctx.templates.mail.version ? [] : ["layout"]),
    ...(level === "special-category" && !version.sender.discreet ? ["sensitivity"] : []),
  ];
  if (changed.length === 0 && !binding.equals(given.binding)) changed.push("binding");
  const needed = Math.max(given.approvalsNeeded, approval.approvalsNeeded(count, level));
  return { changed, needed };
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

function total(notice: CompiledNotice, rows: readonly store.Reach[]) {
  const sum = { people: 0, email: 0, sms: 0, needsLetter: 0, notReached: 0, excluded: 0 };
  let smsSegments = 0;
  for (const row of rows) {
    sum.people += row.people;
    sum.email += row.email;
    sum.sms += row.sms;
    sum.needsLetter += row.needsLetter;
    sum.notReached += row.notReached;
    sum.excluded += row.excluded;
    if (row.sms > 0) smsSegments += row.sms * segmentsIn(notice, row.language);
  }
  return { ...sum, messages: sum.email + sum.sms + sum.needsLetter, smsSegments };
}

function segmentsIn(notice: CompiledNotice, language: string): number {
  const [person] = INVENTED;
  return smsSegmentsOf(held(() => render(notice, language, person)).sms).segments;
}
