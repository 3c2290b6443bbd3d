import { CONTENTS } from "../../law/content.ts";
import type { Content } from "../../law/content.ts";
import type { PageLanguage } from "../../language.ts";
import { AGENCIES } from "./contents/say.ts";
import { RECOGNISED } from "./contents.ts";
import type { Recognition } from "./contents.ts";
import { HEADINGS, lawsOf, placesOf } from "./duty.ts";
import type { LawDuty, Text } from "./duty.ts";
import { forbiddenProblems } from "./forbidden.ts";
import { offerProblems } from "./offer.ts";
import type { Found } from "./rule.ts";

/**
 * What the laws of its readers' places have against a text: a title, a heading, a statement or an
 * offer that is missing, and words that they forbid. A first notice owes the contents; what is
 * forbidden is forbidden in every kind.
 */
export function lawProblems(duties: readonly LawDuty[], text: Text): Found[] {
  if (text.kind !== "initial") return forbiddenProblems(duties, text);
  return [
    ...titleProblems(duties, text),
    ...headingProblems(duties, text),
    ...missing(duties, text).map((each) => missingProblem(each, text)),
    ...offerProblems(duties, text),
    ...forbiddenProblems(duties, text),
  ];
}

/** A content that duties ask for and a text does not show. */
export interface Missing {
  readonly content: Content;
  readonly duties: readonly LawDuty[];
  /** How it would have been seen; absent where no pattern can tell. */
  readonly how?: Recognition;
  /** Lines of agencies that are not named. */
  readonly agencies: readonly string[];
}

/** The contents that duties ask for and that are not seen in a text, in the order of the table. */
export function missing(duties: readonly LawDuty[], text: Text): Missing[] {
  const words = text.sentences.map((sentence) => sentence.text).join("\n");
  const wanted = new Set(duties.flatMap(({ contents }) => contents));
  // The offer of monitoring is judged by its months.
  wanted.delete("credit-monitoring-offer");
  return [...wanted].toSorted(byTable).flatMap((content): Missing[] => {
    const asking = duties.filter(({ contents }) => contents.includes(content));
    const how = RECOGNISED[content];
    if (how === undefined) return [{ content, duties: asking, agencies: [] }];
    const agencies = agenciesMissing(content, asking, words);
    const known = asking.some(({ place }) => AGENCIES.has(place));
    const seen = AGENCY_CONTENTS.includes(content) && known ? true : isSeen(how, text, words);
    return seen && agencies.length === 0 ? [] : [{ content, duties: asking, how, agencies }];
  });
}

/** In the order in which people read them; what no pattern tells comes last. */
function byTable(one: Content, other: Content): number {
  const [first, second] = [one, other].map((each) => ORDER.get(each) ?? ORDER.size);
  return (first ?? 0) - (second ?? 0) || (one < other ? -1 : 1);
}

function isSeen(how: Recognition, text: Text, words: string): boolean {
  const told = how.fields?.some((group) => group.every((field) => text.fields.has(field))) ?? false;
  if (told && (how.enough?.(text.facts) ?? true)) return true;
  return how.carried === true || (how.phrases?.[text.language].test(words) ?? false);
}

function agenciesMissing(content: Content, duties: readonly LawDuty[], words: string): string[] {
  if (!AGENCY_CONTENTS.includes(content)) return [];
  const places = [...new Set(duties.map(({ place }) => place))].toSorted();
  return places
    .flatMap((place) => AGENCIES.get(place) ?? [])
    .filter(({ found }) => !found.test(words))
    .map(({ line }) => line);
}

function missingProblem({ content, duties, how, agencies }: Missing, text: Text): Found {
  const { language, parsed } = text;
  const place = { line: parsed.lines.body, law: lawsOf(duties) };
  const what = `${placesOf(duties)}: ${CONTENTS[content]}.`;
  const optional =
    how?.sometimes === true || duties.every(({ duty }) => onlySometimes(duty, content));
  if (how === undefined || optional)
    return {
      ...place,
      code: "content-unconfirmed",
      severity: "advice",
      message: how
        ? `Where it is so, the notice must say this. ${what}`
        : `Nothing but a person can tell whether the notice says this. Confirm it. ${what}`,
      ...fixOf(how, language, agencies),
    };
  return {
    ...place,
    code: "content-missing",
    severity: "must-fix",
    message: `The notice must say this. ${what}`,
    ...fixOf(how, language, agencies),
  };
}

/** The law's own note on contents that it wants under a condition names this one. */
function onlySometimes({ contentsNote = "" }: LawDuty["duty"], content: Content): boolean {
  return contentsNote.includes(content);
}

function fixOf(
  how: Recognition | undefined,
  language: PageLanguage,
  agencies: readonly string[],
): Pick<Found, "fix"> {
  if (agencies.length > 0) return { fix: agencies.join("\n") };
  const [group] = how?.fields ?? [];
  const fix =
    how?.say?.[language] ??
    how?.write?.[language].replace("{time}", "[…]") ??
    group?.map((field) => `{{${field}}}`).join(" ");
  return fix === undefined ? {} : { fix };
}

function titleProblems(duties: readonly LawDuty[], { parsed, language, sentences }: Text): Found[] {
  const title = sentences
    .filter(({ part }) => part === "title")
    .map((sentence) => sentence.text)
    .join(" ");
  const wanted = new Set(duties.flatMap(({ duty }) => duty.title ?? []));
  return [...wanted].toSorted().flatMap((each): Found[] => {
    const known = TITLES.get(each.toLowerCase())?.[language] ?? [each];
    if (known.some((form) => title.toLowerCase().includes(form.toLowerCase()))) return [];
    const own = duties.filter(({ duty }) => duty.title === each);
    return [
      {
        line: parsed.lines.title,
        code: "title-missing",
        severity: "must-fix",
        message: `${placesOf(own)}: the title must be "${known[0] ?? each}".`,
        sentence: title,
        fix: known[0] ?? each,
        law: lawsOf(own),
      },
    ];
  });
}

/** Headings that a law wants beside the five that every notice has. */
function headingProblems(duties: readonly LawDuty[], { parsed, sentences }: Text): Found[] {
  const codes = new Set(duties.flatMap(({ duty }) => duty.headings ?? []));
  const written = sentences
    .filter(({ kind, part }) => kind === "heading" && part === "body")
    .map(({ text }) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "-"));
  return [...codes]
    .filter((code) => !HEADINGS.includes(code) && !written.includes(code))
    .toSorted()
    .map((code) => {
      const own = duties.filter(({ duty }) => duty.headings?.includes(code));
      return {
        line: parsed.lines.body,
        code: "heading-unconfirmed",
        severity: "advice",
        message: `${placesOf(own)}: a heading on "${code.replaceAll("-", " ")}" is asked for. Confirm it.`,
        law: lawsOf(own),
      };
    });
}

const ORDER: ReadonlyMap<string, number> = new Map(
  Object.keys(RECOGNISED).map((content, at) => [content, at]),
);
const AGENCY_CONTENTS: readonly Content[] = ["ag-contact", "agency-contacts"];
/** A prescribed title as it stands in each language; the first is offered. */
const TITLES: ReadonlyMap<string, Readonly<Record<PageLanguage, readonly string[]>>> = new Map([
  [
    "notice of data breach",
    {
      en: ["Notice of Data Breach"],
      zh: ["个人信息泄露通知", "数据泄露通知"],
      ru: ["Уведомление об утечке данных"],
    },
  ],
]);
