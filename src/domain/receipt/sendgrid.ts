import { z } from "zod";

import { quotedReference } from "../delivery/reference.ts";
import { mailReceipt } from "../receipt.ts";
import type { Receipt, ReceiptStatus } from "../receipt.ts";
import { enhancedCode, failureOf } from "./bounce.ts";

/**
 * One batch of SendGrid's Event Webhook
 * (https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event) as receipts. Events
 * that are not about a message of ours, or of a kind that says nothing of its way, are left out:
 * one that we cannot read costs us none of the others.
 */
export function sendgridReceipts(batch: unknown): Receipt[] {
  const events = z.array(z.unknown()).safeParse(batch);
  return (events.data ?? []).flatMap((given) => {
    const parsed = SendgridEvent.safeParse(given);
    if (!parsed.success) return [];
    const { sg_event_id: eventId, sg_message_id: reference = null } = parsed.data;
    const messageRef = quotedReference(parsed.data["smtp-id"]);
    const said = statusOf(parsed.data);
    if (messageRef === undefined || !said) return [];
    return [mailReceipt({ provider: "sendgrid", eventId, messageRef, reference, ...said })];
  });
}

function statusOf(event: SendgridEvent): Pick<Receipt, "status" | "code"> | undefined {
  const code = enhancedCode(event.status);
  if (event.event === "bounce")
    return { status: event.type === "blocked" ? "failed" : bounced(code), code };
  // SendGrid itself sends nothing to an address that bounced before.
  if (event.event === "dropped")
    return {
      status: KNOWN_BOUNCES.test(event.reason ?? "") ? "bounced" : "failed",
      code,
    };
  const status = STATUSES.get(event.event);
  return status && { status, code: null };
}

/** It calls a bounce what it will not try again; most come without an enhanced code. */
function bounced(code: string | null): ReceiptStatus {
  return code === null ? "bounced" : failureOf(code);
}

const text = z.string().max(2_000).optional().catch(undefined);

const SendgridEvent = z.object({
  event: z.string().max(50),
  sg_event_id: z.string().regex(/^[\w+/=.-]{1,200}$/),
  sg_message_id: z
    .string()
    .regex(/^[\w.-]{1,200}$/)
    .optional()
    .catch(undefined),
  "smtp-id": z.string().max(400),
  type: text,
  status: text,
  reason: text,
});
type SendgridEvent = z.output<typeof SendgridEvent>;

const STATUSES = new Map<string, ReceiptStatus>([
  ["processed", "queued"],
  ["deferred", "queued"],
  ["delivered", "delivered"],
  ["spamreport", "complained"],
]);
const KNOWN_BOUNCES = /^(bounced address|invalid)/i;
