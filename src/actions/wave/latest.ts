import { z } from "zod";

import type { Context } from "../../context.ts";
import type { Submission } from "../../domain/approval.ts";
import { Instant, NOT_YET_KNOWN } from "../../domain/instant.ts";
import type { Notice } from "../../domain/notice/notice.ts";
import { latestSafeApproval } from "../../domain/obligation/latest-approval.ts";
import type { LatestApproval } from "../../domain/obligation/latest-approval.ts";
import { timeIn } from "../../domain/obligation/telling.ts";
import type { Scope } from "../../domain/scope.ts";
import { knownRate } from "../../domain/wave/preflight.ts";
import * as approvals from "../../store/approval.ts";
import type { Sql } from "../../store/db.ts";
import * as notices from "../../store/notice.ts";
import { frozenPeople } from "../../store/wave/evidence.ts";
import { measuredRate } from "../../store/wave/rate.ts";
import { legalClocks } from "../obligation/deadline.ts";

/** How many messages go by a channel, and how fast. */
interface Pace {
  readonly messages: number;
  /** Messages a second, as measured lately or as set; null where none is known. */
  readonly perSecond: number | null;
  readonly rateMax: number;
}

/** The latest safe time of approval for a due time, from the messages there are to send. */
export type SafeApproval = (dueAt: Date) => LatestApproval;

/**
 * For an incident: everybody in its frozen audiences, or the people its scope counts where those are
 * more, all by e-mail. A number that is not known yet counts as nobody, and the answer says so.
 */
export async function safeForIncident(
  ctx: Context,
  sql: Sql,
  { incidentId, facts }: Pick<Scope, "incidentId" | "facts">,
): Promise<SafeApproval> {
  const counted =
    facts.people === NOT_YET_KNOWN ? 0 : facts.people.reduce((sum, { count }) => sum + count, 0);
  const messages = Math.max(counted, await frozenPeople(sql, incidentId));
  return safe(ctx, [await paceOf(ctx, sql, "email", messages)]);
}

/** For a submission: the messages that its plan makes, by each channel at its own rate. */
async function safeForSubmission(
  ctx: Context,
  sql: Sql,
  { id: submissionId, audienceId, plan }: Submission,
  { class: noticeClass }: Notice,
): Promise<SafeApproval> {
  const reach = await approvals.reach(sql, { audienceId, ...plan, noticeClass, submissionId });
  const sum = (channel: "email" | "sms") => reach.reduce((all, row) => all + row[channel], 0);
  return safe(ctx, [
    await paceOf(ctx, sql, "email", sum("email")),
    await paceOf(ctx, sql, "sms", sum("sms")),
  ]);
}

/** The clock that a submission races against: when, and until when it may be approved. */
export const SubmissionClock = z.object({
  obligation: z.string(),
  dueAt: Instant,
  inWords: z.string(),
  latestSafeApproval: Instant,
  latestSafeApprovalInWords: z.string(),
  /** The latest safe time has passed. */
  late: z.boolean(),
  because: z.string(),
  /** Of the deadline: when it is later than the law's, that is said; the law's is taken where none is given. */
  deadline: z.enum(["none", "in-time", "later-than-the-law"]),
});
export type SubmissionClock = z.output<typeof SubmissionClock>;

/**
 * The legal clock of what is to be approved, one that ran out before those that run; nothing for a
 * courtesy, or where there is none.
 */
export async function submissionClock(
  ctx: Context,
  submission: Pick<Submission, "id" | "incidentId">,
): Promise<SubmissionClock | null> {
  const { sql } = ctx;
  const found = await approvals.find(sql, submission.incidentId, submission.id);
  const notice = await notices.find(sql, found.incidentId, found.noticeId);
  const clocks = notice.class === "legal" ? await legalClocks(ctx, sql, found.incidentId) : [];
  const [clock] = clocks;
  if (!clock) return null;
  const { obligation, dueAt, zone } = clock;
  const { approveBy, late, because } = (await safeForSubmission(ctx, sql, found, notice))(dueAt);
  const { deadline } = found;
  return {
    obligation,
    dueAt,
    inWords: timeIn(dueAt, zone),
    latestSafeApproval: approveBy,
    latestSafeApprovalInWords: timeIn(approveBy, zone),
    late,
    because,
    deadline: deadline === null ? "none" : deadline > dueAt ? "later-than-the-law" : "in-time",
  };
}

async function paceOf(
  { config }: Context,
  sql: Sql,
  channel: "email" | "sms",
  messages: number,
): Promise<Pace> {
  const rateMax = channel === "email" ? config.EMAIL_RATE_MAX : config.SMS_RATE_MAX;
  const measured = messages > 0 ? await measuredRate(sql, channel) : null;
  return { messages, perSecond: knownRate(measured, rateMax), rateMax };
}

/** The channel that takes longest decides. */
function safe(ctx: Context, paces: readonly Pace[]): SafeApproval {
  const now = ctx.now();
  const reviewMs = ctx.config.REVIEW_HOURS * HOUR_MS;
  return (dueAt) => {
    const each = paces.map(({ messages, perSecond, rateMax }) => {
      const limits = rateMax > 0 ? [{ perSecond: rateMax }] : [];
      const plan = { dueAt, recipients: messages, limits, reviewMs, retryMs: RETRY_MS };
      const found = latestSafeApproval({ ...plan, perSecond: perSecond ?? ASSUMED }, now);
      return { ...found, because: [found.because, ...doubtsOf(messages, perSecond)].join(" ") };
    });
    const [first] = each.toSorted((a, b) => a.approveBy.getTime() - b.approveBy.getTime());
    if (!first) throw new Error("There is always a channel.");
    return first;
  };
}

function doubtsOf(messages: number, perSecond: number | null): string[] {
  if (messages === 0) return ["How many people there are to tell is not yet known."];
  return perSecond === null
    ? [`No rate has been measured lately; ${ASSUMED} a second are assumed.`]
    : [];
}

const HOUR_MS = 3_600_000;
/** What providers put off is tried again for a day: see `after` in `domain/delivery.ts`. */
const RETRY_MS = 24 * HOUR_MS;
/** What the smallest account of any provider takes. */
const ASSUMED = 1;
