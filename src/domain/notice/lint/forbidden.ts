import { CONTENTS } from "../../law/content.ts";
import type { Content } from "../../law/content.ts";
import type { Field } from "../fields.ts";
import type { Node, Source } from "../source.ts";
import { tells } from "./conflict.ts";
import type { Told } from "./contents/say.ts";
import { fieldsTelling } from "./contents.ts";
import { HABITS } from "./habits.ts";
import { lawsOf, placesOf } from "./duty.ts";
import type { LawDuty, Text } from "./duty.ts";
import type { Found } from "./rule.ts";
import { FACT_FIELDS } from "./sentence.ts";

/** Where a text says what a law of its readers' places forbids: a field, a heading or a sentence. */
export function forbiddenProblems(duties: readonly LawDuty[], text: Text): Found[] {
  const prohibited = new Set(duties.flatMap((duty) => duty.prohibited));
  return [...prohibited].toSorted().flatMap((content) => {
    const own = duties.filter((duty) => duty.prohibited.includes(content));
    const problem = (line: number, sentence: string): Found => ({
      line,
      code: "forbidden-content",
      severity: "must-fix",
      message: `${placesOf(own)} forbids to say this: ${CONTENTS[content]}.`,
      sentence,
      fix: `Leave it out, or give the people of ${placesOf(own)} a text of their own.`,
      law: lawsOf(own),
    });
    if (PHRASES[content] === undefined && fieldsOf(content).length === 0)
      return [{ ...problem(text.parsed.lines.body, ""), ...unconfirmed(own, content) }];
    return [
      ...placesOfFields(text.parsed, fieldsOf(content)).map(({ field, line }) =>
        problem(line, `{{${field}}}`),
      ),
      ...sentencesTelling(content, text).map(({ line, text: words }) => problem(line, words)),
    ];
  });
}

/** Whether a text may not have the heading that says what happened. */
export function forbidsWhatHappened(duties: readonly LawDuty[]): boolean {
  return duties.some(({ prohibited }) => prohibited.some((each) => tells(each).includes(WHAT)));
}

function unconfirmed(duties: readonly LawDuty[], content: Content) {
  return {
    code: "forbidden-unconfirmed",
    severity: "advice",
    message: `Nothing but a person can tell whether the notice says what ${placesOf(duties)} forbids. Confirm that it does not: ${CONTENTS[content]}.`,
    sentence: undefined,
    fix: undefined,
  } as const;
}

function fieldsOf(content: Content): Field[] {
  return [...new Set(tells(content).flatMap(fieldsTelling))];
}

function sentencesTelling(content: Content, { sentences, language }: Text) {
  const pattern = PHRASES[content]?.[language];
  const own = new Set<string | undefined>(fieldsOf(content).map((field) => FACT_FIELDS[field]));
  const [heading] = HABITS[language].headings;
  return sentences.filter(({ text, kind, part, fact }) => {
    // The words of a fact are found by its field already.
    if (fact !== undefined && own.has(fact)) return false;
    if (kind === "heading" && part === "body" && tells(content).includes(WHAT))
      return text.toLowerCase().startsWith(heading.toLowerCase());
    // Readers see one space where several were written.
    const words = text.replaceAll(/\s+/g, " ").replaceAll(IDENTITY_THEFT, "");
    return pattern?.test(words) ?? false;
  });
}

function placesOfFields(
  { title, subject, discreetSubject, sms, body }: Source,
  fields: readonly Field[],
): { field: Field; line: number }[] {
  const walk = (nodes: readonly Node[]): { field: Field; line: number }[] =>
    nodes.flatMap((node) => {
      if (node.kind === "text") return [];
      if (node.kind === "if") return [...walk(node.then), ...walk(node.otherwise)];
      return fields.includes(node.field) ? [{ field: node.field, line: node.line }] : [];
    });
  return walk([title, subject, discreetSubject, sms, body].flat());
}

const WHAT: Content = "what-happened";
/** Advice on what thieves do with data says nothing of how these were lost. */
const IDENTITY_THEFT =
  /identity theft|steal(?:s|ing)? (?:your|an) identity|身份(?:盗用|被盗)|краж\p{L}{0,9} личности/giu;
const HOW_LOST: Told<RegExp> = {
  en: /\b(?:hack\w*|ransomware|malware|phish\w*|cyber-?attack\w*|intru[ds]\w*|burgl\w*|br(?:eak|oke|oken)[ -]in(?:to)?|stole|stolen|theft|lost|misdirected|sent to the wrong|(?:gained|got|had) access|unauthori[sz]ed|accessed by)\b/i,
  zh: /黑客|勒索|恶意软件|钓鱼|网络攻击|入侵|被盗|失窃|窃取|丢失|误发|未经授权/u,
  ru: /хакер|взлом|вымогател|вредоносн|фишинг|кибератак|вторжени|украл|украден|похищен|похитил|краж|потерял|потерян|ошибочно отправ|несанкционированн|проник/iu,
};
/** Each reads a number from its last digit on: whoever writes many has nobody wait. */
const HOW_MANY: Told<RegExp> = {
  en: /(?:\d[,.]*|\b(?:dozens|hundreds|thousands|millions))(?: (?:million|thousand))?(?: of)?(?: other)? (?:people|persons|individuals|residents|customers|patients|clients|users|members|employees)\b/i,
  zh: /(?:\d[,.]*|[十百千万亿]) ?[余多万亿]{0,4} ?[名位个]?(?:人|居民|客户|用户|患者|员工)/u,
  ru: /(?:\d[ .,]*|(?:десятк|сотн|тысяч|миллион)\p{L}{0,9} ?)(?:(?:тыс\.?|млн|тысяч) ?)?(?:человек|люд|лиц|жител|клиент|пациент|пользовател|сотрудник)/iu,
};
const PHRASES: Readonly<Partial<Record<Content, Told<RegExp>>>> = {
  "nature-of-breach": HOW_LOST,
  "what-happened": HOW_LOST,
  "number-of-persons": HOW_MANY,
  "number-of-persons-in-jurisdiction": HOW_MANY,
};
