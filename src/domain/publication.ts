import { z } from "zod";

import { Id } from "./id.ts";
import { Instant, Zone } from "./instant.ts";
import { PageLanguage } from "./language.ts";
import { expectVersion, refuse } from "./refusal.ts";
import { ScopeFacts } from "./scope.ts";
import type { ScopeFacts as AllFacts } from "./scope.ts";
import { line, text } from "./text.ts";
import { canonicalHash } from "./timeline.ts";

// Above the schemas, which read them while the module loads.
const SLUG_HELP = "Use 3 to 60 lower-case letters, digits and dashes.";
const BODY_MAX = 20_000;
const QUESTIONS_MAX = 30;
const QUESTION_HOUR_MAX_MS = 7 * 24 * 3_600_000;

/** The last part of the page's address: `/incidents/<slug>`. Fixed once something is published. */
export const Slug = z.string().regex(/^[a-z0-9-]{3,60}$/, SLUG_HELP);

export const UpdateKind = z.enum([
  "initial",
  "update",
  "correction",
  "policy-change",
  "question-hour",
  "closing",
]);
export type UpdateKind = z.output<typeof UpdateKind>;

/** What was published stays published: a correction is told beside it. */
export const UpdateState = z.enum(["draft", "in-review", "published", "withdrawn"]);
export type UpdateState = z.output<typeof UpdateState>;

/** What is told in one language; body and answers are Markdown. */
export const Told = z.strictObject({
  title: line(200),
  body: text(BODY_MAX),
  faq: z
    .array(z.strictObject({ question: line(300), answer: text(5_000) }))
    .max(QUESTIONS_MAX)
    .default([]),
});
export type Told = z.output<typeof Told>;

/** Page language → what is told. */
export const Telling = z
  .partialRecord(PageLanguage, Told)
  .refine((all) => Object.keys(all).length > 0, { message: "Give at least one language." });
export type Telling = z.output<typeof Telling>;

/** When people can ask and somebody answers at once. */
export const QuestionHour = z
  .strictObject({ startsAt: Instant, endsAt: Instant, zone: Zone })
  .refine(
    ({ startsAt, endsAt }) =>
      // Asked of what could not be read too, which is then refused for that.
      startsAt < endsAt && Number(endsAt) - Number(startsAt) <= QUESTION_HOUR_MAX_MS,
    { path: ["endsAt"], message: "It must end after it begins, and within a week." },
  );
export type QuestionHour = z.output<typeof QuestionHour>;

/** The facts that the page shows; what happened is told by its updates. */
export const PublicFacts = ScopeFacts.omit({ whatHappened: true, sector: true, role: true });
export type PublicFacts = z.output<typeof PublicFacts>;

/** The public page of one incident. */
export const Publication = z.object({
  incidentId: z.uuid(),
  slug: z.string(),
  version: z.int().positive(),
  createdBy: z.uuid(),
  createdAt: Instant,
});
export type Publication = z.output<typeof Publication>;

/** One thing told on the page, or to be told. */
export const Update = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  version: z.int().positive(),
  kind: UpdateKind,
  state: UpdateState,
  /** Its place on the page: 1 is the oldest. */
  number: z.int().positive().nullable(),
  languages: Telling,
  /** The only hosts a link in it may lead to. */
  linkHosts: z.array(z.string()),
  questionHour: QuestionHour.nullable(),
  /** The update that this one corrects. */
  corrects: z.uuid().nullable(),
  /** The facts as they were submitted. */
  facts: PublicFacts.nullable(),
  binding: z.instanceof(Buffer).nullable(),
  approvalsNeeded: z.int().min(1).max(2),
  /** Everyone who wrote any of it: none of them may approve. */
  authors: z.array(z.uuid()),
  /** What a reviewer asked for last. */
  reviewComment: z.string().nullable(),
  submittedBy: z.uuid().nullable(),
  submittedAt: Instant.nullable(),
  publishedAt: Instant.nullable(),
  createdBy: z.uuid(),
  createdAt: Instant,
});
export type Update = z.output<typeof Update>;

/** What a person writes. */
export const NewUpdate = z.strictObject({
  kind: UpdateKind,
  languages: Telling,
  questionHour: QuestionHour.optional(),
  corrects: Id.optional(),
});
export type NewUpdate = z.output<typeof NewUpdate>;

/** A change to it; what is not given stays as it was. The kind stays. */
export const UpdateEdit = NewUpdate.omit({ kind: true })
  .partial()
  .extend({ version: z.int().positive() });
export type UpdateEdit = z.output<typeof UpdateEdit>;

/** Refuses a question hour without its time, a correction of nothing, and either where it does not belong. */
export function checkShape(
  update: Pick<NewUpdate, "kind"> & {
    readonly questionHour: QuestionHour | null;
    readonly corrects: string | null;
  },
): void {
  const wants = (field: "questionHour" | "corrects", kind: UpdateKind, message: string) => {
    if ((update.kind === kind) !== (update[field] !== null))
      refuse("invalid-input", "Some fields need attention.", [
        { field, code: "not-valid", message },
      ]);
  };
  wants("questionHour", "question-hour", "A question hour has a begin, an end and a zone.");
  wants("corrects", "correction", "A correction names the update it corrects.");
}

/** An update whose text changes: a draft again. Refuses what was published or given up. */
export function edited(update: Update, expectedVersion: number, author: string): Update {
  expectVersion(update.version, expectedVersion);
  if (update.state === "published")
    refuse("wrong-state", "This is published and stays so. Publish a correction beside it.");
  if (update.state === "withdrawn")
    refuse("wrong-state", "This was withdrawn. Start a new update.");
  const authors = [...new Set([...update.authors, author])];
  return { ...update, ...UNSUBMITTED, authors, state: "draft", version: update.version + 1 };
}

/** An update in another state. Refuses a state that does not follow from the one it is in. */
export function moved(update: Update, to: UpdateState): Update {
  if (!NEXT[update.state].includes(to))
    refuse("wrong-state", `An update that is ${update.state} cannot become ${to}.`);
  return { ...update, state: to, version: update.version + 1 };
}

/** What the page may know of these facts. */
export function publicFacts({ whatHappened: _w, sector: _s, role: _r, ...shown }: AllFacts) {
  return PublicFacts.parse(z.encode(PublicFacts, shown));
}

/**
 * SHA-256 of the canonical JSON (RFC 8785) of all that readers will see, and where; and of which
 * submission it is: what was approved before it was sent back is not approved again with it.
 */
export function updateBinding(
  slug: string,
  { version, kind, languages, linkHosts, questionHour, corrects }: Update,
  facts: PublicFacts,
): Buffer {
  const hash = canonicalHash({
    slug,
    version,
    kind,
    languages,
    linkHosts,
    questionHour: questionHour && z.encode(QuestionHour, questionHour),
    corrects,
    facts: factsHash(facts),
  });
  return Buffer.from(hash, "hex");
}

/** The fields in which two sets of facts differ. */
export function changedFacts(before: PublicFacts, after: PublicFacts): string[] {
  const [old, current] = [z.encode(PublicFacts, before), z.encode(PublicFacts, after)];
  return PublicFacts.keyof().options.filter(
    (field) => canonicalHash(old[field]) !== canonicalHash(current[field]),
  );
}

function factsHash(facts: PublicFacts): string {
  return canonicalHash(z.encode(PublicFacts, facts));
}

const UNSUBMITTED = { facts: null, binding: null, submittedBy: null, submittedAt: null } as const;

const NEXT: Readonly<Record<UpdateState, readonly UpdateState[]>> = {
  draft: ["in-review", "withdrawn"],
  "in-review": ["draft", "published", "withdrawn"],
  published: [],
  withdrawn: [],
};
