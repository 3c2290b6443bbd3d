import type { Context } from "../../context.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Wave } from "../../domain/wave.ts";
import type { Sql } from "../../store/db.ts";
import * as timeline from "../../store/timeline.ts";
import { takeMark } from "../../store/wave/restored.ts";
import * as waves from "../../store/wave.ts";

/**
 * Whether a locked wave may ever send more: its window is open, its notice stands, and the facts
 * are what was approved. One that ended and may not stays ended: opened again it would stand still
 * for good, and prove no longer that people were told.
 */
export async function mayGoOn(tx: Sql, waveId: string): Promise<boolean> {
  return (await obstacle(tx, waveId)) === undefined;
}

/** Refuses what would open an ended wave that may not go on. */
export async function requireGoOn(tx: Sql, { id, state }: Wave): Promise<void> {
  const found = state === "done" ? await obstacle(tx, id) : undefined;
  if (found) refuse("wrong-state", `This wave has ended. ${OBSTACLES[found]}`);
}

/**
 * Let a locked wave that ended go on. After a database was restored from a backup it stands still
 * instead, once, until two people resume it: nobody knows here what it sent since.
 */
export async function reopen(
  ctx: Context,
  tx: Sql,
  wave: Wave,
  actor: string,
): Promise<"sending" | "paused"> {
  if (!(await takeMark(tx, wave.id))) {
    await waves.save(tx, wave, { state: "sending" });
    return "sending";
  }
  const paused = { state: "paused", pausedReason: "restored" } as const;
  await waves.save(tx, wave, paused);
  const { id, incidentId, state } = wave;
  const what = { actor, action: "wave.pause", subject: `wave:${id}` };
  await timeline.append(tx, { incidentId, ...what, before: { state }, after: paused }, ctx.now());
  return "paused";
}

async function obstacle(tx: Sql, waveId: string): Promise<keyof typeof OBSTACLES | undefined> {
  const barrier = await waves.barrier(tx, waveId);
  if (barrier) return barrier;
  return (await waves.factsHold(tx, waveId)) ? undefined : "facts-changed";
}

const OBSTACLES = {
  late: "Its window is over. Decide otherwise, or submit the notice again for these people.",
  withdrawn: "Its notice was withdrawn. Decide otherwise, or write another notice.",
  "facts-changed":
    "The facts are no longer what was approved. Decide otherwise, or tell these people by a corrected notice.",
} as const;
