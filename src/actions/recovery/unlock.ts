import type { Context } from "../../context.ts";
import { refuse } from "../../domain/refusal.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import { Mark } from "../../domain/recovery.ts";
import * as engine from "../../store/engine.ts";
import * as recovery from "../../store/recovery.ts";
import * as timeline from "../../store/timeline.ts";
import { markEnded } from "../../store/wave/restored.ts";
import * as waves from "../../store/wave.ts";

/** What an unlocking did. */
export interface Unlocked {
  /** Waves that stand still now until two people resume them. */
  readonly paused: number;
  /** Deliveries that go back to `planned`, and ones that are `unknown` now. */
  readonly leased: number;
  readonly sending: number;
}

/** Stop all sending at once, by the operator at the machine. Refuses where it is locked already. */
export function lockSending(ctx: Context, reason: string): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    if (!(await engine.lock(tx, "person", { reasonHash: canonicalHash(reason) })))
      refuse("wrong-state", "Sending is locked already.");
    const what = { actor: OPERATOR, action: "engine.lock", subject: SENDING, reason };
    await timeline.append(tx, { ...what, after: { reason: "person" } }, ctx.now());
  });
}

/**
 * Let sending go on, by the operator at the machine. After a restore nothing goes on by itself:
 * every wave that has not ended is paused as `restored`, which two people must resume, and what
 * was being sent when the backup was made is unknown. Each incident's timeline says so. One that
 * had ended is paused so as soon as anything of it would go on.
 * Refuses where sending is not locked.
 */
export function unlockSending(ctx: Context, reason: string): Promise<Unlocked> {
  return ctx.sql.begin(async (tx) => {
    await engine.lockRunId(tx);
    const { lockedReason, lockedFacts, restores } = await engine.find(tx);
    if (lockedReason === null) refuse("wrong-state", "Sending is not locked.");
    const restored = lockedReason === "restored";
    const found = restored ? await recovery.lockUnended(tx) : [];
    for (const wave of found)
      await waves.save(tx, wave, { state: "paused", pausedReason: "restored" });
    if (restored) await markEnded(tx);
    const moved = restored ? await recovery.standStill(tx) : { leased: 0, sending: 0 };
    await engine.unlock(tx, restored ? 1 + Math.max(restores, witnessedRestores(lockedFacts)) : 0);
    const done = { paused: found.length, ...moved };
    const reasonHash = canonicalHash(reason);
    for (const { id, incidentId, state, pausedReason } of found)
      await timeline.append(
        tx,
        {
          incidentId,
          actor: OPERATOR,
          action: "wave.pause",
          subject: `wave:${id}`,
          before: { state, pausedReason },
          after: { state: "paused", pausedReason: "restored", reasonHash },
        },
        ctx.now(),
      );
    const what = { actor: OPERATOR, action: "engine.unlock", subject: SENDING, reason };
    const before = { reason: lockedReason, facts: lockedFacts };
    await timeline.append(tx, { ...what, before, after: { ...done } }, ctx.now());
    return done;
  });
}

function witnessedRestores(facts: unknown): number {
  if (typeof facts !== "object" || facts === null || !("witnessed" in facts)) return 0;
  return Mark.safeParse(facts.witnessed).data?.restores ?? 0;
}

const OPERATOR = "system:operator";
const SENDING = "engine:sending";
