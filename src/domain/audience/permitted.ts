import { z } from "zod";

import type { Obligation } from "../obligation.ts";
import { Jurisdiction } from "../scope.ts";
import { isPartOf } from "./residence.ts";

/** What the law lets a first notice go by, to people of some places. A letter it always lets. */
export const ChannelLimit = z.strictObject({
  /** `unknown` stands for people of whom nobody knows where they live. */
  places: z.array(z.union([Jurisdiction, z.literal("unknown")])).min(1),
  /** To whoever agreed to be told by electronic means, or to nobody; else to anybody. */
  email: z.enum(["any", "agreed", "never"]),
  sms: z.boolean(),
  /** The laws, as they are cited. */
  because: z.array(z.string()),
});
export type ChannelLimit = z.output<typeof ChannelLimit>;

/** What of an obligation bears on the channels. */
export type Telling = Pick<Obligation, "to" | "place"> & {
  readonly duty: Pick<Obligation["duty"], "methods">;
  readonly rule: Pick<Obligation["rule"], "citation" | "status">;
};

/** Somebody of whom nobody knows where they live. */
export const UNKNOWN_PLACE = "unknown";

/**
 * What the laws permit for the people of each of these places, all of them taken together: where
 * one wants agreement and another does not care, agreement is needed. Places without a limit are
 * left out. Of whom only the country is known is written to as the strictest of its parts wants,
 * and of whom nothing is known as the strictest law of all wants.
 */
export function limitsFor(
  places: readonly string[],
  obligations: readonly Telling[],
): ChannelLimit[] {
  const binding = obligations.filter(
    ({ to, duty, rule }) =>
      to === "individuals" && rule.status !== "voluntary" && (duty.methods ?? []).length > 0,
  );
  const groups = new Map<string, ChannelLimit>();
  for (const place of [...places].toSorted()) {
    const own = binding.filter((each) => mayBind(each.place, place));
    const limit = own.map(({ duty }) => permits(duty.methods ?? [])).reduce(stricter, FREE);
    if (limit.email === "any" && limit.sms) continue;
    const because = [...new Set(own.map(({ rule }) => rule.citation))].toSorted();
    const key = JSON.stringify([limit, because]);
    const group = groups.get(key);
    if (group) group.places.push(place);
    else groups.set(key, { places: [place], ...limit, because });
  }
  return [...groups.values()];
}

/** Whether law of one place binds, or may bind, what people of the other are told. */
function mayBind(law: string, place: string): boolean {
  return place === UNKNOWN_PLACE || law === place || isPartOf(place, law) || isPartOf(law, place);
}

/**
 * Whether what was approved is still as strict as the laws are. People who dropped out since, and a
 * law that permits more than it did, change nothing.
 */
export function stillHolds(
  approved: readonly ChannelLimit[],
  now: readonly ChannelLimit[],
): boolean {
  const known = new Map(
    approved.flatMap((limit) => limit.places.map((place) => [place, limit] as const)),
  );
  return now.every((limit) =>
    limit.places.every((place) => {
      const then: Permitted = known.get(place) ?? FREE;
      const both = stricter(then, limit);
      return both.email === then.email && both.sms === then.sms;
    }),
  );
}

type Permitted = Pick<ChannelLimit, "email" | "sms">;

/** A law without a list of methods limits nothing; one with a list permits what stands on it. */
function permits(methods: readonly string[]): Permitted {
  const permitted = methods.map((method) => METHODS[method] ?? NOT_OURS);
  return {
    email: EMAILS.find((each) => permitted.some(({ email }) => email === each)) ?? "never",
    sms: permitted.some(({ sms }) => sms),
  };
}

function stricter(one: Permitted, other: Permitted): Permitted {
  const strictness = Math.max(EMAILS.indexOf(one.email), EMAILS.indexOf(other.email));
  return { email: EMAILS[strictness] ?? "never", sms: one.sms && other.sms };
}

/** From least strict to most. */
const EMAILS = ["any", "agreed", "never"] as const;
const FREE: Permitted = { email: "any", sms: true };
const NOT_OURS: Permitted = { email: "never", sms: false };
const AGREED: Permitted = { email: "agreed", sms: false };

/**
 * The methods of the laws as channels of ours. Where e-mail is lawful to those with whom one mainly
 * deals by e-mail, or had dealings before, only a person can say of whom that is true: agreement,
 * which we do know, is taken for it.
 */
const METHODS: Readonly<Record<string, Permitted>> = {
  "carrier-choice": FREE,
  email: { email: "any", sms: false },
  "previously-used-method": { email: "any", sms: false },
  electronic: { email: "any", sms: true },
  sms: { email: "never", sms: true },
  "email-esign": AGREED,
  "email-if-agreed": AGREED,
  "email-if-prior-relationship": AGREED,
  "electronic-if-primary": AGREED,
  "email-if-primary-plus-text-inapp-or-banner": AGREED,
};
