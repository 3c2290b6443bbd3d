import { z } from "zod";

import { quotedReference } from "../delivery/reference.ts";
import { mailReceipt } from "../receipt.ts";
import type { Receipt, ReceiptStatus } from "../receipt.ts";
import { enhancedCode, failureOf } from "./bounce.ts";

/**
 * What Amazon SES publishes about one message
 * (https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html), as a
 * receipt. SES gives the message another Message-ID on its way out; ours stands among the headers
 * that it quotes. Nothing for what is not about a message of ours, or says nothing new of it.
 */
export function sesReceipt(eventId: string, message: unknown): Receipt | undefined {
  const parsed = SesEvent.safeParse(message);
  if (!parsed.success) return undefined;
  const event = parsed.data;
  const messageRef = referenceOf(event.mail);
  const said = statusOf(event);
  if (messageRef === undefined || !said) return undefined;
  const reference = event.mail.messageId ?? null;
  return mailReceipt({ provider: "ses", eventId, messageRef, reference, ...said });
}

function statusOf(event: SesEvent): Pick<Receipt, "status" | "code"> | undefined {
  const kind = event.eventType ?? event.notificationType ?? "";
  if (kind === "Bounce" && event.bounce) return bounceOf(event.bounce);
  if (kind === "Complaint") return complaintOf(event.complaint);
  const status = STATUSES.get(kind);
  return status && { status, code: null };
}

/** Out-of-office answers come as transient bounces too: without a final failure they say nothing. */
function bounceOf({ bounceType, bounceSubType, bouncedRecipients }: Bounce) {
  const [recipient] = bouncedRecipients;
  const code = enhancedCode(recipient?.status);
  if (bounceType === "Permanent") {
    const nobody = NOBODY_THERE.has(bounceSubType) || (bounceSubType === "General" && !code);
    return { status: nobody ? ("bounced" as const) : failureOf(code), code };
  }
  const final = recipient?.action === "failed";
  return final ? { status: "failed" as const, code } : undefined;
}

/**
 * What a reader called spam. An address that did so before is not even tried by SES, which says
 * that by a complaint too (`complaintSubType`): nobody has read this message.
 */
function complaintOf(complaint: SesEvent["complaint"]) {
  if (complaint?.complaintSubType === "OnAccountSuppressionList")
    return { status: "failed" as const, code: null };
  if (complaint?.complaintFeedbackType === "not-spam") return undefined;
  return { status: "complained" as const, code: null };
}

function referenceOf({ commonHeaders, headers }: SesEvent["mail"]): string | undefined {
  const header = headers.find(({ name }) => name.toLowerCase() === "message-id")?.value;
  return quotedReference(commonHeaders.messageId ?? header ?? "");
}

const text = z.string().max(1_000).optional().catch(undefined);

const Bounce = z.object({
  bounceType: z.string(),
  bounceSubType: z.string().default(""),
  bouncedRecipients: z.array(z.object({ status: text, action: text })).default([]),
});
type Bounce = z.output<typeof Bounce>;

const SesEvent = z.object({
  eventType: text,
  notificationType: text,
  mail: z.object({
    messageId: z
      .string()
      .regex(/^[\w-]{1,100}$/)
      .optional()
      .catch(undefined),
    commonHeaders: z.object({ messageId: text }).default({ messageId: undefined }),
    headers: z.array(z.object({ name: z.string(), value: text })).default([]),
  }),
  bounce: Bounce.optional(),
  complaint: z.object({ complaintFeedbackType: text, complaintSubType: text }).optional(),
});
type SesEvent = z.output<typeof SesEvent>;

const STATUSES = new Map<string, ReceiptStatus>([
  ["Send", "queued"],
  ["DeliveryDelay", "queued"],
  ["Delivery", "delivered"],
  ["Reject", "failed"],
  ["Rendering Failure", "failed"],
]);
const NOBODY_THERE: ReadonlySet<string> = new Set([
  "NoEmail",
  "Suppressed",
  "OnAccountSuppressionList",
]);
