import type { Context } from "../../context.ts";
import { RegisterRow } from "../../domain/filing/register.ts";
import { severityOf } from "../../domain/severity.ts";
import * as incidents from "../../store/incident.ts";
import * as severities from "../../store/severity.ts";
import { assessed } from "../obligation/assess.ts";

/**
 * The register of breaches (GDPR Article 33(5)): every incident there ever was, also those that
 * nobody had to be told of, with its facts, its effects, what was done, and how each duty stands.
 */
export async function* register(ctx: Context): AsyncGenerator<RegisterRow> {
  for (const id of await incidents.every(ctx.sql)) yield await rowOf(ctx, id);
}

async function rowOf(ctx: Context, incidentId: string): Promise<RegisterRow> {
  const known = await assessed(ctx, ctx.sql, incidentId);
  const [judged] = await severities.history(ctx.sql, incidentId);
  const { incident, scope, decision, tracked, assessment, left } = known;
  const { facts } = scope;
  const severity = severityOf(facts, judged?.input);
  return RegisterRow.parse({
    incident: incident.id,
    title: incident.title,
    determination: incident.determination,
    state: incident.state,
    awareAt: incident.awareAt.toISOString(),
    whatHappened: facts.whatHappened,
    dataElements: facts.dataElements.map(({ element, state }) => `${element} (${state})`),
    people: facts.people,
    severity: { level: severity.level, score: severity.score, judged: judged !== undefined },
    risk: decision
      ? { level: decision.level, reasons: decision.reasons, rules: decision.rules }
      : null,
    measures: facts.whatWeDo,
    duties: [
      ...tracked.map(({ obligation, clock, met, missed }) => ({
        id: obligation.id,
        to: obligation.who,
        state: clock.state,
        dueAt: clock.dueAt?.toISOString() ?? null,
        metAt: met?.at?.toISOString() ?? null,
        reference: met?.reference ?? null,
        missedBecause: missed?.reason ?? null,
      })),
      // What was filed stays filed, also where the facts no longer ask for it.
      ...left.map(({ obligation: id, kind, at, reference, reason }) => ({
        id,
        to: "no longer owed",
        state: kind,
        dueAt: null,
        metAt: kind === "met" ? (at?.toISOString() ?? null) : null,
        reference,
        missedBecause: kind === "missed" ? reason : null,
      })),
    ],
    noRuleKnown: assessment.noRuleKnown,
  });
}
