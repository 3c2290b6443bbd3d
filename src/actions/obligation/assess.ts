import type { Context } from "../../context.ts";
import type { Incident } from "../../domain/incident.ts";
import type { Answers, Assessment, Obligation } from "../../domain/obligation.ts";
import { assess } from "../../domain/obligation/assess.ts";
import { clockOf } from "../../domain/obligation/clock.ts";
import type { Clock, ClockRecord, Held } from "../../domain/obligation/clock.ts";
import { ESTABLISHMENT, answersOf } from "../../domain/obligation/answer.ts";
import type { RiskDecision, StoredAnswer } from "../../domain/obligation/answer.ts";
import type { ObligationRecord, Relief } from "../../domain/obligation/record.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Scope } from "../../domain/scope.ts";
import * as answers from "../../store/obligation/answer.ts";
import * as records from "../../store/obligation/record.ts";
import * as reliefs from "../../store/obligation/relief.ts";
import type { Sql } from "../../store/db.ts";
import * as incidents from "../../store/incident.ts";
import * as scopes from "../../store/scope.ts";

/** Which version of the scope to assess, and with whose knowledge. */
export interface Asked {
  /** The current one unless said. */
  readonly scope?: number | undefined;
  /** The answers, records and holds of now, or those of when that version was replaced. */
  readonly answers?: "now" | "then" | undefined;
}

/** An obligation, its clock, and what people put on record about it. */
export interface Tracked {
  readonly obligation: Obligation;
  readonly clock: Clock;
  readonly met: ObligationRecord | undefined;
  readonly missed: ObligationRecord | undefined;
}

/** Everything that an incident obliges us to, as of one moment. */
export interface Assessed {
  readonly incident: Incident;
  readonly scope: Scope;
  /** The moment whose knowledge it goes by, and at which clocks are read. */
  readonly asOf: Date;
  /** Whether that is now or then. */
  readonly answers: "now" | "then";
  readonly assessment: Assessment;
  readonly tracked: readonly Tracked[];
  readonly answered: readonly StoredAnswer[];
  readonly decision: RiskDecision | undefined;
  readonly reliefs: readonly Relief[];
  /** Records of obligations that the facts no longer ask for. */
  readonly left: readonly ObligationRecord[];
}

/**
 * Read the law and a calendar now, which takes half a second the first time in a process: where
 * nobody waits, and no row is locked meanwhile.
 */
export function readLaw({ library }: Pick<Context, "library">): void {
  for (const { holidays } of library.places.values())
    if (holidays !== undefined) return void library.isHoliday(holidays, "2026-01-01");
}

/**
 * Assess an incident by the facts of one version of its scope: what it obliges us to, and how each
 * clock stands. An older version is read with the answers of then unless asked otherwise: those
 * there were when the next version replaced it. The rules are always today's. Refuses `not-found`.
 */
export async function assessed(
  ctx: Context,
  sql: Sql,
  incidentId: string,
  { scope: version, answers: wanted }: Asked = {},
): Promise<Assessed> {
  const incident = await incidents.find(sql, incidentId);
  const { scope, replacedAt } = await scopes.versionOf(sql, incidentId, version);
  const then = replacedAt !== null && (wanted ?? "then") === "then";
  const asOf = then ? replacedAt : ctx.now();
  // Now everything counts, also what a machine wrote whose clock is a little ahead of ours.
  const until = then ? replacedAt : undefined;
  const [answered, decisions, recorded, proposed] = [
    await knownAnswers(ctx, sql, incidentId, until),
    await answers.decisions(sql, incidentId, until),
    await records.newest(sql, incidentId, until),
    await reliefs.ofIncident(sql, incidentId),
  ];
  const relieved = proposed.flatMap((relief) => (until ? (asItWas(relief, until) ?? []) : relief));
  const [decision] = decisions;
  const given: Answers = answersOf(answered, decision, recorded);
  const assessment = assess(incident, scope.facts, ctx.library, given);
  const standing = recorded.filter(({ takenBack }) => !takenBack);
  const inForce = relieved.filter(counts);
  const owed = new Set(assessment.obligations.map(({ id }) => id));
  return {
    incident,
    scope,
    asOf,
    answers: then ? "then" : "now",
    assessment,
    tracked: assessment.obligations.map((each) => track(each, standing, inForce, asOf)),
    answered,
    decision,
    reliefs: relieved,
    left: standing.filter(({ obligation }) => !owed.has(obligation)),
  };
}

/** What was answered in this incident; and of the organisation, what was answered in the last one. */
async function knownAnswers(
  { library }: Context,
  sql: Sql,
  incidentId: string,
  until: Date | undefined,
): Promise<StoredAnswer[]> {
  const own = await answers.newest(sql, incidentId, until);
  const here = new Set(own.map(({ question }) => question));
  const ours = [...library.questions.values()].filter(({ about }) => about === "organisation");
  const codes = [...ours.map(({ code }) => code), ESTABLISHMENT].filter((code) => !here.has(code));
  return [...own, ...(await answers.elsewhere(sql, incidentId, codes, until))];
}

/** Refuses ids of obligations that the incident does not have now, each by its place in the list. */
export function expectOwed(
  { tracked }: Pick<Assessed, "tracked">,
  ids: readonly string[],
): Tracked[] {
  const known = new Map(tracked.map((each) => [each.obligation.id, each]));
  const missing = ids.flatMap((id, i) =>
    known.has(id)
      ? []
      : [{ field: `obligations.${i}`, code: "not-owed", message: "There is no such obligation." }],
  );
  if (missing.length > 0)
    refuse("wrong-state", "The facts ask for no such obligation. List them, then retry.", missing);
  return ids.flatMap((id) => known.get(id) ?? []);
}

function track(
  obligation: Obligation,
  standing: readonly ObligationRecord[],
  inForce: readonly Relief[],
  asOf: Date,
): Tracked {
  const own = standing.filter((each) => each.obligation === obligation.id);
  const met = own.find(({ kind }) => kind === "met");
  const missed = own.find(({ kind }) => kind === "missed");
  const relieved = inForce.filter(({ obligations }) => obligations.includes(obligation.id));
  const record: ClockRecord = {
    ...(met?.at && { met: met.at }),
    ...(missed && { missedReason: missed.reason ?? "" }),
    notApplicable: relieved.some(({ kind }) => kind === "not-applicable"),
    holds: relieved.flatMap(heldBy),
  };
  return { obligation, clock: clockOf(obligation, record, asOf), met, missed };
}

/** The time of a hold: until its end, or until somebody ended it. */
function heldBy({ since, until, endedAt }: Relief): Held[] {
  if (since === null || until === null) return [];
  return [{ since, until: endedAt !== null && endedAt < until ? endedAt : until }];
}

/** Whether a relief counts. A hold that was ended moved its clock all the same. */
function counts({ kind, agreedAt, endedAt }: Relief): boolean {
  return agreedAt !== null && (kind === "hold" || endedAt === null);
}

/** A relief as it stood at a moment; nothing where it was not proposed yet. */
function asItWas(relief: Relief, at: Date): Relief | undefined {
  if (relief.proposedAt > at) return undefined;
  const open = { endedBy: null, endedAt: null, endReason: null };
  return {
    ...relief,
    ...(relief.agreedAt !== null && relief.agreedAt > at && { agreedBy: null, agreedAt: null }),
    ...(relief.endedAt !== null && relief.endedAt > at && open),
  };
}
