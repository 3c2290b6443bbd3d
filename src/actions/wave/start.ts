import { randomUUID } from "node:crypto";

import type { Context } from "../../context.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { PRIORITY } from "../../domain/wave.ts";
import type { Wave } from "../../domain/wave.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import type { Sql } from "../../store/db.ts";
import { plan } from "../../store/delivery/plan.ts";
import * as timeline from "../../store/timeline.ts";
import * as waves from "../../store/wave.ts";
import { approvedSubmission } from "../approval.ts";
import { requireReady } from "./preflight.ts";
import type { Acceptance, PreflightOf } from "./preflight.ts";

/**
 * Start sending what was approved. One transaction: the approval is checked against what is
 * true now, the wave is made, and every person of the audience gets exactly one delivery.
 * Refuses `approval-missing`, `facts-changed`, `conflict` for an approval already used,
 * `wrong-state` while another wave tells these people the same, and `preflight-failed` for what was
 * found before and is not accepted by its code.
 */
export async function start(
  ctx: Context,
  actor: Actor,
  given: PreflightOf & Acceptance,
): Promise<Wave> {
  const { incidentId, submissionId, reason = "" } = given;
  await ctx.sql.begin((tx) => startable(ctx, tx, given));
  // Before the transaction: DNS and providers take their time.
  const accepted = await requireReady(ctx, given);
  return ctx.sql.begin(async (tx) => {
    const submission = await startable(ctx, tx, given);
    const { audienceId, noticeVersionId, canary, sendWindow, deadline, urgent } = submission;
    const { noticeClass } = await waves.noticeOf(tx, noticeVersionId);
    const wave: Wave = {
      id: randomUUID(),
      incidentId,
      submissionId,
      audienceId,
      noticeVersionId,
      version: 1,
      state: canary > 0 ? "canary" : "sending",
      pausedReason: null,
      canaryPassed: canary === 0,
      priority: PRIORITY[urgent ? "urgent" : noticeClass],
      deadline,
      facts: submission.facts,
      notAfter: sendWindow?.notAfter ?? null,
      startedBy: actor.staffId,
      startedAt: ctx.now(),
      endedAt: null,
    };
    await waves.insert(tx, wave);
    const { id: waveId } = wave;
    const planning = { waveId, audienceId, ...submission.plan, noticeClass, submissionId, canary };
    const counts = await plan(tx, planning);
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "wave.start",
        subject: `wave:${wave.id}`,
        before: null,
        after: {
          submissionId,
          state: wave.state,
          counts,
          ...(accepted.length > 0 && { accepted, reasonHash: canonicalHash(reason) }),
        },
        requestId: actor.requestId,
      },
      ctx.now(),
    );
    return wave;
  });
}

async function startable(ctx: Context, tx: Sql, { incidentId, submissionId }: PreflightOf) {
  const submission = await approvedSubmission(ctx, tx, incidentId, submissionId);
  if (await waves.startedFor(tx, submissionId))
    refuse("conflict", "This approval was already used to start a wave.");
  if (await waves.anotherGoesOn(tx, submission))
    refuse("wrong-state", "An earlier wave of this notice has not ended. End or cancel it first.");
  return submission;
}
