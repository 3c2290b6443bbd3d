import { z } from "zod";

import { DATA_ELEMENTS } from "./element.ts";
import type { Element } from "./element.ts";
import { Instant, NOT_YET_KNOWN } from "./instant.ts";
import { refuse } from "./refusal.ts";
import type { FieldProblem } from "./refusal.ts";
import type { ScopeFacts } from "./scope.ts";
import { text } from "./text.ts";

/*
 * Severity after ENISA, "Recommendations for a methodology of the assessment of severity of
 * personal data breaches" (v1.0, December 2013): SE = DPC × EI + CB. The data processing context
 * is 1 to 4, the ease of identification 0.25 to 1, the circumstances are added. Every input is
 * shown with where it came from, and a person's judgement goes above the figure, with a reason.
 */

/** What kind of data it is, with the context that every kind starts at (ENISA 2013, annex 1). */
const CONTEXTS = { simple: 1, behavioural: 2, financial: 3, sensitive: 4 } as const;
type Context = keyof typeof CONTEXTS;

export const SeverityLevel = z.enum(["low", "medium", "high", "very-high"]);
export type SeverityLevel = z.output<typeof SeverityLevel>;

/** How easily the data lead to a person (ENISA 2013, section 4.2). */
export const Identification = z.enum(["negligible", "limited", "significant", "maximum"]);
const EASE = { negligible: 0.25, limited: 0.5, significant: 0.75, maximum: 1 } as const;

/** What happened to the data, each with what it adds (ENISA 2013, section 4.3). */
export const CIRCUMSTANCES = {
  confidentiality: { "no-evidence": 0, "known-recipients": 0.25, "unknown-recipients": 0.5 },
  integrity: { unaltered: 0, "altered-recoverable": 0.25, "altered-for-good": 0.5 },
  availability: { available: 0, "lost-for-a-time": 0.25, "lost-for-good": 0.5 },
  intent: { accident: 0, malicious: 0.5 },
} as const;
export type Circumstance = keyof typeof CIRCUMSTANCES;
const CIRCUMSTANCE_NAMES = ["confidentiality", "integrity", "availability", "intent"] as const;

/** What a person says of the breach. What is left out is taken from the facts, or at its worst. */
export const SeverityInput = z.strictObject({
  /** 1 to 4, where the context makes the data tell more, or less, than their kind does. */
  context: z.int().min(1).max(4).exactOptional(),
  identification: Identification.exactOptional(),
  confidentiality: z
    .enum(["no-evidence", "known-recipients", "unknown-recipients"])
    .exactOptional(),
  integrity: z.enum(["unaltered", "altered-recoverable", "altered-for-good"]).exactOptional(),
  availability: z.enum(["available", "lost-for-a-time", "lost-for-good"]).exactOptional(),
  intent: z.enum(["accident", "malicious"]).exactOptional(),
  /** A person's judgement instead of the level that the figure gives. */
  override: SeverityLevel.exactOptional(),
  /** Why the context, the identification or the level is not what it would be. Kept, so without personal data. */
  reason: text(1_000).exactOptional(),
});
export type SeverityInput = z.output<typeof SeverityInput>;

/** What was said of an incident's severity, on which facts; never changed, the newest counts. */
export const SeverityRecord = z.object({
  incidentId: z.uuid(),
  version: z.int().positive(),
  scopeVersion: z.int().positive(),
  input: SeverityInput,
  by: z.uuid(),
  at: Instant,
});
export type SeverityRecord = z.output<typeof SeverityRecord>;

/** One input of the figure, and where it came from. */
const Shown = z.object({
  input: z.string(),
  value: z.string(),
  adds: z.number(),
  from: z.enum(["person", "facts", "worst-case"]),
});

export const Severity = z.object({
  /** Rounded to hundredths, as ENISA's own examples are. */
  score: z.number(),
  /** By the score alone. */
  derived: SeverityLevel,
  /** What counts: a person's judgement, or the derived one. */
  level: SeverityLevel,
  reason: z.string().nullable(),
  inputs: z.array(Shown),
  /** More than a hundred people; data that nobody can read. They are told beside the figure. */
  flags: z.array(z.enum(["over-100-people", "unintelligible"])),
});
export type Severity = z.output<typeof Severity>;

/** The severity of an incident now, and all that people said of it, the newest first. */
export const SeverityView = z.object({
  /** How often people have judged it; 0: nobody has, and it is what the facts give. */
  version: z.int(),
  scopeVersion: z.int(),
  severity: Severity,
  /** The facts have changed since a person last judged. */
  outdated: z.boolean(),
  history: z.array(SeverityRecord),
});
export type SeverityView = z.output<typeof SeverityView>;

/**
 * Refuse, by field, what asks for a reason and has none: a level, a context or an ease of
 * identification that differs from what the facts give.
 */
export function checkSeverity(facts: ScopeFacts, input: SeverityInput): void {
  if (input.reason !== undefined) return;
  const differs: [keyof SeverityInput, boolean][] = [
    ["context", input.context !== undefined && input.context !== contextOf(facts).value],
    [
      "identification",
      input.identification !== undefined && input.identification !== identificationOf(facts),
    ],
    ["override", input.override !== undefined],
  ];
  const problems: FieldProblem[] = differs
    .filter(([, isSo]) => isSo)
    .map(([field]) => ({
      field: "reason",
      code: "required",
      message: `Say why "${field}" is not what the facts give.`,
    }));
  if (problems.length > 0) refuse("invalid-input", "A judgement needs its reason.", problems);
}

/** The severity that the facts and a person's input give. Circumstances nobody has told count at their worst. */
export function severityOf(facts: ScopeFacts, input: SeverityInput = {}): Severity {
  const given = contextOf(facts);
  const context = input.context ?? given.value;
  const ease = input.identification ?? identificationOf(facts);
  const circumstances = CIRCUMSTANCE_NAMES.map((name) => shownCircumstance(name, input));
  const added = circumstances.reduce((sum, { adds }) => sum + adds, 0);
  const score = Math.round((context * EASE[ease] + added) * 100) / 100;
  const derived = levelOf(score);
  return {
    score,
    derived,
    level: input.override ?? derived,
    reason: input.reason ?? null,
    inputs: [
      {
        input: "context",
        value: input.context === undefined ? given.kind : String(input.context),
        adds: context,
        from: input.context === undefined ? "facts" : "person",
      },
      {
        input: "identification",
        value: ease,
        adds: EASE[ease],
        from: input.identification === undefined ? "facts" : "person",
      },
      ...circumstances,
    ],
    flags: flagsOf(facts),
  };
}

/** Less than 2 is low, less than 3 medium, less than 4 high (ENISA 2013, table 4). */
function levelOf(score: number): SeverityLevel {
  if (score < 2) return "low";
  if (score < 3) return "medium";
  return score < 4 ? "high" : "very-high";
}

function shownCircumstance(name: Circumstance, input: SeverityInput): z.output<typeof Shown> {
  const said = input[name];
  const rows = Object.entries(CIRCUMSTANCES[name]);
  const [value, adds] = rows.find(([key]) => key === said) ?? rows.at(-1) ?? ["", 0];
  return { input: name, value, adds, from: said === undefined ? "worst-case" : "person" };
}

/** The worst kind among the data that are not ruled out. */
function contextOf(facts: ScopeFacts): { kind: Context; value: number } {
  const kinds = exposed(facts).map(kindOfElement);
  const kind = (["sensitive", "financial", "behavioural"] as const).find((each) =>
    kinds.includes(each),
  );
  return { kind: kind ?? "simple", value: CONTEXTS[kind ?? "simple"] };
}

/**
 * A name with a second way to the person leads straight to them; one that is unique leads there
 * with little effort; what is left needs other sources.
 */
function identificationOf(facts: ScopeFacts): z.output<typeof Identification> {
  const elements = exposed(facts);
  const direct = elements.filter((element) => DIRECT.has(element));
  if (elements.includes("name") && direct.length > 0) return "maximum";
  if (direct.length > 0) return "significant";
  return elements.includes("name") || elements.includes("photo") ? "limited" : "negligible";
}

function exposed({ dataElements }: ScopeFacts): Element[] {
  return dataElements.flatMap(({ element, state }) => (state === "ruled-out" ? [] : [element]));
}

function flagsOf({ people, encryption, keyState }: ScopeFacts): Severity["flags"] {
  const count =
    people === NOT_YET_KNOWN ? 0 : people.reduce((sum, { count: each }) => sum + each, 0);
  return [
    ...(count > 100 ? (["over-100-people"] as const) : []),
    ...(encryption === "full" && keyState === "safe" ? (["unintelligible"] as const) : []),
  ];
}

/** Special categories are sensitive, whatever else they are. */
function kindOfElement(element: Element): Context {
  const special = DATA_ELEMENTS[element].sensitivity === "special-category";
  return special ? "sensitive" : (KINDS[element] ?? "simple");
}

/** Kinds of data beside the simple and the sensitive ones (ENISA 2013, annex 1). */
const KINDS: Readonly<Partial<Record<Element, Context>>> = {
  ...kindOf("behavioural", ["location", "purchase-history", "device-identifier"]),
  ...kindOf("financial", ["financial-account", "payment-card", "access-code", "tax-id"]),
};

function kindOf(kind: Context, elements: readonly Element[]): Partial<Record<Element, Context>> {
  return Object.fromEntries(elements.map((element) => [element, kind]));
}

/** What leads to one person by itself (ENISA 2013, annex 2). */
const DIRECT: ReadonlySet<Element> = new Set<Element>([
  "email-address",
  "phone-number",
  "postal-address",
  "ssn",
  "drivers-licence",
  "state-id",
  "passport",
  "military-id",
  "tax-id",
  "national-id",
  "online-credentials",
  "biometric",
]);
