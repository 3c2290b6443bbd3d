import type { Context, DoorContext } from "../context.ts";
import { SmsWish } from "../domain/receipt.ts";
import type { Receipt } from "../domain/receipt.ts";
import type { Sql } from "../store/db.ts";
import * as receipts from "../store/receipt.ts";
import * as timeline from "../store/timeline.ts";
import * as waves from "../store/wave.ts";
import { openBreaker } from "./wave.ts";

/** Keep what a provider reports, once; what follows from it is for a worker. Needs no key. */
export async function keepReceipt(ctx: DoorContext, receipt: Receipt): Promise<void> {
  await receipts.keep(ctx.sql, receipt);
}

/** Apply the receipts that were kept. Any worker may, at any time. */
export async function sweep(ctx: Context): Promise<void> {
  for (;;) {
    const applied = await ctx.sql.begin((tx) => receipts.apply(tx, AT_ONCE));
    await stopBlamed(ctx, applied);
    const stray = applied.filter(({ effect }) => effect === "no-delivery").length;
    if (stray > 0) ctx.log.warn({ stray, of: applied.length }, "receipts belong to no delivery");
    if (applied.length < AT_ONCE) return;
  }
}

/** The provider blames our account or sender: the other deliveries of the wave would fail alike. */
async function stopBlamed(ctx: Context, applied: readonly receipts.Applied[]): Promise<void> {
  const stopped = new Set<string>();
  for (const { blame, waveId, incidentId } of applied) {
    if (blame === null || waveId === null || incidentId === null || stopped.has(waveId)) continue;
    stopped.add(waveId);
    await openBreaker(ctx, { waveId, incidentId }, blame);
  }
}

/**
 * Someone answered an SMS with STOP or START. The number is known to no index, only to keyed
 * hashes of the numbers we wrote to: SMS is closed, or opened again, to everyone behind it, in
 * every incident that told them by SMS. Other channels stay as they are.
 */
export async function onSmsWish(ctx: Context, tx: Sql, value: unknown): Promise<void> {
  const { from, wish } = SmsWish.parse(value);
  const open = wish === "start";
  for (const incidentId of await waves.incidentsWithSms(tx)) {
    const keys = await ctx.vault.keys(incidentId);
    const numberHash = keys.hash("phone", from);
    for (const { recipientId } of await receipts.setSms(tx, { incidentId, numberHash, open }))
      await timeline.append(
        tx,
        {
          incidentId,
          actor: "system:receipt",
          action: open ? "recipient.open-sms" : "recipient.close-sms",
          subject: `recipient:${recipientId}`,
          after: { channel: "sms", open },
        },
        ctx.now(),
      );
  }
}

const AT_ONCE = 1_000;
