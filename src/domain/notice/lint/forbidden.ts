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
    const fields = fieldsOf(content);
    // What no field tells has no pattern either.
    if (fields.length === 0) return [unconfirmed(own, content, text.parsed.lines.body)];
    const problem = (line: number, sentence: string): Found => ({
      line,
      code: "forbidden-content",
      severity: "must-fix",
      message: `${placesOf(own)} forbids to say this: ${CONTENTS[content]}.`,
      sentence,
      fix: `Leave it out, or give the people of ${placesOf(own)} a text of their own.`,
      law: lawsOf(own),
    });
    return [
      ...placesOfFields(text.parsed, fields).map(({ field, line }) =>
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

function unconfirmed(duties: readonly LawDuty[], content: Content, line: number): Found {
  return {
    line,
    code: "forbidden-unconfirmed",
    severity: "advice",
    message: `Nothing but a person can tell whether the notice says what ${placesOf(duties)} forbids. Confirm that it does not: ${CONTENTS[content]}.`,
    law: lawsOf(duties),
  };
}

function fieldsOf(content: Content): Field[] {
  return [...new Set(tells(content).flatMap(fieldsTelling))];
}

function sentencesTelling(content: Content, { sentences, language }: Text) {
  const pattern = PHRASES[content]?.[language];
  const own = new Set<string | undefined>(fieldsOf(content).map((field) => FACT_FIELDS[field]));
  const [heading] = HABITS[language].headings;
  return sentences.filter(({ text, kind, fact }) => {
    // The words of a fact are found by its field already.
    if (fact !== undefined && own.has(fact)) return false;
    const leadsIn = kind === "heading" && text.toLowerCase().startsWith(heading.toLowerCase());
    if (leadsIn && tells(content).includes(WHAT)) return true;
    // Readers see one space where several were written.
    return pattern?.test(text.replaceAll(/\s+/g, " ")) ?? false;
  });
}

function placesOfFields(
  { title, subject, discreetSubject, sms, body }: Source,
  fields: readonly Field[],
): { field: Field; line: number }[] {
  const walk = (nodes: readonly Node[]): { field: Field; line: number }[] =>
    nodes.flatMap((node) => {
      if (node.kind === "if") return [...walk(node.then), ...walk(node.otherwise)];
      const isFound = node.kind === "field" && fields.includes(node.field);
      return isFound ? [{ field: node.field, line: node.line }] : [];
    });
  return walk([title, subject, discreetSubject, sms, body].flat());
}

const WHAT: Content = "what-happened";
/** Advice on identity theft says nothing of how the data were lost. */
const HOW_LOST: Told<RegExp> = {
  en: /\b(?:hack\w*|ransomware|malware|phish\w*|cyber[ -]?attack\w*|intru[ds]\w*|burgl\w*|br(?:eak|oke|oken)[ -]in(?:to)?|stole|stolen|(?<!identity[ -])theft|lost|misdirected|sent to the wrong|(?:gained|got|had) access|unauthori[sz]ed|accessed by)\b/i,
  zh: /黑客|勒索|恶意软件|钓鱼|网络攻击|入侵|(?<!身份)被盗|失窃|窃取|丢失|误发|未经授权/u,
  ru: /хакер|взлом|вымогател|вредоносн|фишинг|кибератак|вторжени|украл|украден|похищен|похитил|краж(?!\p{L}{0,9} личности)|потерял|потерян|ошибочно отправ|несанкционированн|проник/iu,
};
/** Each reads a number from its last digit or word on: whoever writes many has nobody wait. */
const HOW_MANY: Told<RegExp> = {
  en: /(?:\d|\b(?:dozen|hundred|thousand|million)s?)(?: of)?(?: our)?(?: other)? (?:people|persons|individuals|residents|customers|patients|clients|users|members|employees)\b/i,
  zh: /[\d十百千万亿] ?[余多]? ?[名位个]?(?:其他)?(?:人|居民|客户|用户|患者|员工)/u,
  ru: /(?:\d|тыс\.?|млн|(?:десятк|сотн|тысяч|миллион)\p{L}{0,9}) ?(?:наших |других )?(?:человек|люд|лиц|жител|клиент|пациент|пользовател|сотрудник)/iu,
};
const PHRASES: Readonly<Partial<Record<Content, Told<RegExp>>>> = {
  "nature-of-breach": HOW_LOST,
  "what-happened": HOW_LOST,
  "number-of-persons": HOW_MANY,
  "number-of-persons-in-jurisdiction": HOW_MANY,
};
