import type { Context } from "../context.ts";
import { DECIDED_STATE } from "../domain/delivery.ts";
import type { UnknownDecision } from "../domain/delivery.ts";
import { refuse } from "../domain/refusal.ts";
import type { Actor } from "../domain/staff.ts";
import { canonicalHash } from "../domain/timeline.ts";
import { expireLeases } from "../store/delivery/slice.ts";
import * as sweeping from "../store/delivery/sweep.ts";
import { decide } from "../store/delivery/unknown.ts";
import type { UnknownFilter } from "../store/delivery/unknown.ts";
import * as timeline from "../store/timeline.ts";
import * as waves from "../store/wave.ts";
import { reopen, requireGoOn } from "./wave/reopen.ts";

export interface UnknownOrder {
  readonly incidentId: string;
  readonly waveId: string;
  readonly deliveryIds: readonly string[] | "all";
  /** Of these, only the ones it fits. */
  readonly filter?: UnknownFilter | undefined;
  readonly decision: UnknownDecision;
  readonly reason: string;
}

/**
 * A person says what becomes of deliveries whose outcome nobody knows. Resending risks a second
 * copy and opens an ended wave again, which is refused where that may not go on. Refuses
 * `conflict` where a named delivery is no longer unknown, so that two people do not decide the
 * same one.
 */
export function decideUnknown(
  ctx: Context,
  actor: Actor,
  { incidentId, waveId, deliveryIds, filter = {}, decision, reason }: UnknownOrder,
): Promise<{ decided: number }> {
  return ctx.sql.begin(async (tx) => {
    const wave = await waves.lock(tx, incidentId, waveId);
    if (wave.state === "cancelled") refuse("wrong-state", "This wave is cancelled.");
    if (decision === "resend") await requireGoOn(tx, wave);
    const state = DECIDED_STATE[decision];
    const ids = deliveryIds === "all" ? deliveryIds : [...new Set(deliveryIds)];
    const reasoned = `person-${decision}`;
    const decided = await decide(tx, { waveId, ids, filter, state, reason: reasoned });
    if (ids !== "all" && Object.keys(filter).length === 0 && decided !== ids.length)
      refuse("conflict", "Some of these deliveries are not unknown any more. Nothing was changed.");
    if (decision === "resend" && decided > 0 && wave.state === "done")
      await reopen(ctx, tx, wave, actor.staffId);
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "delivery.decide",
        subject: `wave:${waveId}`,
        before: { state: "unknown" },
        after: { state, decided, ...given(filter), reasonHash: canonicalHash(reason) },
        requestId: actor.requestId,
      },
      ctx.now(),
    );
    return { decided };
  });
}

function given(filter: UnknownFilter): Record<string, string | number> {
  const entries = Object.entries(filter);
  return Object.fromEntries(entries.flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])));
}

/** Put right what no outcome will: silent workers, leases that ran out, cancelled waves. */
export async function sweep(ctx: Context): Promise<void> {
  const unknown = await ctx.sql.begin((tx) => sweeping.markUnknown(tx));
  if (unknown > 0) ctx.log.warn({ unknown }, "deliveries of a silent worker are unknown now");
  const expired = await expireLeases(ctx.sql);
  if (expired > 0) ctx.log.warn({ expired }, "leases ran out");
  await sweeping.cancelStragglers(ctx.sql);
}
