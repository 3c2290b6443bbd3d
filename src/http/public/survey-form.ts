import type { PublicSurvey } from "../../actions/feedback/answer.ts";
import { CHOSEN, TEXT_MAX, fieldName, questionsOf } from "../../domain/feedback/answer.ts";
import type { FormProblem } from "../../domain/feedback/answer.ts";
import { RATINGS } from "../../domain/feedback/questions.ts";
import type { Question } from "../../domain/feedback/questions.ts";
import { normalisedPass } from "../../domain/feedback/pass.ts";
import { PAGE_LANGUAGES } from "../../domain/language.ts";
import type { PageLanguage } from "../../domain/language.ts";
import { shownDay } from "../../domain/publication/time.ts";
import type { View } from "./page.ts";

interface Filled {
  readonly problems: readonly FormProblem[];
  /** What was typed into a field. */
  readonly field: (name: string) => string;
}

/** The form of a survey as its page shows it, with what was typed and what is wrong with it. */
export function formView(
  typed: string,
  survey: PublicSurvey,
  language: PageLanguage,
  { problems, field }: Filled = { problems: [], field: () => "" },
): View {
  const { name } = PAGE_LANGUAGES[language];
  const shown = questionsOf(survey.questionSet, survey.breakdown);
  const first = fieldId(shown[0]);
  return {
    pass: normalisedPass(typed),
    closesOn: shownDay(new Date(survey.closesOn), "UTC", language),
    attached: {
      language: survey.breakdown === "language" ? name : undefined,
      heard: survey.breakdown === "heard",
      nothing: survey.breakdown === "none",
    },
    textMax: TEXT_MAX,
    problems: problems.map(({ question, code }) => ({
      href: `#${fieldId(shown.find(({ id }) => id === question)) || first}`,
      words: shown.find(({ id }) => id === question)?.words[language],
      ...says(code),
    })),
    questions: shown.map((question) => ({
      ...questionView(question, language, field),
      problem: problems
        .filter((problem) => problem.question === question.id)
        .map(({ code }) => says(code))[0],
    })),
  };
}

function questionView(question: Question, language: PageLanguage, field: Filled["field"]) {
  const { id, words } = question;
  const name = fieldName(id);
  const common = { id, name, words: words[language] };
  if (question.kind === "text") return { ...common, isText: true, value: field(name) };
  if (question.kind === "rating")
    return {
      ...common,
      isRating: true,
      low: question.low[language],
      high: question.high[language],
      options: RATINGS.map((rating) => ({
        id: `${id}-${rating}`,
        name,
        value: rating,
        words: rating,
        checked: field(name) === rating,
      })),
    };
  return {
    ...common,
    isMultiple: question.kind === "multiple",
    options: question.options.map((option) => {
      const many = question.kind === "multiple";
      const own = many ? fieldName(id, option.id) : name;
      const value = many ? CHOSEN : option.id;
      return {
        id: `${id}-${option.id}`,
        name: own,
        value,
        words: option.words[language],
        checked: field(own) === value,
      };
    }),
  };
}

/** Where a link to a question leads: its first control. */
function fieldId(question: Question | undefined): string {
  if (!question) return "";
  if (question.kind === "text") return question.id;
  const first = question.kind === "rating" ? RATINGS[0] : question.options[0]?.id;
  return `${question.id}-${first}`;
}

function says(code: FormProblem["code"]) {
  return {
    isEmpty: code === "empty",
    isTooLong: code === "too-long",
    isCharacters: code === "characters",
    isChoice: code === "choice",
  };
}
