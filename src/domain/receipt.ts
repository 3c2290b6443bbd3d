import { createHash } from "node:crypto";

import { z } from "zod";

/**
 * What a provider says has become of a message it took. `bounced`: nothing arrives at this
 * address; `failed`: this message did not, which says nothing of the next; `complained`: the
 * reader called it spam.
 */
export const ReceiptStatus = z.enum([
  "queued",
  "sent",
  "delivered",
  "failed",
  "bounced",
  "complained",
]);
export type ReceiptStatus = z.output<typeof ReceiptStatus>;

/** Who reports: two providers of e-mail, any mail server (a DSN), and one of SMS. */
export const ReceiptProvider = z.enum(["twilio", "ses", "sendgrid", "dsn"]);
export type ReceiptProvider = z.output<typeof ReceiptProvider>;

/** What a provider told us about one message, some time after it took it. No personal data. */
export interface Receipt {
  readonly provider: ReceiptProvider;
  /** The same for every copy of the same report. */
  readonly eventId: string;
  /** What it is about, where the provider was given the delivery's own number … */
  readonly deliveryId: string | null;
  readonly attempt: number | null;
  /** … and otherwise the reference in the Message-ID, which a worker reads. */
  readonly messageRef: string | null;
  readonly status: ReceiptStatus;
  /** The provider's error code, or an enhanced status code (RFC 3463). */
  readonly code: string | null;
  /** The provider's name for the message. */
  readonly reference: string | null;
}

/** A receipt of an e-mail. One message is sent to one person, so it needs no address. */
export function mailReceipt(
  given: Omit<Receipt, "deliveryId" | "attempt" | "messageRef"> & { readonly messageRef: string },
): Receipt {
  return { ...given, deliveryId: null, attempt: null };
}

/** A name for a report that its sender gave none: made of all that it says. */
export function eventIdOf(...said: readonly (string | number | null)[]): string {
  return createHash("sha256").update(said.join("/")).digest("hex");
}
