import type { Context } from "../../context.ts";
import * as engine from "../../store/engine.ts";
import * as recovery from "../../store/recovery.ts";

/** What is in doubt while sending is locked: whom a restored database may have written to. */
export async function doubts(ctx: Context) {
  const { lockedReason, lockedFacts } = await engine.find(ctx.sql);
  const [waves, approvals, messages] = await Promise.all([
    recovery.inDoubt(ctx.sql),
    recovery.unusedApprovals(ctx.sql),
    recovery.waitingMessages(ctx.sql),
  ]);
  return {
    restored: lockedReason === "restored",
    missing: missingOf(lockedFacts),
    waves,
    approvals,
    messages,
  };
}

/** Unknown where the backup is from before an earlier unlocking. */
function missingOf(facts: unknown): number | undefined {
  if (typeof facts !== "object" || facts === null || !("missing" in facts)) return undefined;
  return typeof facts.missing === "number" ? facts.missing : undefined;
}
