import fc from "fast-check";

import { mailReceipt } from "../../src/domain/receipt.ts";
import type { Receipt, ReceiptStatus } from "../../src/domain/receipt.ts";
import type { DeliveryState } from "../../src/domain/delivery.ts";

/** A delivery as a sequence of events finds it. */
export interface Start {
  readonly channel: "email" | "sms";
  readonly state: DeliveryState;
  readonly attempt: number;
}

/** One thing that somebody says of a delivery. */
export interface Said {
  readonly provider: Receipt["provider"];
  readonly status: ReceiptStatus;
  /** SMS only: how many attempts back it is about; -1: one that a restored database lost. */
  readonly back: number;
  /** Not by a provider of ours, or about a message that we never made. */
  readonly forged: boolean;
  /** How often it is said; the copies come anywhere later. */
  readonly copies: number;
}

export interface Sequence {
  readonly start: Start;
  readonly said: readonly Said[];
}

const MAIL: readonly ReceiptStatus[] = [
  "queued",
  "sent",
  "delivered",
  "failed",
  "bounced",
  "complained",
];
const SMS: readonly ReceiptStatus[] = ["queued", "sent", "delivered", "failed"];
const STATES: readonly DeliveryState[] = [
  "planned",
  "accepted",
  "delivered",
  "rejected",
  "unknown",
  "held",
  "cancelled",
  "excluded",
  "needs-letter",
  "not-reached",
];

const anyStart = (channel: Start["channel"]): fc.Arbitrary<Start> =>
  fc.record({
    channel: fc.constant(channel),
    state: fc.constantFrom(...STATES),
    attempt: fc.integer({ min: 0, max: 3 }),
  });

const anySaid = (channel: Start["channel"]): fc.Arbitrary<Said> =>
  anyReport(channel).map((said) =>
    // What the failure of an older copy means, the model of the wave says.
    said.provider === "twilio" && said.back > 0 && said.status === "failed"
      ? { ...said, status: "delivered" }
      : said,
  );

const anyReport = (channel: Start["channel"]): fc.Arbitrary<Said> =>
  fc.record({
    provider:
      channel === "sms"
        ? fc.constantFrom<Said["provider"]>("twilio")
        : fc.constantFrom<Said["provider"]>("ses", "sendgrid", "dsn"),
    status: fc.constantFrom(...(channel === "sms" ? SMS : MAIL)),
    back: fc.integer({ min: -1, max: 2 }),
    forged: fc.boolean(),
    copies: fc.integer({ min: 1, max: 3 }),
  });

/** True and forged events about one delivery, in any order. */
export const anySequence: fc.Arbitrary<Sequence> = fc
  .constantFrom<Start["channel"]>("email", "sms")
  .chain((channel) =>
    fc.record({
      start: anyStart(channel),
      said: fc.array(anySaid(channel), { minLength: 1, maxLength: 8 }),
    }),
  )
  // What came of two attempts of which one was lost, and in which order, is not for this model.
  .map(({ start, said }) => ({
    start,
    said: said.map((each) => ({ ...each, back: Math.max(each.back, start.attempt > 0 ? 0 : -1) })),
  }));

/** What must be true after all of it, written apart from the product and as simply as can be. */
export interface Model {
  readonly state: DeliveryState;
  readonly emailClosed: boolean;
  readonly complained: boolean;
}

/** Go through the events one by one. A copy and a forgery say nothing. */
export function modelOf({ start, said }: Sequence): Model {
  let { state } = start;
  const mine = said.filter(
    (each) => !each.forged && (start.channel === "email" || each.back < start.attempt),
  );
  for (const { status } of mine) state = next(state, status);
  const heard = (status: ReceiptStatus) => mine.some((each) => each.status === status);
  return { state, emailClosed: heard("bounced"), complained: heard("complained") };
}

function next(state: DeliveryState, status: ReceiptStatus): DeliveryState {
  const open = state === "unknown" || state === "planned" || state === "leased";
  const waiting = open || state === "held";
  switch (status) {
    case "queued":
    case "sent":
    case "complained":
      return waiting ? "accepted" : state;
    case "delivered":
      return waiting || state === "accepted" ? "delivered" : state;
    case "failed":
      return open || state === "accepted" ? "rejected" : state;
    case "bounced":
      return waiting || state === "accepted" || state === "delivered" ? "rejected" : state;
  }
}

/** An event as the door keeps it. `messageRef` is of the delivery, or somebody's guess. */
export function receiptOf(
  { provider, status, back }: Said,
  about: { deliveryId: string; attempt: number; messageRef: string; eventId: string },
): Receipt {
  const { deliveryId, attempt, messageRef, eventId } = about;
  const code = null;
  const reference = null;
  if (provider !== "twilio")
    return mailReceipt({ provider, eventId, messageRef, status, code, reference });
  const n = attempt - back;
  return { provider, eventId, deliveryId, attempt: n, messageRef: null, status, code, reference };
}
