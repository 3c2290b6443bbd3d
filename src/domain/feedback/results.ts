import { z } from "zod";

import { Breakdown, CELL_MIN, QuestionSet, TOTAL_MIN } from "./survey.ts";
import type { Survey } from "./survey.ts";
import { ALL, questionsOf } from "./answer.ts";
import { HEARD, RATINGS } from "./questions.ts";
import type { Question } from "./questions.ts";
import { SKIPPED, released } from "./release.ts";
import type { Tally } from "./release.ts";

/** How the answers to one question fall, in percent of those who answered the survey. */
const Figures = z.object({
  question: z.string(),
  kind: z.enum(["rating", "single", "multiple"]),
  /** In English. */
  words: z.string(),
  shares: z.array(z.object({ option: z.string(), words: z.string(), percent: z.int() })),
});

/** The results of a survey. There is no row of one person, here or behind it. */
export const Results = z.object({
  surveyId: z.uuid(),
  questionSet: QuestionSet,
  state: z.string(),
  /** Results change on such a day only, by ten answers or more at once. */
  releasedOn: z.string().nullable(),
  /** Answers that are counted here; null while they are fewer than five. */
  answers: z.int().nullable(),
  total: z.array(Figures),
  breakdown: z.object({
    by: Breakdown,
    cells: z.array(z.object({ cell: z.string(), answers: z.int(), figures: z.array(Figures) })),
  }),
  /** In random order. */
  texts: z.array(z.object({ text: z.string() })),
});
export type Results = z.output<typeof Results>;

interface Released {
  readonly survey: Pick<Survey, "id" | "questionSet" | "breakdown" | "state">;
  readonly tally: Tally;
  readonly releasedOn: string | null;
  readonly texts: readonly string[];
}

/**
 * What staff are shown: nothing for fewer than five answers, no cell of fewer than ten and no
 * fewer than ten texts, shares instead of counts, rounded to 5 % below fifty answers.
 */
export function resultsOf({ survey, tally, releasedOn, texts }: Released): Results {
  const questions = questionsOf(survey.questionSet, survey.breakdown);
  const n = released(tally);
  const shown = n >= TOTAL_MIN;
  const all = Object.values(tally.cells);
  const cells = Object.entries(tally.cells).filter(
    ([cell, { n }]) => cell !== ALL && n >= CELL_MIN,
  );
  return {
    surveyId: survey.id,
    questionSet: survey.questionSet,
    state: survey.state,
    releasedOn: shown ? releasedOn : null,
    answers: shown ? n : null,
    total: shown ? figuresOf(questions, all) : [],
    breakdown: {
      by: survey.breakdown,
      cells: cells
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([cell, counts]) => ({
          cell,
          answers: counts.n,
          figures: figuresOf(questions, [counts]),
        })),
    },
    texts: texts.length >= CELL_MIN ? texts.map((text) => ({ text })) : [],
  };
}

type Cell = Tally["cells"][string];

function figuresOf(questions: readonly Question[], cells: readonly Cell[]) {
  const n = cells.reduce((total, cell) => total + cell.n, 0);
  const step = n < COARSE_BELOW ? COARSE_STEP : 1;
  const percent = (question: string, option: string) => {
    const count = cells.reduce((sum, { counts }) => sum + (counts[question]?.[option] ?? 0), 0);
    return Math.round((count * 100) / n / step) * step;
  };
  return questions.flatMap((question) => {
    // The class itself is no question: the size of its cell says all of it.
    if (question.kind === "text" || question.id === HEARD.id) return [];
    const { id, kind, words } = question;
    const shares = optionsOf(question).map((option) => ({
      ...option,
      percent: percent(id, option.option),
    }));
    return [{ question: id, kind, words: words.en, shares }];
  });
}

function optionsOf(question: Exclude<Question, { kind: "text" }>) {
  const options =
    question.kind === "rating"
      ? RATINGS.map((rating) => ({ option: rating, words: ends(question, rating) }))
      : question.options.map(({ id, words }) => ({ option: id, words: words.en }));
  return [...options, { option: SKIPPED, words: "left out" }];
}

function ends({ low, high }: Extract<Question, { kind: "rating" }>, rating: string): string {
  if (rating === RATINGS[0]) return `${rating} (${low.en})`;
  return rating === RATINGS.at(-1) ? `${rating} (${high.en})` : rating;
}

const COARSE_BELOW = 50;
const COARSE_STEP = 5;
