import { domainOf } from "../../domain/delivery/rate.ts";
import type { Outcome, Verdict } from "../../domain/delivery.ts";
import type { Outgoing } from "./prepare.ts";

/** Leave to send, of the rates that all workers share; see `workers/rate.ts`. */
export interface Rate {
  /** Leave for up to `most` messages, whoever they go to: how many, 0 after 250 ms. */
  take(most: number): Promise<number>;
  /** Leave that was taken and not used. */
  giveBack(count: number): void;
  /**
   * The milliseconds for which a message to this domain must be put off; 0 lets it go now. An SMS
   * has no domain.
   */
  wait(domain: string | undefined): Promise<number>;
  /** What a provider answered. */
  told(outcome: Outcome, domain: string | undefined): void;
}

/** An attempt that ended before anything was said, and what follows. */
export interface Unsent {
  readonly outcome: Outcome & { readonly kind: "not-sent" };
  readonly verdict: Verdict;
}

/** A message that goes back to be sent later; the code says why. It counts as no try. */
export function putOff(code: "rate" | "quiet-hours", nextInMs: number): Unsent {
  return {
    outcome: { kind: "not-sent", code },
    verdict: { state: "planned", reason: code, nextInMs },
  };
}

/** A message that is not sent until a person has looked at the reason. */
export function held(reason: string): Unsent {
  return {
    outcome: { kind: "not-sent", code: "held" },
    verdict: { state: "held", reason, nextInMs: 0 },
  };
}

/** The recipient's domain, of a message that has one. */
export function recipientDomain(message: Outgoing): string | undefined {
  return "message" in message ? domainOf(message.to) : undefined;
}
