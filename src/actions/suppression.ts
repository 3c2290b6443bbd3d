import type { Context } from "../context.ts";
import { refuse } from "../domain/refusal.ts";
import type { Actor } from "../domain/staff.ts";
import type { SuppressionReason } from "../domain/suppression.ts";
import { canonicalHash } from "../domain/timeline.ts";
import * as audiences from "../store/audience/audience.ts";
import * as recipients from "../store/audience/recipient.ts";
import * as suppressions from "../store/suppression.ts";
import * as timeline from "../store/timeline.ts";

export interface RecipientPath {
  readonly incidentId: string;
  readonly recipientId: string;
}

/**
 * Keep a person from getting anything more: they drop out of running waves at the next claim.
 * Refuses while the audience is open, because a person's id may still change there.
 */
export function suppress(
  ctx: Context,
  actor: Actor,
  { incidentId, recipientId }: RecipientPath,
  reason: SuppressionReason,
): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const recipient = await recipients.find(tx, incidentId, recipientId);
    const audience = await audiences.find(tx, incidentId, recipient.audienceId);
    if (audience.state !== "frozen")
      refuse("wrong-state", "Freeze the audience first; in an open one leave the person out.");
    const now = ctx.now();
    const createdBy = actor.staffId;
    const suppression = { incidentId, recipientId, reason, createdBy, createdAt: now };
    if (!(await suppressions.add(tx, suppression))) return;
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "recipient.suppress",
        subject: `recipient:${recipientId}`,
        after: { reason },
        requestId: actor.requestId,
      },
      now,
    );
  });
}

/**
 * Erase a person: the row goes at once, from a frozen audience too, and nothing more is sent.
 * Copies in backups age out with the backups. The reason is kept as a hash only, because people
 * name people in it.
 */
export function erase(
  ctx: Context,
  actor: Actor,
  { incidentId, recipientId }: RecipientPath,
  reason: string,
): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    if (!(await recipients.erase(tx, incidentId, recipientId)))
      refuse("not-found", "There is no such recipient.");
    const now = ctx.now();
    const createdBy = actor.staffId;
    const suppression = { incidentId, recipientId, createdBy, createdAt: now };
    await suppressions.add(tx, { ...suppression, reason: "erased" });
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "recipient.erase",
        subject: `recipient:${recipientId}`,
        after: { erased: true, reasonHash: canonicalHash(reason) },
        requestId: actor.requestId,
      },
      now,
    );
  });
}
