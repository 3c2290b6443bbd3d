import { z } from "zod";

import { eventIdOf } from "../receipt.ts";
import type { Receipt, ReceiptStatus } from "../receipt.ts";

/**
 * Twilio's status callback (https://www.twilio.com/docs/messaging/guides/track-outbound-message-status)
 * as a receipt. Its statuses are more than we tell apart; one that we do not know says no more
 * than that the message is there.
 */
export function twilioReceipt(
  path: { readonly deliveryId: string; readonly attempt: number },
  form: Readonly<Record<string, unknown>>,
): Receipt | undefined {
  const parsed = StatusCallback.safeParse(form);
  if (!parsed.success) return undefined;
  const { MessageSid: reference, MessageStatus: status, ErrorCode: code = null } = parsed.data;
  return {
    provider: "twilio",
    eventId: eventIdOf(path.deliveryId, path.attempt, reference, status, code ?? ""),
    ...path,
    messageRef: null,
    status: twilioStatus(status),
    code,
    reference,
  };
}

/** One of Twilio's statuses in our words. */
export function twilioStatus(status: string): ReceiptStatus {
  return STATUSES.get(status) ?? "queued";
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

/** How long after we handed over an SMS its fate is asked for, where no call of Twilio's told it. */
export const POLL_AFTER_MINUTES = [30, 120, 1_440] as const;

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
