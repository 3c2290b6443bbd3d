import { z } from "zod";

import { answer, answersEver, decideRisk, riskDecisions } from "../actions/obligation/answer.ts";
import { meetByFiling, miss, takeBack } from "../actions/obligation/record.ts";
import { agree, endRelief, hold, setAside } from "../actions/obligation/relief.ts";
import { review, ruleOf } from "../actions/obligation/review.ts";
import { Duties, DutyLine, desk, duties } from "../actions/wave/duties.ts";
import { meetByWave } from "../actions/wave/evidence.ts";
import { Id } from "../domain/id.ts";
import { Reason } from "../domain/obligation.ts";
import {
  NewAnswer,
  NewRiskDecision,
  RiskDecision,
  StoredAnswer,
} from "../domain/obligation/answer.ts";
import {
  NewFilingEvidence,
  NewHold,
  NewSetAside,
  NewWaveEvidence,
  ObligationId,
  ObligationIds,
  RecordKind,
  Relief,
  RuleReview,
} from "../domain/obligation/record.ts";
import { line } from "../domain/text.ts";
import { route } from "./route.ts";

const IncidentPath = z.strictObject({ incidentId: Id });
const ReliefPath = IncidentPath.extend({ reliefId: Id });
const RulePath = z.strictObject({ ruleId: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,59}$/) });
// Within PostgreSQL's integer.
const Version = z.coerce.number().int().min(1).max(2_147_483_647);
const Agreed = z.object({ agreed: z.enum(["waiting", "agreed"]), relief: Relief });
const Asked = z.strictObject({
  /** An older version of the scope. */
  scope: Version.optional(),
  /** Its answers: those of now, or of when it was replaced. */
  answers: z.enum(["now", "then"]).optional(),
});
/** A rule in its own shape, which `docs/law.md` explains. */
const RuleShown = z.object({
  rule: z.looseObject({ id: z.string(), name: z.string(), citation: z.string() }),
  version: z.string(),
  reviews: z.array(RuleReview),
});

export const obligationRoutes = [
  route({
    method: "get",
    path: "/v1/obligations",
    summary: "List the legal clocks of all open incidents, what is due first first.",
    permission: "incident:read",
    returns: z.object({ obligations: z.array(DutyLine) }),
    handle: async ({ ctx }) => ({ obligations: await desk(ctx) }),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/obligations",
    summary:
      "Show what an incident obliges us to: clocks, open questions, and why other rules ask nothing.",
    permission: "incident:read",
    params: IncidentPath,
    query: Asked,
    returns: Duties,
    handle: ({ ctx, params, query }) => duties(ctx, params.incidentId, query),
  }),
  route({
    method: "get",
    path: "/v1/incidents/:incidentId/obligations/answers",
    summary: "List every answer there ever was, and every decision on the risk to people.",
    permission: "incident:read",
    params: IncidentPath,
    returns: z.object({ answers: z.array(StoredAnswer), risk: z.array(RiskDecision) }),
    handle: async ({ ctx, params }) => ({
      answers: await answersEver(ctx, params.incidentId),
      risk: await riskDecisions(ctx, params.incidentId),
    }),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/obligations/answers",
    summary: "Answer a question that a rule asks, or say when an event was.",
    permission: "obligation:write",
    params: IncidentPath,
    body: NewAnswer,
    returns: StoredAnswer,
    status: 201,
    handle: ({ ctx, actor, params, body }) => answer(ctx, actor, params.incidentId, body),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/obligations/risk",
    summary: "Decide how great the risk to people is (GDPR Articles 33 and 34), with reasons.",
    permission: "obligation:judge",
    params: IncidentPath,
    body: NewRiskDecision,
    returns: RiskDecision,
    status: 201,
    handle: ({ ctx, actor, params, body }) => decideRisk(ctx, actor, params.incidentId, body),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/obligations/evidence",
    summary: "Record that obligations were met: by a filing, or by a wave that is done.",
    permission: "obligation:write",
    params: IncidentPath,
    body: z.union([NewFilingEvidence, NewWaveEvidence]),
    returns: Duties,
    status: 201,
    handle: async ({ ctx, actor, params: { incidentId }, body }) => {
      if ("waveId" in body) await meetByWave(ctx, actor, incidentId, body);
      else await meetByFiling(ctx, actor, incidentId, body);
      return duties(ctx, incidentId, {});
    },
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/obligations/missed",
    summary: "Record why obligations were missed.",
    permission: "obligation:write",
    params: IncidentPath,
    body: z.strictObject({ obligations: ObligationIds, reason: Reason }),
    returns: Duties,
    status: 201,
    handle: async ({ ctx, actor, params: { incidentId }, body }) => {
      await miss(ctx, actor, incidentId, body);
      return duties(ctx, incidentId, {});
    },
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/obligations/take-back",
    summary: "Take back a record that was a mistake; the clock runs again.",
    permission: "obligation:write",
    params: IncidentPath,
    body: z.strictObject({ obligation: ObligationId, kind: RecordKind, reason: Reason }),
    returns: Duties,
    handle: async ({ ctx, actor, params: { incidentId }, body }) => {
      await takeBack(ctx, actor, incidentId, body);
      return duties(ctx, incidentId, {});
    },
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/obligations/holds",
    summary:
      "Propose a hold that law enforcement asked for; it counts once a second person agrees.",
    permission: "obligation:judge",
    params: IncidentPath,
    body: NewHold,
    returns: Relief,
    status: 201,
    handle: ({ ctx, actor, params, body }) => hold(ctx, actor, params.incidentId, body),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/obligations/not-applicable",
    summary: "Propose that duties are not owed after all; it counts once a second person agrees.",
    permission: "obligation:judge",
    params: IncidentPath,
    body: NewSetAside,
    returns: Relief,
    status: 201,
    handle: ({ ctx, actor, params, body }) => setAside(ctx, actor, params.incidentId, body),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/obligations/reliefs/:reliefId/agree",
    summary: "Agree, as the second person, to a hold or to a duty set aside.",
    permission: "obligation:judge",
    params: ReliefPath,
    returns: Agreed,
    handle: ({ ctx, actor, params }) => agree(ctx, actor, params),
  }),
  route({
    method: "post",
    path: "/v1/incidents/:incidentId/obligations/reliefs/:reliefId/end",
    summary: "End a hold early, or take a judgement back: its clocks run again.",
    permission: "obligation:write",
    params: ReliefPath,
    body: z.strictObject({ reason: Reason }),
    returns: Relief,
    handle: ({ ctx, actor, params, body }) => endRelief(ctx, actor, params, body.reason),
  }),
  route({
    method: "get",
    path: "/v1/rules/:ruleId",
    summary: "Show a rule of the library with its sources, and who reviewed it.",
    permission: "incident:read",
    params: RulePath,
    returns: RuleShown,
    handle: ({ ctx, params }) => ruleOf(ctx, params.ruleId),
  }),
  route({
    method: "post",
    path: "/v1/rules/:ruleId/reviews",
    summary: "Record that you read this text of a rule against its source.",
    permission: "rule:review",
    params: RulePath,
    body: z.strictObject({ version: z.string().regex(/^[0-9a-f]{12}$/), note: line(500) }),
    returns: RuleShown,
    status: 201,
    handle: ({ ctx, actor, params, body }) => review(ctx, actor, params.ruleId, body),
  }),
];
