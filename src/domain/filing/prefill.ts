import { DATA_ELEMENTS } from "../element.ts";
import type { Incident } from "../incident.ts";
import { NOT_YET_KNOWN } from "../instant.ts";
import type { Moment } from "../instant.ts";
import type { Content } from "../law/content.ts";
import type { Obligation } from "../obligation.ts";
import { localOf } from "../instant/local.ts";
import { dayWords, instantWords } from "../obligation/calendar.ts";
import type { ContactLine, ScopeFacts } from "../scope.ts";

/** All that a form is filled from before a person adds anything. */
export interface FilingScene {
  readonly incident: Pick<Incident, "id" | "awareAt" | "awareZone" | "determination">;
  readonly facts: ScopeFacts;
  /** The obligation the filing is for. */
  readonly obligation: Pick<Obligation, "place" | "persons" | "who" | "due" | "duty">;
  /** All obligations of the incident: a report says who else is told. */
  readonly obligations: readonly Pick<Obligation, "to" | "who" | "place">[];
  readonly organisation: string;
  readonly now: Date;
}

/** What the facts say to a content; nothing where they say nothing, or do not say it yet. */
export function prefilled(content: Content, scene: FilingScene): string | undefined {
  return PREFILLS[content]?.(scene);
}

/** Everybody affected, and how many where; nothing where nobody has counted. */
export function peopleWords({ facts: { people } }: FilingScene): string | undefined {
  if (people === NOT_YET_KNOWN) return undefined;
  const places = people.map(({ jurisdiction, count }) => `${jurisdiction}: ${count}`);
  const total = people.reduce((sum, { count }) => sum + count, 0);
  return `${total} (${places.join(", ")})`;
}

/** The kinds of data, each with how sure it is. */
export function dataWords({ facts: { dataElements } }: FilingScene): string {
  return dataElements
    .filter(({ state }) => state !== "ruled-out")
    .map(({ element, state }) => `${DATA_ELEMENTS[element].label} (${state})`)
    .join("; ");
}

/** A fact that is a time, as it is known. */
export function momentWords(moment: ScopeFacts["occurredFrom"]): string | undefined {
  return moment === NOT_YET_KNOWN ? undefined : momentAt(moment);
}

function momentAt({ at, zone, precision }: Moment): string {
  if (precision === "minute" || precision === "hour") return timeWords(at, zone);
  const day = dayWords(localOf(at, zone).date);
  return precision === "day" ? day : `${day}, to the ${precision}`;
}

/** With its zone: whoever reads it may sit elsewhere. */
function timeWords(at: Date, zone: string): string {
  return `${instantWords(at, zone)} (${zone})`;
}

function said<T>(fact: T | typeof NOT_YET_KNOWN, words: (fact: T) => string): string | undefined {
  return fact === NOT_YET_KNOWN ? undefined : words(fact);
}

function times({ incident, facts }: FilingScene): string {
  return [
    ["began", momentWords(facts.occurredFrom)],
    ["ended", momentWords(facts.occurredTo)],
    ["found", momentWords(facts.discoveredAt)],
    ["contained", momentWords(facts.containedAt)],
    ["aware since", timeWords(incident.awareAt, incident.awareZone)],
  ]
    .flatMap(([what, when]) => (when === undefined ? [] : [`${what} ${when}`]))
    .join("; ");
}

function contacts({ facts: { contactLines } }: FilingScene): string | undefined {
  return said(contactLines, (lines) => lines.map(contact).join("; "));
}

function contact(line: ContactLine): string {
  return line.kind === "phone" ? `${line.value} (${line.hours})` : line.value;
}

function lateness({ obligation: { due }, now }: FilingScene): string | undefined {
  return due.at === undefined || now <= due.at ? "Not late." : undefined;
}

function told(scene: FilingScene, to: readonly Obligation["to"][]): string | undefined {
  const whom = scene.obligations
    .filter((each) => to.includes(each.to))
    .map(({ who, place }) => `${who} (${place})`);
  return whom.length === 0 ? undefined : [...new Set(whom)].join("; ");
}

function countries({ facts: { people } }: FilingScene): string | undefined {
  return said(people, (all) =>
    [...new Set(all.map(({ jurisdiction }) => jurisdiction.slice(0, 2)))].join(", "),
  );
}

type Prefill = (scene: FilingScene) => string | undefined;

const happened: Prefill = ({ facts }) => facts.whatHappened;
const how: Prefill = ({ facts }) => said(facts.how, (words) => words);
const weDo: Prefill = ({ facts }) => said(facts.whatWeDo, (words) => words);
const youDo: Prefill = ({ facts }) => said(facts.actions, (all) => all.join("; "));
const began: Prefill = ({ facts }) => momentWords(facts.occurredFrom);
const here: Prefill = ({ obligation: { persons } }) => persons?.toString();

/** What is not here only a person knows. */
const PREFILLS: Readonly<Partial<Record<Content, Prefill>>> = {
  "nature-of-breach": happened,
  "what-happened": happened,
  "how-it-happened": how,
  cause: how,
  "when-occurred-and-detected": times,
  chronology: times,
  "date-of-breach": began,
  "date-of-discovery": ({ facts }) => momentWords(facts.discoveredAt),
  location: ({ facts }) => said(facts.place, (words) => words),
  "affected-systems": ({ facts }) => said(facts.place, (words) => words),
  "categories-and-number-of-persons": peopleWords,
  "number-of-persons": peopleWords,
  "number-of-persons-in-jurisdiction": here,
  "data-categories": dataWords,
  "measures-taken": weDo,
  "what-we-are-doing": weDo,
  "what-you-can-do": youDo,
  "entity-identity": ({ organisation }) => organisation,
  "entity-name-contact": ({ organisation }) => organisation,
  "dpo-contact": contacts,
  contact: contacts,
  "reasons-for-delay": lateness,
  "notice-to-individuals": (scene) => told(scene, ["individuals"]),
  "other-regulators-notified": (scene) => told(scene, ["regulator", "csirt"]),
  "cross-border": countries,
};
