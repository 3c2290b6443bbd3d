import { z } from "zod";

import { results } from "../actions/feedback/results.ts";
import { closeSurvey, createSurvey, openSurvey } from "../actions/feedback/survey.ts";
import { Results } from "../domain/feedback/results.ts";
import { NewSurvey, Survey } from "../domain/feedback/survey.ts";
import { Id } from "../domain/id.ts";
import { surveyOf, surveysOf } from "../views/feedback.ts";
import { route } from "./route.ts";

const IncidentPath = z.strictObject({ incidentId: Id });
const SurveyPath = IncidentPath.extend({ surveyId: Id });

export const feedbackRoutes = [
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/surveys",
    summary: "Make a survey of an audience; another person opens it.",
    permission: "survey:write",
    params: IncidentPath,
    body: NewSurvey,
    returns: Survey,
    status: 201,
    handle: async ({ ctx, actor, params: { incidentId }, body }) => {
      const surveyId = await createSurvey(ctx, actor, incidentId, body);
      return surveyOf(ctx.sql, incidentId, surveyId);
    },
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/surveys",
    summary: "List an incident's surveys. Who answered is known to nobody.",
    permission: "survey:read",
    params: IncidentPath,
    returns: z.object({ surveys: z.array(Survey) }),
    handle: async ({ ctx, params }) => ({ surveys: await surveysOf(ctx.sql, params.incidentId) }),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/surveys/:surveyId",
    summary: "Show a survey.",
    permission: "survey:read",
    params: SurveyPath,
    returns: Survey,
    handle: ({ ctx, params }) => surveyOf(ctx.sql, params.incidentId, params.surveyId),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/surveys/:surveyId/open",
    summary: "Open a survey that another person made; its passes exist from here on.",
    permission: "notice:approve",
    params: SurveyPath,
    returns: Survey,
    secondFactor: true,
    handle: async ({ ctx, actor, params }) => {
      await openSurvey(ctx, actor, params);
      return surveyOf(ctx.sql, params.incidentId, params.surveyId);
    },
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/surveys/:surveyId/close",
    summary: "Close a survey for good and destroy the key that opens its answers.",
    permission: "survey:write",
    params: SurveyPath,
    returns: Survey,
    handle: async ({ ctx, actor, params }) => {
      await closeSurvey(ctx, actor, params);
      return surveyOf(ctx.sql, params.incidentId, params.surveyId);
    },
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/surveys/:surveyId/results",
    summary: "Show totals, the one breakdown and the texts apart; no row of one person exists.",
    permission: "survey:read",
    params: SurveyPath,
    returns: Results,
    handle: ({ ctx, params }) => results(ctx, params),
  }),
];
