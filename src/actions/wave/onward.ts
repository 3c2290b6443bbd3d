import type { Context } from "../../context.ts";
import { passOn, withRejected } from "../../store/delivery/plan.ts";
import * as timeline from "../../store/timeline.ts";
import * as waves from "../../store/wave.ts";
import { mayGoOn, reopen } from "./reopen.ts";

/**
 * Move on everyone whose delivery was rejected, to the next channel of their wave's plan. A wave
 * that had ended goes on where that means sending; in one that may not, the rejection is the end.
 * Any worker may do this at any time.
 */
export async function moveOn(ctx: Context): Promise<void> {
  for (const { id, incidentId } of await withRejected(ctx.sql)) await moveOnIn(ctx, incidentId, id);
}

function moveOnIn(ctx: Context, incidentId: string, waveId: string): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const wave = await waves.lock(tx, incidentId, waveId);
    if (wave.state === "cancelled") return;
    const { audienceId, plan, noticeClass } = await waves.planOf(tx, waveId);
    // What may never be sent is not planned: there the rejection is the end.
    const ends =
      wave.state === "done" ? !(await mayGoOn(tx, waveId)) : await waves.barrier(tx, waveId);
    const channels = ends ? [] : plan.channels;
    const query = { audienceId, noticeClass, ...plan, channels };
    const { planned } = await passOn(tx, waveId, query);
    if (planned === 0) return;
    if (wave.state !== "done") return waves.notify(tx);
    const state = await reopen(ctx, tx, wave, "system:sweep");
    await timeline.append(
      tx,
      {
        incidentId,
        actor: "system:sweep",
        action: "wave.reopen",
        subject: `wave:${waveId}`,
        before: { state: "done" },
        after: { state, planned },
      },
      ctx.now(),
    );
  });
}
