import { z } from "zod";

import type { PageLanguage } from "../language.ts";
import { text } from "../text.ts";
import { HEARD, QUESTIONS, RATINGS } from "./questions.ts";
import type { Question } from "./questions.ts";
import type { Breakdown } from "./survey.ts";
import type { QuestionSet } from "./survey.ts";

/** What one person answered, as it waits sealed. It holds no time and nothing of the person. */
export const Answer = z.strictObject({
  /** The one class that results are told apart by, or `all`. */
  group: z.string(),
  /** Question → the options chosen; a question left out is absent. */
  choices: z.record(z.string(), z.array(z.string())),
  texts: z.record(z.string(), z.string()),
});
export type Answer = z.output<typeof Answer>;

/** What a form holds that cannot be taken. */
export interface FormProblem {
  readonly question: string;
  readonly code: "empty" | "too-long" | "characters" | "choice";
}

interface Form {
  readonly questionSet: QuestionSet;
  readonly breakdown: Breakdown;
  readonly language: PageLanguage;
  /** A field of the form; empty where it was not sent. */
  readonly field: (name: string) => string;
}

/** The questions of a survey, with the one that results are told apart by. */
export function questionsOf(questionSet: QuestionSet, breakdown: Breakdown): readonly Question[] {
  return [...(breakdown === "heard" ? [HEARD] : []), ...QUESTIONS[questionSet]];
}

/** The name of a field: a question's, or that of one option where several can be chosen. */
export function fieldName(question: string, option?: string): string {
  return option === undefined ? question : `${question}.${option}`;
}

/** Read a filled-in form. Answers the answer, or every problem there is. */
export function readForm(form: Form): { answer: Answer } | { problems: readonly FormProblem[] } {
  const problems: FormProblem[] = [];
  const choices: Record<string, string[]> = {};
  const texts: Record<string, string> = {};
  for (const question of questionsOf(form.questionSet, form.breakdown)) {
    const { id } = question;
    if (question.kind === "text") {
      const read = readText(form.field(fieldName(id)));
      if ("code" in read) problems.push({ question: id, ...read });
      else if (read.text !== "") texts[id] = read.text;
      continue;
    }
    const chosen = chosenOf(question, form.field);
    if (chosen === "choice") problems.push({ question: id, code: "choice" });
    else if (chosen.length > 0) choices[id] = chosen;
  }
  if (problems.length > 0) return { problems };
  const { [HEARD.id]: heard, ...others } = choices;
  if (Object.keys(others).length === 0 && Object.keys(texts).length === 0)
    return { problems: [{ question: "", code: "empty" }] };
  const group = { none: ALL, language: form.language, heard: heard?.[0] ?? UNSAID };
  return { answer: { group: group[form.breakdown], choices: others, texts } };
}

/** A value with as much padding as makes its JSON exactly `bytes` long. Throws where it is longer. */
export function padded<T>(value: T, bytes: number): { value: T; pad: string } {
  const bare = Buffer.byteLength(JSON.stringify({ value, pad: "" }));
  if (bare > bytes) throw new RangeError(`This takes ${bare} bytes, more than ${bytes}.`);
  return { value, pad: ".".repeat(bytes - bare) };
}

function chosenOf(
  question: Exclude<Question, { kind: "text" }>,
  field: Form["field"],
): string[] | "choice" {
  const { id } = question;
  if (question.kind === "multiple") {
    const marks = question.options.map((option) => [option.id, field(fieldName(id, option.id))]);
    if (marks.some(([, mark]) => mark !== "" && mark !== CHOSEN)) return "choice";
    return marks.filter(([, mark]) => mark === CHOSEN).map(([option = ""]) => option);
  }
  const given = field(fieldName(id));
  if (given === "") return [];
  const known: readonly string[] =
    question.kind === "rating" ? RATINGS : question.options.map((option) => option.id);
  return known.includes(given) ? [given] : "choice";
}

function readText(given: string): { text: string } | { code: "too-long" | "characters" } {
  if (given.trim() === "") return { text: "" };
  const read = text(TEXT_MAX).safeParse(given);
  if (read.success) return { text: read.data };
  const long = read.error.issues.some(({ code }) => code === "too_big");
  return { code: long ? "too-long" : "characters" };
}

/** Characters of a free text. */
export const TEXT_MAX = 500;
/** What a ticked box sends. */
export const CHOSEN = "yes";
/** The group of everybody, where results are not told apart. */
export const ALL = "all";
/** The group of those who did not say. */
const UNSAID = "unsaid";
/** Bytes of every sealed answer before sealing: 500 characters of three bytes and every choice fit. */
export const ANSWER_BYTES = 2_560;
/** The same for a text alone: a row with it needs no side table. */
export const REMARK_BYTES = 1_664;
