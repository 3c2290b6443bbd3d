import type { Context } from "../../context.ts";
import type { Followup, FollowupPlan } from "../../domain/followup.ts";
import type { Sql } from "../../store/db.ts";
import * as plans from "../../store/followup/plan.ts";
import { say } from "../message.ts";
import { addressOf } from "../staff/address.ts";

/**
 * Tell every owner by e-mail that a follow-up is due and what there is to do. Each is told once.
 * Where no owner is left on staff, everybody is told who may act on it.
 */
export async function tellOwners(
  ctx: Context,
  tx: Sql,
  { owners }: Pick<FollowupPlan, "owners">,
  followup: Followup,
): Promise<void> {
  const { id, incidentId, localDate, localTime, zone } = followup;
  const due = `${localDate} ${localTime} (${zone})`;
  const values = { due, incidentId, followupId: id, console: ctx.config.CONSOLE_URL };
  const words = ctx.templates.words("followup", LANGUAGE, values);
  const { subject = "", intro = "", where = "" } = words;
  const paragraphs = [intro, words[sentenceOf(followup)] ?? "", where];
  for (const staffId of await plans.keepers(tx, owners)) {
    const to = await addressOf(ctx, tx, staffId);
    if (to === undefined) continue;
    const key = `${id}/${staffId}`;
    const message = { kind: "followup", key, channel: "email", to, language: LANGUAGE } as const;
    await say(ctx, tx, { ...message, subject, paragraphs });
  }
}

function sentenceOf({ state, noticeId, submissionId, problem }: Followup): string {
  if (state === "offered") return "offered";
  if (noticeId === null) return "noDraft";
  if (problem !== null) return "needsWork";
  return submissionId === null ? "drafted" : "submitted";
}

/** Staff have no language of their own yet. */
const LANGUAGE = "en";
