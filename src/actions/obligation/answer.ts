import { z } from "zod";

import type { Context } from "../../context.ts";
import { expectNotClosed } from "../../domain/incident.ts";
import type { Rule } from "../../domain/law.ts";
import { conditionsOf, leavesOf } from "../../domain/obligation/catalogue.ts";
import { Answered, checkAnswer } from "../../domain/obligation/answer.ts";
import type {
  NewAnswer,
  NewRiskDecision,
  RiskDecision,
  StoredAnswer,
} from "../../domain/obligation/answer.ts";
import { expectVersion } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import * as incidents from "../../store/incident.ts";
import * as store from "../../store/obligation/answer.ts";
import { assessed } from "./assess.ts";
import { note } from "./note.ts";

/**
 * Answer a question of a rule, say when an event was, or take an answer back with `not-yet-known`.
 * Answers are never changed: this is the next version. Refuses `stale-version` when somebody
 * answered first, what no rule asks, another kind of answer than was asked for, and what has not
 * happened yet.
 */
export function answer(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  given: NewAnswer,
): Promise<StoredAnswer> {
  return ctx.sql.begin(async (tx) => {
    const incident = await incidents.lock(tx, incidentId);
    expectNotClosed(incident);
    const now = ctx.now();
    checkAnswer(ctx.library, given, { now, awareAt: incident.awareAt });
    const before = (await store.newest(tx, incidentId)).find(
      ({ question }) => question === given.question,
    );
    expectVersion(before?.version ?? 0, given.version);
    const after: StoredAnswer = {
      ...given,
      incidentId,
      version: given.version + 1,
      answeredBy: actor.staffId,
      answeredAt: now,
    };
    await store.insert(tx, after);
    await note(ctx, tx, actor, {
      incidentId,
      action: "obligation.answer",
      subject: `question:${given.question}`,
      ...(before && { before: traceOf(before) }),
      after: { ...traceOf(after), reasonHash: canonicalHash(given.reason) },
    });
    return after;
  });
}

/** Every answer there ever was, the newest first. Refuses `not-found`. */
export async function answersEver(ctx: Context, incidentId: string): Promise<StoredAnswer[]> {
  await incidents.find(ctx.sql, incidentId);
  return store.history(ctx.sql, incidentId);
}

/**
 * Decide how great the risk to people is (GDPR Articles 33 and 34), with the text of every rule in
 * play that goes by it, as it was when it was decided. Refuses `stale-version`.
 */
export function decideRisk(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { version, level, reasons }: NewRiskDecision,
): Promise<RiskDecision> {
  return ctx.sql.begin(async (tx) => {
    expectNotClosed(await incidents.lock(tx, incidentId));
    const { assessment, decision: before } = await assessed(ctx, tx, incidentId);
    expectVersion(before?.version ?? 0, version);
    const inPlay = new Set([
      ...assessment.obligations.map(({ rule }) => rule.id),
      ...assessment.whyNot.map(({ rule }) => rule),
    ]);
    const rules = ctx.library.rules
      .filter((rule) => inPlay.has(rule.id) && goesByRisk(rule))
      .map(({ id, threshold = null }) => ({
        id,
        version: ctx.library.versions.get(id) ?? "",
        threshold,
      }));
    const after: RiskDecision = {
      version: version + 1,
      level,
      reasons,
      rules,
      decidedBy: actor.staffId,
      decidedAt: ctx.now(),
    };
    await store.decide(tx, incidentId, after);
    await note(ctx, tx, actor, {
      incidentId,
      action: "obligation.decide-risk",
      subject: `incident:${incidentId}`,
      ...(before && { before: { version: before.version, level: before.level } }),
      after: {
        version: after.version,
        level,
        rules: rules.map(({ id, version: text }) => `${id} ${text}`),
        reasonsHash: canonicalHash(reasons),
      },
    });
    return after;
  });
}

/** The decisions on the risk to people, the newest first. Refuses `not-found`. */
export async function riskDecisions(ctx: Context, incidentId: string): Promise<RiskDecision[]> {
  await incidents.find(ctx.sql, incidentId);
  return store.decisions(ctx.sql, incidentId);
}

/** Whether anything that a rule asks for hangs on how great the risk to people is. */
function goesByRisk(rule: Rule): boolean {
  return conditionsOf(rule)
    .flatMap(leavesOf)
    .some((leaf) => "risk" in leaf);
}

function traceOf({ version, value }: StoredAnswer) {
  return { version, value: z.encode(Answered, value) };
}
