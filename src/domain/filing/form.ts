import { CONTENTS } from "../law/content.ts";
import type { Content } from "../law/content.ts";
import { momentWords, peopleWords, prefilled } from "./prefill.ts";
import type { FilingScene } from "./prefill.ts";

/** A field of a form: what the authority asks, where it asks it, and what the facts say to it. */
export interface FormField {
  readonly key: string;
  readonly label: string;
  /** The article, or the part of the portal. */
  readonly source: string;
  /** The only values it takes, where they are listed. */
  readonly choices?: readonly string[];
  readonly fill: (scene: FilingScene) => string | undefined;
}

export type FormId = "gdpr-33" | "hhs" | "generic";

/** The fields of a form, in its own order. The generic one asks for what the duty's contents name. */
export function fieldsOfForm(form: FormId, contents: readonly Content[]): readonly FormField[] {
  if (form === "gdpr-33") return GDPR_33;
  return form === "hhs" ? HHS : generic(contents);
}

/** What the rule names, in the order it names it: no order of an authority's own is made up. */
function generic(contents: readonly Content[]): FormField[] {
  const asked: readonly Content[] = contents.length > 0 ? contents : AT_LEAST;
  return asked.map((content) => byContent(content, CONTENTS[content], "content of the duty"));
}

function byContent(content: Content, label: string, source: string): FormField {
  return { key: content, label, source, fill: (scene) => prefilled(content, scene) };
}

/** What any authority must be told to know what it reads, where a rule lists nothing. */
const AT_LEAST: readonly Content[] = [
  "entity-identity",
  "nature-of-breach",
  "when-occurred-and-detected",
  "data-categories",
  "number-of-persons",
  "measures-taken",
  "contact",
];

/** Regulation (EU) 2016/679, Article 33(1), (3) and (4). */
const GDPR_33: readonly FormField[] = [
  byContent("entity-identity", "Controller", "art. 33(1)"),
  byContent("nature-of-breach", "Nature of the personal data breach", "art. 33(3)(a)"),
  byContent(
    "categories-and-number-of-persons",
    "Categories and approximate number of data subjects",
    "art. 33(3)(a)",
  ),
  byContent("data-categories", "Categories of personal data", "art. 33(3)(a)"),
  byContent(
    "categories-and-number-of-records",
    "Categories and approximate number of records",
    "art. 33(3)(a)",
  ),
  byContent("dpo-contact", "Data protection officer or other contact point", "art. 33(3)(b)"),
  byContent("likely-consequences", "Likely consequences", "art. 33(3)(c)"),
  byContent("measures-taken", "Measures taken or proposed", "art. 33(3)(d)"),
  byContent("what-you-can-do", "Measures to mitigate adverse effects", "art. 33(3)(d)"),
  byContent("reasons-for-delay", "Reasons, where later than 72 hours", "art. 33(1)"),
  byContent("when-occurred-and-detected", "Times", "EDPB Guidelines 9/2022"),
  byContent("cross-border", "Other states affected", "EDPB Guidelines 9/2022"),
];

const HHS_WHERE = "HHS breach portal";
const AFFECTING = ["500 or more individuals", "fewer than 500 individuals"] as const;
/** What the portal of the US health department asks (45 CFR 164.408), in its words. */
const HHS: readonly FormField[] = [
  hhs("report-type", "Type of report", () => undefined, ["initial", "addendum"]),
  hhs("entity-name", "Name of the covered entity", ({ organisation }) => organisation),
  hhs("entity-type", "Type of covered entity", entityType, [
    "healthcare provider",
    "health plan",
    "healthcare clearinghouse",
  ]),
  hhs("entity-contact", "Contact information", (scene) => prefilled("contact", scene)),
  hhs("business-associate", "At or by a business associate", () => undefined, ["yes", "no"]),
  hhs("affecting", "Breach affecting", affecting, AFFECTING),
  hhs(
    "individuals",
    "Approximate number of individuals affected",
    (scene) => scene.obligation.persons?.toString() ?? peopleWords(scene),
  ),
  hhs("breach-start", "Breach start date", ({ facts }) => momentWords(facts.occurredFrom)),
  hhs("breach-end", "Breach end date", ({ facts }) => momentWords(facts.occurredTo)),
  hhs("discovery-date", "Discovery date", ({ facts }) => momentWords(facts.discoveredAt)),
  hhs("breach-type", "Type of breach", () => undefined, [
    "hacking/IT incident",
    "improper disposal",
    "loss",
    "theft",
    "unauthorized access/disclosure",
  ]),
  hhs("location", "Location of breached information", () => undefined, [
    "desktop computer",
    "electronic medical record",
    "email",
    "laptop",
    "network server",
    "other portable electronic device",
    "paper/films",
    "other",
  ]),
  hhs("information", "Type of protected health information involved", (scene) =>
    prefilled("data-categories", scene),
  ),
  hhs("description", "Brief description of the breach", ({ facts }) => facts.whatHappened),
  hhs("safeguards", "Safeguards in place before the breach", () => undefined),
  hhs("notice-date", "Date individual notice was provided", () => undefined),
  hhs("substitute-notice", "Was substitute notice required", () => undefined, ["yes", "no"]),
  hhs("media-notice", "Was media notice required", mediaNotice, ["yes", "no"]),
  hhs("actions", "Actions taken in response", (scene) => prefilled("measures-taken", scene)),
];

function hhs(
  key: string,
  label: string,
  fill: FormField["fill"],
  choices?: readonly string[],
): FormField {
  return { key, label, source: HHS_WHERE, fill, ...(choices && { choices }) };
}

function affecting({ obligation: { persons } }: FilingScene): string | undefined {
  return persons === undefined ? undefined : AFFECTING[persons >= 500 ? 0 : 1];
}

function entityType({ facts: { sector } }: FilingScene): string | undefined {
  if (sector === "health-plan") return "health plan";
  return sector === "health-care" ? "healthcare provider" : undefined;
}

function mediaNotice({ obligations }: FilingScene): string {
  return obligations.some(({ to }) => to === "media") ? "yes" : "no";
}
