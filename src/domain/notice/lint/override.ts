import { z } from "zod";

import { Instant } from "../../instant.ts";
import { text } from "../../text.ts";
import { canonicalHash } from "../../timeline.ts";
import { LintProblem } from "./rule.ts";

/** Names one problem of one version: what was found, in which text, on which line, in which words. */
export const Finding = z.string().regex(/^[0-9a-f]{32}$/, "Repeat the finding of the problem.");

/** Why a problem may stand: a sentence, not a click. */
export const OverrideReason = text(1_000).refine((reason) => reason.length >= 10, {
  message: "Give the reason in at least 10 characters.",
});

/** An approver's decision that a text goes out with a problem. */
export const LintOverride = z.object({
  finding: z.string(),
  code: z.string(),
  language: z.string(),
  line: z.int(),
  reason: z.string(),
  staffId: z.uuid(),
  at: Instant,
});
export type LintOverride = z.output<typeof LintOverride>;

/** A problem, with the decision to let it stand where there is one. */
export const JudgedProblem = LintProblem.extend({
  finding: z.string(),
  override: LintOverride.pick({ reason: true, staffId: true, at: true }).nullable(),
});
export type JudgedProblem = z.output<typeof JudgedProblem>;

/** The problems of a version, each with its name and its override. */
export function judged(
  problems: readonly LintProblem[],
  overrides: readonly LintOverride[],
): JudgedProblem[] {
  const known = new Map(overrides.map((each) => [each.finding, each]));
  return problems.map((problem) => {
    const finding = findingOf(problem);
    const found = known.get(finding);
    const override = found ? { reason: found.reason, staffId: found.staffId, at: found.at } : null;
    return { ...problem, finding, override };
  });
}

/** The problems that keep a version from being submitted and approved. */
export function blocking(problems: readonly JudgedProblem[]): JudgedProblem[] {
  return problems.filter(({ severity, override }) => severity === "must-fix" && override === null);
}

/** 128 bits of the SHA-256 of all that makes the problem this one; what to do about it does not. */
function findingOf({ language, code, line, message, sentence }: LintProblem): string {
  const words = sentence ?? null;
  return canonicalHash({ language, code, line, message, words }).slice(0, 32);
}
