import type { Context } from "../../context.ts";
import type { Rule } from "../../domain/law.ts";
import type { RuleReview } from "../../domain/obligation/record.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import * as store from "../../store/obligation/record.ts";
import { note } from "./note.ts";

/** A rule as the library has it now, and who reviewed it. */
export interface RuleSeen {
  readonly rule: Rule;
  readonly version: string;
  readonly reviews: RuleReview[];
}

/** One rule. Refuses `not-found`. */
export async function ruleOf(ctx: Context, ruleId: string): Promise<RuleSeen> {
  const rule = ctx.library.rules.find(({ id }) => id === ruleId);
  if (!rule) return refuse("not-found", "The library has no such rule.");
  const reviews = await store.reviews(ctx.sql, [ruleId]);
  return { rule, version: ctx.library.versions.get(ruleId) ?? "", reviews };
}

/**
 * Record that one read a rule against its source. It is shown beside the rule with one's name, and
 * stands for this version of its text only. Refuses `stale-version` where the text is another.
 */
export async function review(
  ctx: Context,
  actor: Actor,
  ruleId: string,
  { version, note: said }: { readonly version: string; readonly note: string },
): Promise<RuleSeen> {
  const seen = await ruleOf(ctx, ruleId);
  if (seen.version !== version)
    refuse("stale-version", "This is not the text of the rule any more. Read it again.", [
      { field: "version", code: "stale", message: `The current version is ${seen.version}.` },
    ]);
  await ctx.sql.begin(async (tx) => {
    const given = { ruleId, version, reviewedBy: actor.staffId, reviewedAt: ctx.now(), note: said };
    if (!(await store.review(tx, given))) return;
    await note(ctx, tx, actor, {
      action: "rule.review",
      subject: `rule:${ruleId}`,
      after: { version, noteHash: canonicalHash(said) },
    });
  });
  return ruleOf(ctx, ruleId);
}
