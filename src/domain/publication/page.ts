import { DATA_ELEMENTS, Sensitivity } from "../element.ts";
import { elementLabel } from "../element/label.ts";
import { NOT_YET_KNOWN } from "../instant.ts";
import { PAGE_LANGUAGES, PageLanguage } from "../language.ts";
import { WORDING } from "../notice/wording.ts";
import type { PublicFacts, Told, Update, UpdateKind } from "../publication.ts";
import { adviceFor } from "./advice.ts";
import { contactLines } from "./contact.ts";
import type { ShownContact } from "./contact.ts";
import { whatIsKnown } from "./known.ts";
import type { Known } from "./known.ts";
import { toHtml } from "./markdown.ts";
import type { Phrase } from "./phrase.ts";
import { nearSpan, shownTime } from "./time.ts";
import type { ShownSpan, ShownTime, Viewpoint } from "./time.ts";

/** What a page is made of: its published updates, and the promise of the next one. */
export interface PageMatter {
  readonly slug: string;
  /** The organisation's zone: that of the incident. */
  readonly zone: string;
  readonly closed: boolean;
  /** The newest first; none of them a draft. */
  readonly updates: readonly Update[];
  readonly next: { readonly dueAt: Date; readonly zone: string } | null;
}

/** Everything that one page shows, in one language. */
export interface PageView extends Known {
  readonly slug: string;
  readonly heading: Titled;
  readonly closed: boolean;
  readonly updatedAt: ShownTime;
  readonly next: (ShownTime & { readonly missed: boolean }) | null;
  readonly latest: ShownUpdate;
  readonly earlier: readonly ShownUpdate[];
  /** Question hours that are not over. */
  readonly hours: readonly ShownSpan[];
  readonly advice: readonly Phrase[];
  readonly data: readonly DataClass[];
  readonly contact: readonly ShownContact[];
  readonly contactUnknown: string | null;
  readonly faq: readonly { readonly question: string; readonly answer: string }[];
  /** The tag of the language of the questions, where it is not the page's. */
  readonly faqLang: string | undefined;
}

/** A text and its language, where that is not the page's. */
interface Titled {
  readonly text: string;
  readonly lang: string | undefined;
}

export interface ShownUpdate {
  readonly id: string;
  readonly number: number;
  /** A key of the page's words: `kindInitial`. */
  readonly kind: string;
  readonly title: Titled;
  readonly html: string;
  readonly at: ShownTime;
  /** The number of the update that this one corrects, and of the one that corrects it. */
  readonly corrects: number | undefined;
  readonly correctedBy: number | undefined;
  readonly hour: ShownSpan | undefined;
  /** The text exists in another language only. */
  readonly foreign: boolean;
}

interface DataClass {
  /** A key of the page's words: `classIdentity`. */
  readonly heading: string;
  readonly elements: readonly { readonly label: string; readonly state: string }[];
}

/** Make the page. Nothing where nothing is published. */
export function pageView(matter: PageMatter, view: Viewpoint): PageView | undefined {
  const { language } = view;
  const shown = matter.updates.map((update) => shownUpdate(update, matter, language));
  const [latest, ...earlier] = shown;
  const facts = matter.updates[0]?.facts;
  const wording = WORDING.get(language);
  if (!latest || !facts || !wording) return undefined;
  const { contactLines: lines } = facts;
  const known = lines === NOT_YET_KNOWN ? undefined : lines;
  return {
    slug: matter.slug,
    heading: headingOf(matter, language),
    closed: matter.closed,
    updatedAt: latest.at,
    next: nextOf(matter, view),
    latest,
    earlier,
    hours: hoursAhead(matter, view),
    advice: adviceFor(facts, language),
    ...whatIsKnown(facts, language),
    data: dataClasses(facts, language),
    contact: known ? contactLines(known, view) : [],
    contactUnknown: known ? null : wording.contact.unknown,
    ...faqOf(matter.updates, language),
  };
}

/** What an update says in a language: that language, else English, else the first there is. */
export function toldIn(
  { languages }: Pick<Update, "languages">,
  wanted: PageLanguage,
): { readonly told: Told; readonly lang: string | undefined } {
  const order = [wanted, "en", ...PageLanguage.options] as const;
  const language = order.find((each) => languages[each] !== undefined) ?? "en";
  const told = languages[language];
  if (!told) throw new TypeError("An update without a text cannot be shown.");
  return { told, lang: language === wanted ? undefined : PAGE_LANGUAGES[language].tag };
}

/** The page keeps the title of its first report; a new first report gives it a new one. */
function headingOf({ updates }: PageMatter, language: PageLanguage): Titled {
  const first = updates.find(({ kind }) => kind === "initial") ?? updates.at(-1);
  if (!first) throw new TypeError("A page without an update has no heading.");
  const { told, lang } = toldIn(first, language);
  return { text: told.title, lang };
}

function shownUpdate(update: Update, matter: PageMatter, language: PageLanguage): ShownUpdate {
  const { told, lang } = toldIn(update, language);
  const { questionHour: hour } = update;
  return {
    id: update.id,
    number: update.number ?? 0,
    kind: KIND_WORDS[update.kind],
    title: { text: told.title, lang },
    html: toHtml(told.body, update.linkHosts),
    at: shownTime(update.publishedAt ?? update.createdAt, matter.zone, language),
    corrects: numberOf(matter.updates.find(({ id }) => id === update.corrects)),
    correctedBy: numberOf(matter.updates.find(({ corrects }) => corrects === update.id)),
    hour: hour ? nearSpan(hour, hour.zone, language) : undefined,
    foreign: lang !== undefined,
  };
}

function numberOf(update: Update | undefined): number | undefined {
  return update?.number ?? undefined;
}

/** A promise that is past and was not kept is said to be missed, not hidden. */
function nextOf({ next, closed }: PageMatter, { now, language }: Viewpoint): PageView["next"] {
  if (!next || closed) return null;
  return { ...shownTime(next.dueAt, next.zone, language), missed: next.dueAt < now };
}

function hoursAhead({ updates }: PageMatter, { now, language }: Viewpoint): PageView["hours"] {
  return updates
    .flatMap(({ questionHour }) => (questionHour ? [questionHour] : []))
    .filter(({ endsAt }) => endsAt > now)
    .toSorted((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
    .map((hour) => nearSpan(hour, hour.zone, language));
}

/** The newest update with questions answers them; older ones are on record in their updates. */
function faqOf(updates: readonly Update[], language: PageLanguage) {
  for (const update of updates) {
    const { told, lang } = toldIn(update, language);
    if (told.faq.length === 0) continue;
    const faq = told.faq.map(({ question, answer }) => ({
      question,
      answer: toHtml(answer, update.linkHosts),
    }));
    return { faq, faqLang: lang };
  }
  return { faq: [], faqLang: undefined };
}

/** The kinds of data by class, what does most harm first, and how sure we are of each. */
function dataClasses({ dataElements }: PublicFacts, language: PageLanguage): DataClass[] {
  return Sensitivity.options.toReversed().flatMap((sensitivity) => {
    const elements = dataElements
      .filter(({ element }) => DATA_ELEMENTS[element].sensitivity === sensitivity)
      .map(({ element, state }) => ({
        label: capital(elementLabel(element, language)),
        state: STATE_WORDS[state],
      }));
    return elements.length > 0 ? [{ heading: CLASS_WORDS[sensitivity], elements }] : [];
  });
}

function capital(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}

const KIND_WORDS: Readonly<Record<UpdateKind, string>> = {
  initial: "kindInitial",
  update: "kindUpdate",
  correction: "kindCorrection",
  "policy-change": "kindPolicyChange",
  "question-hour": "kindQuestionHour",
  closing: "kindClosing",
};

const CLASS_WORDS: Readonly<Record<Sensitivity, string>> = {
  "special-category": "classSpecial",
  identity: "classIdentity",
  financial: "classFinancial",
  contact: "classContact",
  ordinary: "classOrdinary",
};

const STATE_WORDS = {
  confirmed: "stateConfirmed",
  suspected: "stateSuspected",
  "ruled-out": "stateRuledOut",
} as const;
