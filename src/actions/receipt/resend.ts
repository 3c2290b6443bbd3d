import type { Context } from "../../context.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import { resendBlamed } from "../../store/receipt/resend.ts";
import * as timeline from "../../store/timeline.ts";
import * as waves from "../../store/wave.ts";
import { reopen, requireGoOn } from "../wave/reopen.ts";

export interface ResendOrder {
  readonly incidentId: string;
  readonly waveId: string;
  readonly deliveryIds: readonly string[] | "all";
  readonly reason: string;
}

/**
 * Send again, once, what failed late because our own account or sender was not set up: a person
 * asks for it after that was put right. Who was told by another channel meanwhile is left alone.
 * Opens an ended wave again, which is refused where that may not go on. Refuses `conflict` where
 * a named delivery is not one of these.
 */
export function resendRejected(
  ctx: Context,
  actor: Actor,
  { incidentId, waveId, deliveryIds, reason }: ResendOrder,
): Promise<{ resent: number }> {
  return ctx.sql.begin(async (tx) => {
    const wave = await waves.lock(tx, incidentId, waveId);
    if (wave.state === "cancelled") refuse("wrong-state", "This wave is cancelled.");
    await requireGoOn(tx, wave);
    const ids = deliveryIds === "all" ? deliveryIds : [...new Set(deliveryIds)];
    const resent = await resendBlamed(tx, { waveId, ids });
    if (ids !== "all" && resent !== ids.length)
      refuse("conflict", "Some of these cannot be sent again. Nothing was changed.");
    if (resent > 0 && wave.state === "done") await reopen(ctx, tx, wave, actor.staffId);
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "delivery.resend-rejected",
        subject: `wave:${waveId}`,
        before: { state: "rejected" },
        after: { state: "planned", resent, reasonHash: canonicalHash(reason) },
        requestId: actor.requestId,
      },
      ctx.now(),
    );
    return { resent };
  });
}
