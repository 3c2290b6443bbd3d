import { fieldsOf } from "../source.ts";
import type { Text } from "./duty.ts";
import { HABITS } from "./habits.ts";
import { measureOf } from "./readability.ts";
import { JARGON, LINK } from "./rule.ts";
import type { Found, Habits, Rule } from "./rule.ts";
import type { Sentence } from "./sentence.ts";

/** What a careful colleague would say of each sentence. */
export function sentenceProblems({ kind, language, sentences }: Text): Found[] {
  const habits = HABITS[language];
  const jargon = habits.jargon.map(([pattern, plain]) => ({ pattern, plain, ...JARGON }));
  const rules = [
    habits.asking,
    ...habits.rules,
    ...jargon,
    ...(kind === "invitation" ? [] : [LINK]),
  ];
  return sentences.flatMap((sentence, at) => [
    ...rules.flatMap((rule) => judge(rule, sentence)),
    ...specialProblem(sentence, habits),
    ...linkProblem(sentence, sentences[at - 1]),
  ]);
}

/**
 * Sentences too long, and a text too hard. Where a law asks for plain language, a text that is
 * harder than it should be must be mended.
 */
export function readingProblems(
  tag: string,
  { language, sentences }: Text,
  mustBePlain: boolean,
): Found[] {
  const measure = measureOf(tag);
  const read = sentences.filter(({ part, kind }) => part === "body" && kind !== "heading");
  const long = read.flatMap((each): Found[] => {
    const length = measure.length(each.text);
    const { good, most } = measure.sentence;
    if (length <= good) return [];
    return [
      {
        line: each.line,
        code: "sentence-long",
        severity: length > most ? "must-fix" : "advice",
        message: `This sentence has ${length} ${measure.unit}; ${good} are enough. Make it two.`,
        sentence: each.text,
        ...inTwo(each.text, HABITS[language]),
      },
    ];
  });
  const told = read.filter(({ text }) => measure.length(text) >= SENTENCE_LEAST);
  const words = told.reduce((sum, { text }) => sum + measure.length(text), 0);
  const { score, limits, name } = measure;
  const [first, ...others] = told;
  if (!score || !limits || !first || words < WORDS_LEAST) return long;
  const of = (each: Sentence) => score([each.text]);
  const all = score(told.map(({ text }) => text));
  if (all <= limits.good) return long;
  const hardest = others.reduce((worst, each) => (of(each) > of(worst) ? each : worst), first);
  const problem: Found = {
    line: hardest.line,
    code: "hard-to-read",
    severity: mustBePlain || all > limits.most ? "must-fix" : "advice",
    message: `The text has a ${name} of ${all.toFixed(1)}; it should be ${limits.good} or less. This is its hardest sentence.`,
    sentence: hardest.text,
    ...inTwo(hardest.text, HABITS[language]),
  };
  return [...long, problem];
}

/** What to do stands in numbered steps, the most useful first. */
export function stepProblems({ kind, language, parsed, sentences }: Text): Found[] {
  if (kind === "invitation" || fieldsOf(parsed).includes("actions")) return [];
  const heading = HABITS[language].headings[3].toLowerCase();
  const own = sentences.filter(
    (each) => each.kind !== "heading" && each.under.toLowerCase().startsWith(heading),
  );
  const [first] = own;
  if (first === undefined || own.some((each) => each.kind === "step")) return [];
  const bullets = own.filter((each) => each.kind === "bullet");
  const steps = bullets.length > 0 ? bullets : own;
  return [
    {
      line: first.line,
      code: "steps-unordered",
      severity: "advice",
      message: "Number the steps, the most useful first: people do the first two.",
      sentence: first.text,
      fix: steps.map(({ text }, at) => `${at + 1}. ${text}`).join("\n"),
    },
  ];
}

function judge(rule: Rule, { text, line }: Sentence): Found[] {
  const { pattern, unless, code, severity, message, plain, instead } = rule;
  if (!pattern.test(text) || unless?.test(text)) return [];
  const fix = instead ?? (plain === undefined ? undefined : capital(text.replace(pattern, plain)));
  return [{ line, code, severity, message, sentence: text, ...(fix !== undefined && { fix }) }];
}

/** Others may read a screen; a lock screen shows the subject and the SMS to all of them. */
function specialProblem({ text, line, part }: Sentence, habits: Habits): Found[] {
  if (!habits.special.test(text)) return [];
  const shown = part !== "body" && part !== "title";
  return [
    {
      line,
      code: "special-category",
      severity: shown ? "must-fix" : "advice",
      message: shown
        ? "A locked screen shows this to others. Name sensitive data by their class only."
        : "Others may read this message. Name sensitive data by their class only.",
      sentence: text,
      fix: text.replace(habits.special, habits.specialPlain),
    },
  ];
}

/** An address stands in a sentence that says what it is for, or after one that ends in a colon. */
function linkProblem({ text, line, part }: Sentence, before: Sentence | undefined): Found[] {
  if (part !== "body" || !LINK.pattern.test(text)) return [];
  const about = text.replaceAll(/https:\/\/\S+/gi, "").match(/[\p{L}\p{N}]/gu) ?? [];
  const led = before?.part === "body" && /[:：]$/.test(before.text);
  if (led || about.length >= LETTERS_ABOUT_LINK) return [];
  return [
    {
      line,
      code: "link-unexplained",
      severity: "must-fix",
      message: "Say before this address what is there: thieves' links come without a word.",
      sentence: text,
    },
  ];
}

/** A long sentence cut where it is joined, as near to its middle as can be. */
function inTwo(text: string, { joint, stop }: Habits): Pick<Found, "fix"> {
  const middle = text.length / 2;
  const [best] = Array.from(text.matchAll(joint))
    .filter(({ index }) => index > 0)
    .toSorted((a, b) => Math.abs(a.index - middle) - Math.abs(b.index - middle));
  if (best === undefined) return {};
  const rest = text.slice(best.index + best[0].length);
  const space = /\s/.test(best[0]) ? " " : "";
  return { fix: `${text.slice(0, best.index)}${stop}${space}${capital(rest)}` };
}

function capital(text: string): string {
  return text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
}

const LETTERS_ABOUT_LINK = 4;
/** Shorter ones, such as a greeting, would flatter the average. */
const SENTENCE_LEAST = 4;
/** A formula says nothing of a text shorter than this. */
const WORDS_LEAST = 60;
