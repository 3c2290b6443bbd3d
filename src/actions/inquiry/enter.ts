import type { Context } from "../../context.ts";
import type { Entered, Inquiry } from "../../domain/inquiry.ts";
import type { Actor } from "../../domain/staff.ts";
import * as recipients from "../../store/audience/recipient.ts";
import * as incidents from "../../store/incident.ts";
import { keepInquiry } from "./act.ts";
import { note } from "./note.ts";

/** Put a telephone call or a letter into the queue. Refuses a recipient of another incident. */
export function enter(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { kind, channel, text, recipientId, language, contact }: Entered,
): Promise<Inquiry> {
  return ctx.sql.begin(async (tx) => {
    await incidents.find(tx, incidentId);
    if (recipientId !== undefined) await recipients.find(tx, incidentId, recipientId);
    const inquiry = await keepInquiry(ctx, tx, {
      incidentId,
      recipientId: recipientId ?? null,
      kind,
      channel,
      language,
      enteredBy: actor.staffId,
      content: { text, ...(contact !== undefined && { contact }) },
    });
    await note(ctx, tx, actor, { action: "inquiry.enter", inquiry });
    return inquiry;
  });
}
