import { z } from "zod";

import type { Context } from "../../context.ts";
import { requireApprover } from "../../domain/approval.ts";
import {
  Finding,
  JudgedProblem,
  OverrideReason,
  blocking,
} from "../../domain/notice/lint/override.ts";
import { expectVersion, refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import { activeStaff } from "../../store/approval.ts";
import * as incidents from "../../store/incident.ts";
import * as notices from "../../store/notice.ts";
import * as overrides from "../../store/notice/override.ts";
import * as timeline from "../../store/timeline.ts";
import { compiledVersion } from "../notice/compiled.ts";
import type { NoticePath } from "../notice/draft.ts";
import { problemsOf } from "../notice/gate.ts";

/** Which problems of a notice's text may stand, and why. */
export const NewOverride = z.strictObject({
  /** The number of the version whose problems these are. */
  number: z.int().min(1).max(2_147_483_647),
  findings: z.array(Finding).min(1).max(100),
  reason: OverrideReason,
});
export type NewOverride = z.output<typeof NewOverride>;

/** What a version is found to have, after a decision on it. */
export const Judged = z.object({ problems: z.array(JudgedProblem) });

/**
 * Let problems of exactly one version stand. Refuses `four-eyes` for whoever wrote any version
 * (unless nobody else is there), `stale-version` where the text has a newer one, and a finding
 * that this version does not have or that needs no decision. The first reason given is kept.
 */
export function override(
  ctx: Context,
  actor: Actor,
  { incidentId, noticeId }: NoticePath,
  { number, findings, reason }: NewOverride,
): Promise<z.output<typeof Judged>> {
  return ctx.sql.begin(async (tx) => {
    await incidents.lock(tx, incidentId);
    const notice = await notices.lock(tx, incidentId, noticeId);
    if (notice.state === "withdrawn") refuse("wrong-state", "This notice was withdrawn.");
    expectVersion(notice.number, number);
    const alone = (await activeStaff(tx)) === 1;
    const involved = {
      authors: await notices.authors(tx, noticeId),
      uploaders: [],
      submittedBy: "",
      activeStaff: alone ? 1 : 2,
    };
    requireApprover(actor, involved, alone ? reason : undefined);

    const stored = await notices.version(tx, noticeId, number);
    const version = await compiledVersion(ctx, stored.id, tx);
    const problems = await problemsOf(ctx, tx, version, notice);
    const chosen = problems.filter(({ finding }) => findings.includes(finding));
    requireOverridable(findings, chosen);
    const open = blocking(chosen);
    for (const { finding, code, language, line } of open)
      await overrides.insert(tx, stored.id, {
        finding,
        code,
        language,
        line,
        reason,
        staffId: actor.staffId,
        at: ctx.now(),
      });
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "notice.override",
        subject: `notice:${noticeId}`,
        after: {
          number,
          reasonHash: canonicalHash(reason),
          problems: open.map(({ finding, code, language, line }) => ({
            finding,
            code,
            language,
            line,
          })),
        },
        requestId: actor.requestId,
      },
      ctx.now(),
    );
    return { problems: await problemsOf(ctx, tx, version, notice) };
  });
}

function requireOverridable(
  findings: readonly string[],
  chosen: readonly { readonly finding: string; readonly severity: string }[],
): void {
  const known = new Map(chosen.map(({ finding, severity }) => [finding, severity]));
  const wrong = findings.flatMap((finding, at) => {
    const field = `findings.${at}`;
    if (!known.has(finding))
      return [{ field, code: "not-found", message: "This version has no such problem." }];
    if (known.get(finding) !== "must-fix")
      return [{ field, code: "advice", message: "This is advice: nobody needs to override it." }];
    return [];
  });
  if (wrong.length > 0)
    refuse("invalid-input", "These are not problems that keep the text from going out.", wrong);
}
