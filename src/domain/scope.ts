import { z } from "zod";

import { Element, ExposedElement, worstSensitivity } from "./element.ts";
import type { Sensitivity } from "./element.ts";
import { Instant, Moment, NOT_YET_KNOWN, Zone, knowable } from "./instant.ts";
import { line, text } from "./text.ts";
import { canonicalHash } from "./timeline.ts";

// Above the schemas, which read them while the module loads.
const JURISDICTION_HELP = "Use a code such as DE (ISO 3166-1) or US-CA (ISO 3166-2).";
/** More than there are people: a larger count is a slip of the keyboard. */
const PEOPLE_MAX = 10_000_000_000;

/** A country (ISO 3166-1 alpha-2) or a part of one (ISO 3166-2): `DE`, `US-CA`. */
export const Jurisdiction = z.string().refine(isJurisdiction, { message: JURISDICTION_HELP });

/** How a person reaches someone who can answer: a telephone line says when it is staffed. */
export const ContactLine = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("phone"),
    value: line(40).regex(/^\+?[0-9(][0-9 ().-]{3,38}[0-9]$/, "Write a telephone number."),
    hours: line(120),
    zone: Zone,
  }),
  z.strictObject({ kind: z.literal("email"), value: z.email().max(254) }),
  z.strictObject({ kind: z.literal("post"), value: text(500) }),
]);
export type ContactLine = z.output<typeof ContactLine>;

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
});
export type ScopeFacts = z.output<typeof ScopeFacts>;
export type ScopeField = keyof ScopeFacts;

/** The fields, in the order in which people read them. */
export const SCOPE_FIELDS = ScopeFacts.keyof().options;

/** Field → SHA-256 (hex) of the canonical JSON of its value. */
export const FieldHashes = z.record(ScopeFacts.keyof(), z.string().regex(/^[0-9a-f]{64}$/));
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
export const ChangedFacts = ScopeFacts.partial();

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
    ...given,
  };
}

/** The class that the data elements give; those ruled out do not count. */
export function sensitivityOf({ dataElements }: Pick<ScopeFacts, "dataElements">): Sensitivity {
  return worstSensitivity(
    dataElements.filter(({ state }) => state !== "ruled-out").map(({ element }) => element),
  );
}

/** The hash of every fact, so that a text can bind exactly the facts it quotes. */
export function fieldHashes(facts: ScopeFacts): FieldHashes {
  const plain = z.encode(ScopeFacts, facts);
  return FieldHashes.parse(
    Object.fromEntries(SCOPE_FIELDS.map((field) => [field, canonicalHash(plain[field])])),
  );
}

function isJurisdiction(code: string): boolean {
  if (!/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/.test(code)) return false;
  const country = code.slice(0, 2);
  return !NOT_COUNTRIES.has(country) && REGIONS.of(country) !== undefined;
}

const REGIONS = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
/** Codes that look like countries and are not: unions, tests, and `UK`, which is `GB`. */
const NOT_COUNTRIES = new Set(["EU", "EZ", "UK", "UN", "QO", "XA", "XB", "ZZ"]);
