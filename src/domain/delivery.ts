import { z } from "zod";

/**
 * A delivery is one recipient, one channel, one wave. PostgreSQL holds its state; it is
 * created exactly once, and what may follow what is this one table. Rows that a state does
 * not list are impossible, whoever asks.
 */
export const NEXT_STATES = {
  /** Evidence of what became of an earlier attempt makes another needless. */
  planned: ["leased", "cancelled", "accepted", "delivered", "rejected", "unknown"],
  /** What is not sent again after all is as unknown as its earlier attempt. */
  leased: [
    "planned",
    "sending",
    "excluded",
    "cancelled",
    "rejected",
    "accepted",
    "delivered",
    "unknown",
  ],
  sending: ["planned", "accepted", "rejected", "unknown", "held"],
  accepted: ["delivered", "rejected"],
  /** A server that took a mail may say later that nobody is there. */
  delivered: ["rejected"],
  /** Where our own settings were to blame a person may have it sent again, once. */
  rejected: ["planned"],
  /** Waits for evidence, for its rule, or for a person. */
  unknown: ["planned", "accepted", "rejected", "delivered"],
  /** A person looks at the reason, and releases it or gives this channel up; or a report comes. */
  held: ["planned", "rejected", "cancelled", "accepted", "delivered", "unknown"],
  excluded: [],
  /** Its letter goes to a mail house, whose receipts say what became of it. */
  "needs-letter": ["accepted", "rejected", "excluded", "cancelled"],
  "not-reached": [],
  cancelled: [],
} as const;

export type DeliveryState = keyof typeof NEXT_STATES;
export const DeliveryState = z.enum([
  "planned",
  "leased",
  "sending",
  "accepted",
  "delivered",
  "rejected",
  "unknown",
  "held",
  "excluded",
  "needs-letter",
  "not-reached",
  "cancelled",
] satisfies DeliveryState[]);

/** Rows by themselves still on their way. A wave with none of these has ended. */
export const OPEN_STATES = ["planned", "leased", "sending"] as const satisfies DeliveryState[];

/** The channels by which we ourselves send; letters go out through a mail house. */
export type SentChannel = "email" | "sms";

/** Whether a delivery in one state may move to another. */
export function mayBecome(from: DeliveryState, to: DeliveryState): boolean {
  const next: readonly DeliveryState[] = NEXT_STATES[from];
  return next.includes(to);
}

/**
 * What a provider told us about one attempt. Every caller must tell these apart,
 * so they are values, not exceptions. `code` is the provider's reply code; its
 * text is dropped, because providers quote addresses. `provider` is the name of the
 * relay that the attempt was made through, where there is a choice of them.
 */
export type Outcome = Answer & { readonly provider?: string };

type Answer =
  | { readonly kind: "accepted"; readonly code: string; readonly reference?: string }
  | {
      readonly kind: "throttled";
      readonly code: string;
      readonly retryAfterMs?: number;
      /** Where the refusal is not about this recipient's domain: about all we send, or one sender. */
      readonly scope?: "provider" | "sender";
    }
  | { readonly kind: "transient"; readonly code: string; readonly retryAfterMs?: number }
  | {
      readonly kind: "rejected";
      readonly fault: "recipient" | "content" | "configuration";
      readonly code: string;
    }
  /** The body may have been taken and we cannot tell. Never resent without evidence or a person. */
  | { readonly kind: "unknown"; readonly code: string }
  /** We ourselves stopped before the body was written. */
  | { readonly kind: "not-sent"; readonly code: string; readonly retryAfterMs?: number };

/** What becomes of a delivery after one attempt. */
export interface Verdict {
  readonly state: "accepted" | "planned" | "rejected" | "unknown" | "held";
  readonly reason: string | null;
  /** Milliseconds until the next try; meaningful for `planned` only. */
  readonly nextInMs: number;
}

/**
 * What follows this outcome of try number `attempt` (from 1), where only tries that the provider
 * put off were counted before. A temporary refusal is tried again after 1, 5, 15, 60 minutes and so on for a day, then given up. A fault of our
 * own configuration keeps the delivery, because the fault is not the recipient's. Where the relay
 * that may have an earlier copy is gone, a person says whether another may be given one.
 */
export function after(outcome: Outcome, attempt: number): Verdict {
  switch (outcome.kind) {
    case "accepted":
    case "unknown":
      return { state: outcome.kind, reason: null, nextInMs: 0 };
    case "not-sent":
      if (outcome.code === RELAY_GONE) return { state: "held", reason: RELAY_GONE, nextInMs: 0 };
      return {
        state: "planned",
        reason: "not-sent",
        nextInMs: outcome.retryAfterMs ?? NOT_SENT_MS,
      };
    case "rejected":
      return outcome.fault === "configuration"
        ? { state: "planned", reason: "configuration", nextInMs: 0 }
        : { state: "rejected", reason: outcome.fault, nextInMs: 0 };
    case "throttled":
    case "transient":
      return later(outcome, attempt);
  }
}

/** What a person may decide about a delivery whose outcome nobody knows. */
export const UnknownDecision = z.enum(["accepted", "resend", "rejected"]);
export type UnknownDecision = z.output<typeof UnknownDecision>;

/** The state each decision leads to. */
export const DECIDED_STATE = {
  accepted: "accepted",
  resend: "planned",
  rejected: "rejected",
} as const satisfies Record<UnknownDecision, DeliveryState>;

function later(outcome: Outcome & { kind: "throttled" | "transient" }, attempt: number): Verdict {
  const minutes = BACK_OFF_MINUTES[attempt - 1];
  if (minutes === undefined) return { state: "rejected", reason: "gave-up", nextInMs: 0 };
  const asked = outcome.retryAfterMs ?? 0;
  return { state: "planned", reason: outcome.kind, nextInMs: Math.max(asked, minutes * 60_000) };
}

/** The setting has no relay of this name any more: the code of an outcome, and why it is held. */
export const RELAY_GONE = "relay-gone";
/** Sums to 23 h 21 min: what cannot be handed over in a day needs a person. */
const BACK_OFF_MINUTES = [1, 5, 15, 60, 120, 240, 480, 480];
const NOT_SENT_MS = 1_000;
