import type { Context, DoorContext } from "../../context.ts";
import { dsnReceipt } from "../../domain/receipt/dsn.ts";
import type { ReportParts, Unreadable } from "../../domain/receipt/dsn.ts";
import { keepReceipts } from "../receipt.ts";

/**
 * Keep what one mail reports, or answer why it is no report. Needs no key: whether it is about a
 * message of ours is seen when it is applied.
 */
export async function keepBounce(
  ctx: Pick<DoorContext, "sql">,
  parts: ReportParts,
): Promise<"kept" | Unreadable> {
  const receipt = dsnReceipt(parts);
  if (typeof receipt === "string") return receipt;
  await keepReceipts(ctx, [receipt]);
  return "kept";
}

/**
 * Read the mailbox that reports come back to, oldest first. A mail that was kept is deleted; one
 * that says nothing to us is put aside for a day, for a person to look at, and the log says how
 * many of which kind. Any number of workers may do this at once; each stops after twenty seconds,
 * because other work has its turn after this.
 */
export async function sweepBounces(ctx: Context): Promise<void> {
  const { bounces } = ctx;
  if (!bounces) return;
  const aside = new Map<string, number>();
  const until = performance.now() + TURN_MS_MAX;
  for (const name of await bounces.list(MAILS_MAX)) {
    if (performance.now() > until) break;
    const parts = await bounces.read(name);
    if (parts === "gone") continue;
    const result = typeof parts === "string" ? parts : await keepBounce(ctx, parts);
    if (result === "kept") await bounces.remove(name);
    else {
      await bounces.setAside(name);
      aside.set(result, (aside.get(result) ?? 0) + 1);
    }
  }
  if (aside.size > 0)
    ctx.log.warn(Object.fromEntries(aside), "mails in the bounce folder are no reports for us");
  const dropped = await bounces.removeAside(new Date(ctx.now().getTime() - ASIDE_MS));
  if (dropped > 0) ctx.log.warn({ dropped }, "mails put aside for a day are deleted");
}

/** A minute's worth; what is left waits for the next turn. */
const MAILS_MAX = 2_000;
const TURN_MS_MAX = 20_000;
/** They hold addresses, outside of any key. */
const ASIDE_MS = 24 * 3_600_000;
