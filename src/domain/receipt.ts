import { createHash } from "node:crypto";

import { z } from "zod";

/** What a provider says has become of a message it took, in the order in which it can. */
export const ReceiptStatus = z.enum(["queued", "sent", "delivered", "failed"]);
export type ReceiptStatus = z.output<typeof ReceiptStatus>;

/** What a provider told us about one attempt, some time after it. No personal data. */
export interface Receipt {
  readonly provider: "twilio";
  /** The same for every copy of the same report. */
  readonly eventId: string;
  readonly deliveryId: string;
  readonly attempt: number;
  readonly status: ReceiptStatus;
  /** The provider's error code. */
  readonly code: string | null;
  /** The provider's name for the message. */
  readonly reference: string | null;
}

/**
 * Twilio's status callback (https://www.twilio.com/docs/messaging/guides/track-outbound-message-status)
 * as a receipt. Its statuses are more than we tell apart; one that we do not know says no more
 * than that the message is there.
 */
export function twilioReceipt(
  path: Pick<Receipt, "deliveryId" | "attempt">,
  form: Readonly<Record<string, unknown>>,
): Receipt | undefined {
  const parsed = StatusCallback.safeParse(form);
  if (!parsed.success) return undefined;
  const { MessageSid: reference, MessageStatus: status, ErrorCode: code } = parsed.data;
  const named = `${path.deliveryId}/${path.attempt}/${reference}/${status}/${code ?? ""}`;
  return {
    provider: "twilio",
    eventId: createHash("sha256").update(named).digest("hex"),
    ...path,
    status: STATUSES.get(status) ?? "queued",
    code: code ?? null,
    reference,
  };
}

/** What an answer to an SMS asks for: no more of them, or that they go on. */
export const SmsWish = z.strictObject({ from: z.string(), wish: z.enum(["stop", "start"]) });
export type SmsWish = z.output<typeof SmsWish>;

/**
 * Twilio's call for an incoming SMS: what it asks for, if anything. Where Twilio itself recognised
 * the word it says so; otherwise these are the words it and the carriers know.
 */
export function twilioWish(form: Readonly<Record<string, unknown>>): SmsWish | undefined {
  const parsed = Incoming.safeParse(form);
  if (!parsed.success) return undefined;
  const { From: from, Body: body, OptOutType: type } = parsed.data;
  const word = type ?? body.trim().toUpperCase();
  if (STOP_WORDS.has(word)) return { from, wish: "stop" };
  return START_WORDS.has(word) ? { from, wish: "start" } : undefined;
}

/** Reports that blame our account or sender: every other message will meet the same wall. */
export const CONFIGURATION_CODES = ["30002", "30032", "30034", "30038"] as const;

const Sid = z.string().regex(/^(SM|MM)[0-9a-f]{32}$/i);

const StatusCallback = z.object({
  MessageSid: Sid,
  MessageStatus: z.string().regex(/^[a-z_]{1,30}$/),
  ErrorCode: z
    .string()
    .regex(/^\d{1,10}$/)
    .optional()
    .catch(undefined),
});

const Incoming = z.object({
  From: z.string().regex(/^\+[1-9]\d{3,14}$/),
  Body: z.string().default(""),
  OptOutType: z.enum(["STOP", "START", "HELP"]).optional(),
});

const STATUSES = new Map<string, ReceiptStatus>([
  ["sent", "sent"],
  ["delivered", "delivered"],
  ["read", "delivered"],
  ["undelivered", "failed"],
  ["failed", "failed"],
  ["canceled", "failed"],
]);
const STOP_WORDS = new Set(
  "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT СТОП 退订".split(" "),
);
const START_WORDS = new Set("START UNSTOP СТАРТ".split(" "));
