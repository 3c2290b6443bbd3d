import { z } from "zod";

import type { Context } from "../../context.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import { decideHeld as decide } from "../../store/delivery/held.ts";
import * as timeline from "../../store/timeline.ts";
import * as brake from "../../store/wave/brake.ts";
import * as waves from "../../store/wave.ts";
import { reopen, requireGoOn } from "../wave/reopen.ts";

/** What a person may decide about a message that was held before anybody heard of it. */
export const HeldVerb = z.enum(["release", "drop"]);
export type HeldVerb = z.output<typeof HeldVerb>;

export interface HeldOrder {
  readonly incidentId: string;
  readonly waveId: string;
  readonly deliveryIds: readonly string[] | "all";
  /** Of these, only the ones that are held for this reason. */
  readonly because?: string | undefined;
  readonly decision: HeldVerb;
  readonly reason: string;
}

/**
 * A person says what becomes of held messages. A release makes them anew from what was approved,
 * by the data and settings as they are now: what is still wrong is held again. A drop gives this
 * channel up and moves the people on. Either opens an ended wave again where something follows;
 * a release is refused where that may not go on. Refuses `conflict` where a named delivery is not
 * held any more.
 */
export function decideHeld(
  ctx: Context,
  actor: Actor,
  { incidentId, waveId, deliveryIds, because, decision, reason }: HeldOrder,
): Promise<{ decided: number }> {
  return ctx.sql.begin(async (tx) => {
    const wave = await waves.lock(tx, incidentId, waveId);
    if (wave.state === "cancelled") refuse("wrong-state", "This wave is cancelled.");
    if (decision === "release") await requireGoOn(tx, wave);
    const state = STATE_AFTER[decision];
    const ids = deliveryIds === "all" ? deliveryIds : [...new Set(deliveryIds)];
    const only = because ?? null;
    const order = { waveId, ids, because: only, state, reason: `person-${decision}` };
    const decided = await decide(tx, order);
    // What is held again after its release is new: nobody has judged that.
    await brake.faultsOf(tx, waveId);
    if (ids !== "all" && only === null && decided !== ids.length)
      refuse("conflict", "Some of these deliveries are not held any more. Nothing was changed.");
    if (decision === "release" && decided > 0 && wave.state === "done")
      await reopen(ctx, tx, wave, actor.staffId);
    else await waves.notify(tx);
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "delivery.decide-held",
        subject: `wave:${waveId}`,
        before: { state: "held" },
        after: { state, decided, because: only, reasonHash: canonicalHash(reason) },
        requestId: actor.requestId,
      },
      ctx.now(),
    );
    return { decided };
  });
}

const STATE_AFTER = { release: "planned", drop: "rejected" } as const;
