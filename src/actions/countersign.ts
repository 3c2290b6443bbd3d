import type { Context } from "../context.ts";
import { refuse } from "../domain/refusal.ts";
import { COUNTERSIGNED, may } from "../domain/staff.ts";
import type { Actor, CountersignedAct } from "../domain/staff.ts";
import * as countersign from "../store/countersign.ts";
import type { Sql } from "../store/db.ts";
import * as timeline from "../store/timeline.ts";

export interface TwoPersonAct {
  readonly act: CountersignedAct;
  readonly subjectId: string;
  readonly incidentId?: string;
  readonly reason?: string;
}

/**
 * Ask for an act that needs two people. The first person's call is recorded and answered
 * "waiting"; "agreed" when a different person with the same right calls within 24 hours, and
 * the act may then go on in this transaction. A first call no longer counts once its caller has
 * left or lost the right. Refuses a person whose role has not settled.
 */
export async function secondPerson(
  ctx: Context,
  tx: Sql,
  actor: Actor,
  { act, subjectId, incidentId, reason }: TwoPersonAct,
): Promise<"waiting" | "agreed"> {
  if (!may(actor.settledRoles, COUNTERSIGNED[act]))
    refuse("not-allowed", "Your role is too new, or not the one, to agree to this.");
  const now = ctx.now();
  const fact = {
    actor: actor.staffId,
    subject: `${act}:${subjectId}`,
    requestId: actor.requestId,
    ...(incidentId !== undefined && { incidentId }),
    ...(reason !== undefined && { reason }),
  };

  const asked = { act, subjectId, staffId: actor.staffId, reason: reason ?? null, at: now };
  if (await countersign.ask(tx, asked)) {
    await timeline.append(tx, { ...fact, action: "countersign.ask" }, now);
    return "waiting";
  }
  const first = await countersign.lock(tx, asked, now);
  if (!first) refuse("still-running", "Another person just acted on this; look, then try again.");
  const inForce = may(first.roles, COUNTERSIGNED[act]);
  const stale = !inForce || now.getTime() - first.at.getTime() > VALID_MS;
  if (first.staffId === actor.staffId && !stale) return "waiting";

  await countersign.clear(tx, act, subjectId);
  if (stale) {
    await countersign.ask(tx, asked);
    await timeline.append(tx, { ...fact, action: "countersign.ask" }, now);
    return "waiting";
  }
  await timeline.append(
    tx,
    { ...fact, action: "countersign.agree", after: { first: first.staffId } },
    now,
  );
  return "agreed";
}

const VALID_MS = 24 * 3_600_000;
