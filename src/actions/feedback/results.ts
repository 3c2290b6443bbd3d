import type { Context } from "../../context.ts";
import { resultsOf } from "../../domain/feedback/results.ts";
import type { Results } from "../../domain/feedback/results.ts";
import * as answers from "../../store/feedback/answers.ts";
import * as surveys from "../../store/feedback/survey.ts";
import { openRemark, tallyOf } from "./release.ts";
import type { SurveyPath } from "./survey.ts";

/** The results of a survey: counts and texts apart, none of which can be told from a person's. */
export async function results(ctx: Context, path: SurveyPath): Promise<Results> {
  const survey = await surveys.find(ctx.sql, path.incidentId, path.surveyId);
  const tally = await tallyOf(ctx, ctx.feedback, survey);
  const stored = await answers.tally(ctx.feedback, survey.id);
  const keys = await ctx.vault.keys(survey.incidentId);
  const remarks = await answers.remarks(ctx.feedback, survey.id);
  return resultsOf({
    survey,
    tally,
    releasedOn: stored?.releasedOn ?? null,
    texts: remarks.filter(({ shown }) => shown).map((remark) => openRemark(keys, remark)),
  });
}
