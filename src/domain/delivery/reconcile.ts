import type { SentChannel } from "../delivery.ts";

/**
 * What becomes of deliveries whose outcome nobody knows, in the order of DESIGN: a receipt settles
 * one at any time; a provider that can be asked is asked once receipts have had their time; what
 * cannot be asked goes by the class of its notice. A second copy of a notice that the law requires
 * is better than none, once; anything else waits for evidence or for a person.
 */
export const UNKNOWN_RULES = {
  email: {
    legal: { windowMs: 15 * 60_000, then: "resend" },
    courtesy: { windowMs: 15 * 60_000, then: "person" },
  },
  sms: {
    legal: { windowMs: 10 * 60_000, then: "look" },
    courtesy: { windowMs: 10 * 60_000, then: "look" },
  },
} as const satisfies Record<SentChannel, Record<NoticeClass, Rule>>;

export type NoticeClass = "legal" | "courtesy";

export interface Rule {
  /** How long receipts may take, after which the rule counts. */
  readonly windowMs: number;
  readonly then: "resend" | "look" | "person";
}

/** How often the provider must say that it has nothing, this far apart, before that is proof. */
export const LOOKS_NEEDED = 2;
export const LOOK_GAP_MS = 5 * 60_000;

/** A delivery whose outcome is unknown. */
export interface Unknown {
  readonly channel: SentChannel;
  readonly noticeClass: NoticeClass;
  /** Since when, in milliseconds. */
  readonly unknownMs: number;
  /** Whether it was sent again by rule before. */
  readonly resent: boolean;
  readonly looks: number;
  /** Milliseconds since the last look; null before the first. */
  readonly lookedMs: number | null;
}

/** What to do about one now. `person`: nothing more happens by itself. */
export function nextStep(unknown: Unknown): "wait" | "look" | "resend" | "person" {
  const { windowMs, then } = UNKNOWN_RULES[unknown.channel][unknown.noticeClass];
  if (then === "person" || (then === "resend" && unknown.resent)) return "person";
  if (then === "look" && unknown.looks >= LOOKS_NEEDED) return "person";
  if (unknown.unknownMs < windowMs) return "wait";
  if (then === "resend") return "resend";
  return unknown.lookedMs !== null && unknown.lookedMs < LOOK_GAP_MS ? "wait" : "look";
}

/** An SMS that the provider lists for the number we wrote to. */
export interface Listed {
  readonly reference: string;
  readonly text: string;
}

/**
 * What a list of the provider's proves about one SMS of ours. Its text holds a code that is one
 * person's, so the same text is the same message. One that belongs to no attempt we know of may be
 * ours under words that have changed since: then nobody can tell, and nothing is sent again.
 */
export function judgeLook<T extends Listed>(
  listed: readonly T[],
  ours: { readonly text: string; readonly knownReferences: ReadonlySet<string> },
): { readonly kind: "found"; readonly sms: T } | { readonly kind: "absent" | "unsure" } {
  const unaccounted = listed.filter(({ reference }) => !ours.knownReferences.has(reference));
  const sms = unaccounted.find(({ text }) => text === ours.text);
  if (sms) return { kind: "found", sms };
  return { kind: unaccounted.length === 0 ? "absent" : "unsure" };
}
