import { z } from "zod";

import { Element, ExposedElement, worstSensitivity } from "./element.ts";
import type { Sensitivity } from "./element.ts";
import { Instant, Moment, NOT_YET_KNOWN, Zone, knowable } from "./instant.ts";
import { PageLanguage } from "./language.ts";
import { line, text } from "./text.ts";
import { canonicalHash } from "./timeline.ts";

// Above the schemas, which read them while the module loads.
const JURISDICTION_HELP = "Use a code such as DE (ISO 3166-1) or US-CA (ISO 3166-2).";
/** More than there are people: a larger count is a slip of the keyboard. */
const PEOPLE_MAX = 10_000_000_000;
const Hash = z.string().regex(/^[0-9a-f]{64}$/);

/** A country (ISO 3166-1 alpha-2) or a part of one (ISO 3166-2): `DE`, `US-CA`. */
export const Jurisdiction = z.string().refine(isJurisdiction, { message: JURISDICTION_HELP });

/** ISO weekdays (1 is Monday) on which a line is staffed from one time to another, `HH:MM`, the same day. */
export const OpenHours = z
  .strictObject({
    days: z.array(z.int().min(1).max(7)).min(1).max(7),
    from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "Write a time such as 08:00."),
    to: z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, "Write a time such as 20:00."),
  })
  .refine(({ days }) => new Set(days).size === days.length, { message: "Name each day once." })
  .refine(({ from, to }) => from < to, {
    message: "A line closes after it opens. Write two rows for a night, split at 24:00.",
  });
export type OpenHours = z.output<typeof OpenHours>;

/**
 * How a person reaches someone who can answer: a telephone line says when it is staffed, in
 * `hours` by words of the responder's, and in `open` so that it can be said in every language
 * and reckoned with; where `open` is given, readers are told that.
 */
export const ContactLine = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("phone"),
    value: line(40).regex(/^\+?[0-9(][0-9 ().-]{3,38}[0-9]$/, "Write a telephone number."),
    hours: line(120),
    open: z.array(OpenHours).min(1).max(14).exactOptional(),
    zone: Zone,
  }),
  z.strictObject({ kind: z.literal("email"), value: z.email().max(254) }),
  z.strictObject({ kind: z.literal("post"), value: text(500) }),
]);
export type ContactLine = z.output<typeof ContactLine>;

/** The facts that are told in a person's own words, and so in one language. */
export const WORDED_FIELDS = ["whatHappened", "how", "whatWeDo", "actions", "place"] as const;
export type WordedField = (typeof WORDED_FIELDS)[number];

/** What a responder wrote, in another language. */
export const Translation = z.strictObject({
  whatHappened: text(10_000).exactOptional(),
  how: text(5_000).exactOptional(),
  whatWeDo: text(5_000).exactOptional(),
  actions: z.array(text(500)).min(1).max(20).exactOptional(),
  place: text(500).exactOptional(),
});
export type Translation = z.output<typeof Translation>;

const Translations = z.partialRecord(PageLanguage, Translation);

export const Sector = z.enum([
  "health-care",
  "health-plan",
  "finance",
  "insurance",
  "telecom",
  "digital-service",
  "education",
  "public-authority",
  "energy",
  "transport",
  "retail",
  "non-profit",
  "other",
]);

/**
 * The facts of an incident as one version of its scope states them. Every fact but the
 * first two may honestly be *not yet known*; none is ever absent.
 */
export const ScopeFacts = z.strictObject({
  whatHappened: text(10_000),
  dataElements: z.array(ExposedElement).min(1).max(Element.options.length),
  occurredFrom: knowable(Moment),
  occurredTo: knowable(Moment),
  discoveredAt: knowable(Moment),
  containedAt: knowable(Moment),
  /** Site, system or country. */
  place: knowable(text(500)),
  how: knowable(text(5_000)),
  /** People affected per jurisdiction of residence. */
  people: knowable(
    z
      .array(z.strictObject({ jurisdiction: Jurisdiction, count: z.int().min(1).max(PEOPLE_MAX) }))
      .max(500),
  ),
  encryption: knowable(z.enum(["none", "partial", "full"])),
  /** Whether the key to the encrypted data was taken too. */
  keyState: knowable(z.enum(["safe", "taken"])),
  sector: knowable(Sector),
  role: knowable(z.enum(["controller", "processor", "joint-controller"])),
  /** What we do about it. */
  whatWeDo: knowable(text(5_000)),
  /** What people should do, the most useful first. */
  actions: knowable(z.array(text(500)).min(1).max(20)),
  contactLines: knowable(z.array(ContactLine).min(1).max(10)),
  /** What the facts above are written in. */
  language: PageLanguage.default("en"),
  /** Language → those of them that are told in words, in that language. */
  translations: Translations.default({}),
});
export type ScopeFacts = z.output<typeof ScopeFacts>;
export type ScopeField = keyof ScopeFacts;

/** The fields, in the order in which people read them. */
export const SCOPE_FIELDS = ScopeFacts.keyof().options;

/** A fact, or the translation of one: `how`, `how.ru`. */
export const HashedField = z.enum([
  ...SCOPE_FIELDS,
  ...WORDED_FIELDS.flatMap((field) =>
    PageLanguage.options.map((language) => translated(field, language)),
  ),
]);
export type HashedField = z.output<typeof HashedField>;

/** Fact or translation → SHA-256 (hex) of the canonical JSON of its value. */
export const FieldHashes = z
  .looseRecord(ScopeFacts.keyof().exclude(["language", "translations"]), Hash)
  .and(z.partialRecord(HashedField, Hash));
export type FieldHashes = z.output<typeof FieldHashes>;

/** One version of what is known. Versions are never changed; the newest is the current one. */
export const Scope = z.object({
  incidentId: z.uuid(),
  version: z.int().positive(),
  facts: ScopeFacts,
  fieldHashes: FieldHashes,
  reason: z.string().nullable(),
  createdBy: z.uuid(),
  createdAt: Instant,
});
export type Scope = z.output<typeof Scope>;

/** Some of the facts, as in a revision. */
export const ChangedFacts = ScopeFacts.partial().extend({
  // Without their defaults, which would undo what an earlier version says.
  language: PageLanguage.optional(),
  translations: Translations.optional(),
});

/** What a person sends to change a scope: only the facts that changed, and why. */
export const Revision = z.strictObject({
  baseVersion: z.int().positive(),
  facts: ChangedFacts,
  reason: text(1_000),
});
export type Revision = z.output<typeof Revision>;

/** The facts of a first declaration: two are given, the others are not yet known. */
export function firstFacts(given: Pick<ScopeFacts, "whatHappened" | "dataElements">): ScopeFacts {
  return {
    occurredFrom: NOT_YET_KNOWN,
    occurredTo: NOT_YET_KNOWN,
    discoveredAt: NOT_YET_KNOWN,
    containedAt: NOT_YET_KNOWN,
    place: NOT_YET_KNOWN,
    how: NOT_YET_KNOWN,
    people: NOT_YET_KNOWN,
    encryption: NOT_YET_KNOWN,
    keyState: NOT_YET_KNOWN,
    sector: NOT_YET_KNOWN,
    role: NOT_YET_KNOWN,
    whatWeDo: NOT_YET_KNOWN,
    actions: NOT_YET_KNOWN,
    contactLines: NOT_YET_KNOWN,
    language: "en",
    translations: {},
    ...given,
  };
}

/** The class that the data elements give; those ruled out do not count. */
export function sensitivityOf({ dataElements }: Pick<ScopeFacts, "dataElements">): Sensitivity {
  return worstSensitivity(
    dataElements.filter(({ state }) => state !== "ruled-out").map(({ element }) => element),
  );
}

/**
 * The hash of every fact and of every translation, so that a text can bind exactly what it
 * quotes: a new Chinese word does not touch what was approved in English.
 */
export function fieldHashes(facts: ScopeFacts): FieldHashes {
  const plain = z.encode(ScopeFacts, facts);
  const translations = Object.entries(facts.translations).flatMap(([language, words]) =>
    Object.entries(words).map(([field, value]) => [`${field}.${language}`, value] as const),
  );
  const all = [...SCOPE_FIELDS.map((field) => [field, plain[field]] as const), ...translations];
  return FieldHashes.parse(
    Object.fromEntries(all.map(([field, value]) => [field, canonicalHash(value)])),
  );
}

/** The name of a translation among the hashes. */
export function translated(
  field: WordedField,
  language: PageLanguage,
): `${WordedField}.${PageLanguage}` {
  return `${field}.${language}`;
}

function isJurisdiction(code: string): boolean {
  if (!/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/.test(code)) return false;
  const country = code.slice(0, 2);
  return !NOT_COUNTRIES.has(country) && isRegion(country);
}

function isRegion(country: string): boolean {
  // The names of all regions take a while to load: a process that reads no scope does without.
  regions ??= new Intl.DisplayNames("en", { type: "region", fallback: "none" });
  return regions.of(country) !== undefined;
}

let regions: Intl.DisplayNames | undefined;
/** Codes that look like countries and are not: unions, tests, and `UK`, which is `GB`. */
const NOT_COUNTRIES = new Set(["EU", "EZ", "UK", "UN", "QO", "XA", "XB", "ZZ"]);
