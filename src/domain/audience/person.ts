import { z } from "zod";

import { Element } from "../element.ts";
import { Day, Zone } from "../instant.ts";
import { Jurisdiction } from "../scope.ts";
import { line } from "../text.ts";
import { emailOf } from "./address.ts";
import { Country } from "./country.ts";

/** Whether the person agreed to be told by electronic means. *Unknown* is a value. */
export const Agreed = z.enum(["yes", "no", "unknown"]);
export type Agreed = z.output<typeof Agreed>;

/** In whose place a person is written to: their own, a minor's or ward's, or a dead person's. */
export const Relation = z.enum(["self", "guardian", "estate"]);
export type Relation = z.output<typeof Relation>;

/** The channel a person asked for. */
export const PreferredChannel = z.enum(["email", "sms", "letter"]);

/** A BCP 47 language tag in canonical case, such as `en` or `pt-BR`. */
export const Language = z
  .string()
  .max(35)
  .refine((tag) => canonicalLanguage(tag) === tag, {
    message: "Use a BCP 47 language tag such as en or pt-BR.",
  });

/** Where a letter goes. */
export const Postal = z.strictObject({
  lines: z.array(line(200)).min(1).max(4),
  city: line(200).optional(),
  postcode: line(40).optional(),
  region: line(200).optional(),
  country: Country.optional(),
});
export type Postal = z.output<typeof Postal>;

/**
 * One person who must be told: the sealed content of a recipient. `email` is one
 * strict address, `phone` is E.164, `conflicts` names the fields in which merged
 * rows differed.
 */
export const Person = z.strictObject({
  email: z
    .string()
    .refine((text) => emailOf(text) === text)
    .optional(),
  phone: z
    .string()
    .regex(/^\+[1-9]\d{3,14}$/)
    .optional(),
  name: line(200).optional(),
  language: Language.optional(),
  country: Country.optional(),
  region: line(200).optional(),
  /** What country and region come to, as `placeOf` read them when the person was sealed. */
  place: Jurisdiction.optional(),
  postal: Postal.optional(),
  zone: Zone.optional(),
  preferredChannel: PreferredChannel.optional(),
  agreed: Agreed,
  agreedSince: Day.optional(),
  exposure: z.array(Element).max(Element.options.length),
  relation: Relation,
  reference: line(200).optional(),
  conflicts: z.array(z.string()).optional(),
});
export type Person = z.output<typeof Person>;

/**
 * Whether this is a person that we sealed: written as one, and authentic, so that what every
 * message rests on is looked at again and the rest is not.
 */
export function isPerson(opened: unknown): opened is Person {
  if (typeof opened !== "object" || opened === null) return false;
  if (!("exposure" in opened && "relation" in opened)) return false;
  return (
    Array.isArray(opened.exposure) && Relation.options.some((each) => each === opened.relation)
  );
}

/** The canonical form of a BCP 47 tag with a two- or three-letter language, or nothing. */
export function canonicalLanguage(text: string): string | undefined {
  try {
    const [tag] = Intl.getCanonicalLocales(text.replaceAll("_", "-"));
    return tag !== undefined && /^[a-z]{2,3}(-|$)/.test(tag) ? tag : undefined;
  } catch {
    return undefined;
  }
}
