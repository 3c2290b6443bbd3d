import { ORGANISATION } from "../context.ts";
import type { Context, DoorContext } from "../context.ts";
import { referredDelivery } from "../domain/delivery/reference.ts";
import { SmsWish } from "../domain/receipt/twilio.ts";
import type { Receipt } from "../domain/receipt.ts";
import type { Sql } from "../store/db.ts";
import * as receipts from "../store/receipt.ts";
import { apply, named, oneAtATime, unread } from "../store/receipt/apply.ts";
import type { Applied } from "../store/receipt/apply.ts";
import * as suppressions from "../store/suppression.ts";
import * as timeline from "../store/timeline.ts";
import * as waves from "../store/wave.ts";
import { openBreaker } from "./wave.ts";

/** Keep what providers report, once; what follows from it is for a worker. Needs no key. */
export async function keepReceipts(
  { sql }: Pick<DoorContext, "sql">,
  all: readonly Receipt[],
): Promise<void> {
  await receipts.keep(sql, all);
}

/** Apply the receipts that were kept. Any worker may, at any time. */
export async function sweep(ctx: Context): Promise<void> {
  for (;;) {
    const read = await readReferences(ctx);
    const applied = await ctx.sql.begin(async (tx) => {
      await oneAtATime(tx);
      const done = await apply(tx, AT_ONCE);
      await stopCourtesies(ctx, tx, done);
      return done;
    });
    await stopBlamed(ctx, applied);
    const stray = applied.filter(({ effect }) => effect === "no-delivery").length;
    if (stray > 0) ctx.log.warn({ stray, of: applied.length }, "receipts belong to no delivery");
    if (applied.length < AT_ONCE && read < AT_ONCE) return;
  }
}

/** Forget what proved nothing. */
export async function sweepUnproven(ctx: Context): Promise<void> {
  await receipts.removeUnproven(ctx.sql);
}

/** Find the delivery of each e-mail's report. Only a reference that we made leads anywhere. */
function readReferences(ctx: Context): Promise<number> {
  return ctx.sql.begin(async (tx) => {
    await oneAtATime(tx);
    const waiting = await unread(tx, AT_ONCE);
    if (waiting.length === 0) return 0;
    const { hash } = await ctx.vault.keys(ORGANISATION);
    const read = waiting.map(({ id, messageRef }) => ({
      id,
      deliveryId: referredDelivery(hash, messageRef),
    }));
    await named(tx, read);
    const forged = read.filter(({ deliveryId }) => deliveryId === undefined).length;
    if (forged > 0) ctx.log.warn({ forged, of: read.length }, "reports name no message of ours");
    return waiting.length;
  });
}

/** Who called a message spam gets no more courtesy mail. What the law requires still goes out. */
async function stopCourtesies(ctx: Context, tx: Sql, applied: readonly Applied[]) {
  for (const { incidentId, complainedId: recipientId } of applied) {
    if (incidentId === null || recipientId === null) continue;
    const createdAt = ctx.now();
    const why = { reason: "opted-out", createdBy: null, createdAt } as const;
    if (!(await suppressions.add(tx, { incidentId, recipientId, ...why }))) continue;
    await timeline.append(
      tx,
      {
        incidentId,
        actor: "system:receipt",
        action: "recipient.suppress",
        subject: `recipient:${recipientId}`,
        after: { reason: "opted-out", because: "complained" },
      },
      createdAt,
    );
  }
}

/** The provider blames our account or sender: the other deliveries of the wave would fail alike. */
async function stopBlamed(ctx: Context, applied: readonly Applied[]): Promise<void> {
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
