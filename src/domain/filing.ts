import { z } from "zod";

import { fieldsOfForm } from "./filing/form.ts";
import type { FormId } from "./filing/form.ts";
import type { FilingScene } from "./filing/prefill.ts";
import { Id } from "./id.ts";
import { Instant, NOT_YET_KNOWN } from "./instant.ts";
import type { Obligation } from "./obligation.ts";
import { ObligationId } from "./obligation/record.ts";
import { expectVersion, refuse } from "./refusal.ts";
import type { Actor } from "./staff.ts";
import { line, text } from "./text.ts";
import { canonicalHash } from "./timeline.ts";

/*
 * A filing is what an authority is told to meet one obligation: its form, filled from the scope
 * and by people. A person types it into the authority's portal or sends the file; Candor sends
 * nothing to an authority. A draft follows the facts; what was approved stays as it was.
 */

export const FilingState = z.enum(["draft", "approved", "filed"]);
export type FilingState = z.output<typeof FilingState>;

/** The first report, what is added to it (GDPR Article 33(4)), and the one that ends it. */
export const FilingKind = z.enum(["initial", "supplement", "final"]);

/** Field → what a person wrote; an empty text goes back to what the facts say. */
const Given = z.record(z.string().max(60), z.union([z.literal(""), text(10_000)]));

/** One line of a filing as it stands. */
export const FilledField = z.object({
  key: z.string(),
  label: z.string(),
  source: z.string(),
  /** `not-yet-known` where neither the facts nor a person say. */
  value: z.string(),
  from: z.enum(["facts", "person", "nobody"]),
  choices: z.array(z.string()).optional(),
});
export type FilledField = z.output<typeof FilledField>;

/** What is sealed of a filing. */
export const FilingWords = z.object({
  given: z.record(z.string(), z.string()),
  /** As it was approved; null while it is a draft. */
  approved: z.array(FilledField).nullable(),
  /** What the authority answered, as text. */
  receipt: z.string().nullable(),
  /** Everybody who wrote in it. */
  authors: z.array(z.uuid()).default([]),
});
export type FilingWords = z.output<typeof FilingWords>;

export const Filing = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  obligation: z.string(),
  ruleVersion: z.string(),
  form: z.enum(["gdpr-33", "hhs", "generic"]),
  kind: FilingKind,
  state: FilingState,
  version: z.int().positive(),
  /** The facts it was approved on. */
  scopeVersion: z.int().nullable(),
  reference: z.string().nullable(),
  filedAt: Instant.nullable(),
  createdBy: z.uuid(),
  createdAt: Instant,
  /** Who last wrote in it. */
  editedBy: z.uuid(),
  approvedBy: z.uuid().nullable(),
  approvedAt: Instant.nullable(),
});
export type Filing = z.output<typeof Filing>;

export const NewFiling = z.strictObject({ obligation: ObligationId, kind: FilingKind });
export type NewFiling = z.output<typeof NewFiling>;

export const FilingEdit = z.strictObject({ version: z.int().positive(), given: Given });
export type FilingEdit = z.output<typeof FilingEdit>;

/** That it was filed: the authority's reference, when, and what it answered. */
export const FiledReport = z.strictObject({
  version: z.int().positive(),
  reference: line(200),
  at: Instant,
  receipt: text(20_000).optional(),
});
export type FiledReport = z.output<typeof FiledReport>;

/** A filing with its lines: what `GET` answers. */
export const FilingView = z.object({
  filing: Filing,
  authority: z.string(),
  /** Where the authority takes it, as far as that is known. */
  url: z.string().nullable(),
  fields: z.array(FilledField),
  missing: z.array(z.string()),
  /** A hash of the lines: who approves says by it what they read. */
  digest: z.string(),
  /** Approved on facts that have changed since: a supplement may be due. */
  outdated: z.boolean(),
  receipt: z.string().nullable(),
});
export type FilingView = z.output<typeof FilingView>;

/** Which lines somebody approves: those of this version, and what the facts said when they were read. */
export const FilingApproval = z.strictObject({
  version: z.int().positive(),
  digest: z.string().regex(/^[0-9a-f]{64}$/, "Send the digest of the filing as you read it."),
});
export type FilingApproval = z.output<typeof FilingApproval>;

/** The path of a filing. */
export const FilingPath = z.strictObject({ incidentId: Id, filingId: Id });
export type FilingPath = z.output<typeof FilingPath>;

/** Authorities of every kind file; people, media and counterparties are told otherwise. */
export function expectFilable({ to, id }: Pick<Obligation, "to" | "id">): void {
  if (FILABLE.has(to)) return;
  refuse("invalid-input", "This duty is no filing.", [
    { field: "obligation", code: "not-filed", message: `${id} is met by telling people.` },
  ]);
}

/** Every line of a filing: a person's words before the facts'. */
export function filled(
  { form }: Pick<Filing, "form">,
  given: Readonly<Record<string, string>>,
  scene: FilingScene,
): FilledField[] {
  return fieldsOfForm(form, scene.obligation.duty.contents).map(
    ({ key, label, source, choices, fill }) => {
      const own = given[key];
      const value = own ?? fill(scene);
      return {
        key,
        label,
        source,
        value: value ?? NOT_YET_KNOWN,
        from: value === undefined ? "nobody" : own === undefined ? "facts" : "person",
        ...(choices && { choices: [...choices] }),
      };
    },
  );
}

/** What tells these lines from any others. */
export function digestOf(fields: readonly FilledField[]): string {
  return canonicalHash(fields.map(({ key, value }) => [key, value]));
}

/** Refuses to approve other lines than were read: the facts may have changed since. */
export function expectRead(fields: readonly FilledField[], { digest }: FilingApproval): void {
  if (digestOf(fields) !== digest)
    refuse("facts-changed", "This filing says something else than you read. Read it again.", [
      { field: "digest", code: "changed", message: "Send the digest of the filing as it is now." },
    ]);
}

/** Labels of the lines that say nothing yet. */
export function missingOf(fields: readonly FilledField[]): string[] {
  return fields.filter(({ from }) => from === "nobody").map(({ label }) => label);
}

/**
 * What a person wrote, laid over what was there. Refuses, by field, a line the form does not have
 * and a value that is none of its choices.
 */
export function edited(
  words: FilingWords,
  { given }: Pick<FilingEdit, "given">,
  { fields, by }: { readonly fields: readonly FilledField[]; readonly by: string },
): FilingWords {
  const known = new Map(fields.map((field) => [field.key, field]));
  const problems = Object.entries(given).flatMap(([key, value]) => {
    const field = `given.${key}`;
    const line = known.get(key);
    if (!line) return [{ field, code: "unknown", message: "The form has no such line." }];
    if (value === "" || !line.choices || line.choices.includes(value)) return [];
    return [{ field, code: "choice", message: `Write one of: ${line.choices.join(", ")}.` }];
  });
  if (problems.length > 0) refuse("invalid-input", "Some lines need attention.", problems);
  const all = { ...words.given, ...given };
  return {
    ...words,
    given: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "")),
    authors: [...new Set([...words.authors, by])],
  };
}

/** The next version of a filing that is in a state to be changed so. Refuses `stale-version` and `wrong-state`. */
export function stepped(
  filing: Filing,
  from: FilingState,
  { version, actor }: { readonly version: number; readonly actor: Actor },
): Filing {
  expectVersion(filing.version, version);
  if (filing.state !== from)
    refuse("wrong-state", `This filing is ${filing.state}. It must be ${from} for that.`);
  return { ...filing, version: version + 1, editedBy: actor.staffId };
}

/** Refuses everybody who wrote in it: what leaves the building is seen by two people. */
export function expectSecondPerson(
  { createdBy, editedBy }: Filing,
  { authors }: Pick<FilingWords, "authors">,
  { staffId }: Actor,
): void {
  if ([createdBy, editedBy, ...authors].includes(staffId))
    refuse("four-eyes", "Somebody who did not write this filing must approve it.");
}

/** The form of an obligation's rule. */
export function formOf({ duty }: Pick<Obligation, "duty">): FormId {
  return duty.form ?? "generic";
}

const FILABLE: ReadonlySet<Obligation["to"]> = new Set([
  "regulator",
  "csirt",
  "consumer-reporting-agencies",
  "law-enforcement",
  "card-brand",
  "insurer",
]);
