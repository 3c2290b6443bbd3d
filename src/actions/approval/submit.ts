import { randomUUID } from "node:crypto";

import { z } from "zod";

import type { Context } from "../../context.ts";
import { SENSITIVITY_DEFAULTS } from "../../domain/element.ts";
import * as approval from "../../domain/approval.ts";
import { COURTESY_HOURS, LocalHours, Plan, SendWindow } from "../../domain/approval.ts";
import type { Submission } from "../../domain/approval.ts";
import { Instant } from "../../domain/instant.ts";
import { Id } from "../../domain/id.ts";
import { contentHash, moved } from "../../domain/notice/notice.ts";
import type { Notice, NoticeVersion } from "../../domain/notice/notice.ts";
import { expectVersion, refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import * as store from "../../store/approval.ts";
import * as recipients from "../../store/audience/recipient.ts";
import type { Sql } from "../../store/db.ts";
import * as incidents from "../../store/incident.ts";
import * as notices from "../../store/notice.ts";
import * as scopes from "../../store/scope.ts";
import * as timeline from "../../store/timeline.ts";
import { compiledVersion } from "../notice/compiled.ts";
import { sensitivity } from "../notice/draft.ts";
import { legalClocks } from "../obligation/deadline.ts";
import { problemsOf, requireFixed } from "../notice/gate.ts";
import { limitsOf } from "./limits.ts";
import { requirePlacesServed } from "./places.ts";
import { frozenAudience, viewOf } from "./view.ts";
import type { SubmissionView } from "./view.ts";

// Above the schema, which reads them while the module loads.
const CANARY = 50;
const CANARY_MAX = 10_000;

/** A version of a notice, the people, and the way to them. */
export const NewSubmission = z.strictObject({
  noticeId: Id,
  /** The notice's version as the submitter saw it. */
  version: z.int().positive(),
  audienceId: Id,
  /** Channels come from the sensitivity of the incident unless said. */
  plan: Plan.omit({ limits: true })
    .extend({ channels: Plan.shape.channels.optional() })
    .prefault({}),
  sendWindow: SendWindow.optional(),
  /** Unless said, SMS of a courtesy go out from 08:00 to 21:00; `{}` sends at any hour. */
  localHours: LocalHours.optional(),
  /** That of the law, unless said: of the earliest clock to tell people. */
  deadline: Instant.optional(),
  urgent: z.boolean().optional(),
  /** How many are sent first and watched before the others; 0 sends all at once. */
  canary: z.int().min(0).max(CANARY_MAX).default(CANARY),
});
export type NewSubmission = z.output<typeof NewSubmission>;

/**
 * Propose a notice for sending. Refuses an audience that is not frozen, a text with problems
 * that must be fixed, and `facts-changed` where the text was written on facts that are no
 * longer so: saving it again takes up the new ones.
 */
export function submit(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  given: NewSubmission,
): Promise<SubmissionView> {
  return ctx.sql.begin(async (tx) => {
    await incidents.lock(tx, incidentId);
    const notice = await notices.lock(tx, incidentId, given.noticeId);
    expectVersion(notice.version, given.version);
    const inReview = moved(notice, "in-review");
    const version = await notices.version(tx, notice.id, notice.number);
    const audience = await frozenAudience(tx, incidentId, given.audienceId);
    await requireSendable(ctx, tx, notice, version);
    const places = await recipients.places(tx, audience.id);
    await requirePlacesServed(ctx, tx, { notice, version, places });

    const level = await sensitivity(tx, incidentId);
    const { canary } = given;
    const channels = given.plan.channels ?? [...SENSITIVITY_DEFAULTS[level].channels];
    const wanted = { ...given.plan, channels };
    const limits = await limitsOf(ctx, tx, notice, { places, plan: wanted });
    const plan = { ...wanted, ...(limits.length > 0 && { limits }) };
    if (!ctx.sms && channels.includes("sms"))
      refuse("wrong-state", "No SMS provider is set up. Leave SMS out of the plan, or set it up.", [
        { field: "plan.channels", code: "no-sms", message: "There is no way to send SMS." },
      ]);
    const sendWindow = given.sendWindow ?? null;
    const facts = z.record(z.string(), z.string()).parse(version.facts);
    const deadline = given.deadline ?? (await legalDeadline(ctx, tx, notice));
    const when = { sendWindow, deadline, ...timesOf(given, notice, channels) };
    const bound = { facts, audience, plan, ...when, canary, contentHash: contentHash(version) };
    const submission: Submission = {
      id: randomUUID(),
      incidentId,
      noticeId: notice.id,
      noticeVersionId: version.id,
      audienceId: audience.id,
      plan,
      ...when,
      canary,
      facts,
      binding: approval.bindingOf(bound),
      approvalsNeeded: approval.approvalsNeeded(audience.count, level),
      submittedBy: actor.staffId,
      submittedAt: ctx.now(),
      closedAt: null,
    };
    await notices.save(tx, inReview);
    // An edit left the earlier one behind; one notice has one that is open.
    await store.closeOpen(tx, notice.id, ctx.now());
    await store.insert(tx, submission);
    await note(ctx, tx, actor, { submission, notice, version, count: audience.count });
    return viewOf(ctx, tx, submission);
  });
}

/** One submission as everybody is shown it. */
export async function get(
  ctx: Context,
  incidentId: string,
  submissionId: string,
): Promise<SubmissionView> {
  return viewOf(ctx, ctx.sql, await store.find(ctx.sql, incidentId, submissionId));
}

/** The submissions of a notice, the newest first. */
export async function ofNotice(
  ctx: Context,
  incidentId: string,
  noticeId: string,
): Promise<SubmissionView[]> {
  const notice = await notices.find(ctx.sql, incidentId, noticeId);
  const views: SubmissionView[] = [];
  for (const each of await store.ofNotice(ctx.sql, notice.id))
    views.push(await viewOf(ctx, ctx.sql, each));
  return views;
}

/** When people are written to: as chosen, or as a courtesy by SMS should. */
function timesOf(
  { localHours, urgent = false }: NewSubmission,
  { class: noticeClass }: Notice,
  channels: readonly string[],
) {
  const usual = noticeClass === "courtesy" && channels.includes("sms") ? COURTESY_HOURS : {};
  const hours = localHours ?? usual;
  return {
    localHours: hours.email || hours.sms ? hours : null,
    urgent,
  };
}

/** When the law wants everybody told, where that is still to come; nothing for a courtesy. */
async function legalDeadline(ctx: Context, tx: Sql, { incidentId, class: noticeClass }: Notice) {
  if (noticeClass !== "legal") return null;
  const clocks = await legalClocks(ctx, tx, incidentId);
  return clocks.find(({ dueAt }) => dueAt > ctx.now())?.dueAt ?? null;
}

interface Submitted {
  readonly submission: Submission;
  readonly notice: Notice;
  readonly version: NoticeVersion;
  readonly count: number;
}

function note(
  ctx: Context,
  tx: Sql,
  { staffId, requestId }: Actor,
  { submission, notice, version, count }: Submitted,
): Promise<void> {
  const { id, incidentId, audienceId, binding, plan, canary, approvalsNeeded } = submission;
  return timeline.append(
    tx,
    {
      incidentId,
      actor: staffId,
      action: "submission.submit",
      subject: `submission:${id}`,
      before: { notice: notice.state },
      after: {
        notice: "in-review",
        number: version.number,
        binding: binding.toString("hex"),
        audience: { id: audienceId, count },
        plan,
        canary,
        approvalsNeeded,
      },
      requestId,
    },
    ctx.now(),
  );
}

async function requireSendable(
  ctx: Context,
  tx: Sql,
  { incidentId, kind }: Notice,
  version: NoticeVersion,
): Promise<void> {
  const scope = await scopes.current(tx, incidentId);
  const hashes: Readonly<Record<string, string>> = scope.fieldHashes;
  const stale = Object.entries(version.facts).filter(([field, hash]) => hashes[field] !== hash);
  const compiled = await compiledVersion(ctx, version.id, tx);
  const level = await sensitivity(tx, incidentId);
  const changed = [
    ...stale.map(([field]) => field),
    ...(compiled.layoutCurrent ? [] : ["layout"]),
    ...(level === "special-category" && !version.sender.discreet ? ["sensitivity"] : []),
  ];
  if (changed.length > 0)
    refuse(
      "facts-changed",
      "The text was written on facts that have changed. Save it again to take up the new ones.",
      changed.map((field) => ({ field, code: "changed", message: "This changed since." })),
    );
  requireFixed(await problemsOf(ctx, tx, compiled, { incidentId, kind }));
}
