import { z } from "zod";

import type { Context } from "../../context.ts";
import { residentsDiffer } from "../../domain/audience/residents.ts";
import { Instant } from "../../domain/instant.ts";
import { RiskDecision, StoredAnswer } from "../../domain/obligation/answer.ts";
import { Relief, ObligationRecord } from "../../domain/obligation/record.ts";
import { timeIn } from "../../domain/obligation/telling.ts";
import * as records from "../../store/obligation/record.ts";
import * as recipients from "../../store/audience/recipient.ts";
import * as incidents from "../../store/incident.ts";
import { assessed } from "../obligation/assess.ts";
import type { Asked, Assessed } from "../obligation/assess.ts";
import { ObligationLine, QuestionLine, lineOf, questionsOf } from "../obligation/shown.ts";
import { safeForIncident } from "./latest.ts";

/** Until when a notice to people may be approved and still be out in time. */
export const SafeApprovalShown = z.object({
  approveBy: Instant,
  inWords: z.string(),
  /** That time has passed. */
  late: z.boolean(),
  because: z.string(),
});

/** An obligation, and for one to tell people until when its notice may be approved. */
export const DutyLine = ObligationLine.extend({
  latestSafeApproval: SafeApprovalShown.nullable(),
});
export type DutyLine = z.output<typeof DutyLine>;

/** Everything an incident obliges us to, by which facts, and what is not yet known. */
export const Duties = z.object({
  /** Which facts and answers it goes by. Rules are always the library's of today. */
  basis: z.object({
    scopeVersion: z.int(),
    answers: z.enum(["now", "then"]),
    /** The moment whose answers, records and holds count, and at which clocks are read. */
    asOf: Instant,
  }),
  obligations: z.array(DutyLine),
  questions: z.array(QuestionLine),
  whyNot: z.array(
    z.object({
      rule: z.string(),
      duty: z.string().nullable(),
      place: z.string(),
      because: z.string(),
      upcoming: z.boolean(),
    }),
  ),
  /** Affected places for which there is no rule: each a sentence that says so. */
  noRuleKnown: z.array(z.object({ place: z.string(), words: z.string() })),
  warnings: z.array(z.string()),
  answers: z.array(StoredAnswer),
  risk: RiskDecision.nullable(),
  reliefs: z.array(Relief),
  /** Records of obligations that these facts do not ask for. */
  otherRecords: z.array(ObligationRecord),
  note: z.string(),
});
export type Duties = z.output<typeof Duties>;

/** The duties of one incident, as `assessed` reads them; what is due first comes first. */
export async function duties(ctx: Context, incidentId: string, asked: Asked): Promise<Duties> {
  const found = await assessed(ctx, ctx.sql, incidentId, asked);
  const { assessment, answers, asOf, scope, reliefs, answered } = found;
  return {
    basis: { scopeVersion: scope.version, answers, asOf },
    obligations: (await linesOf(ctx, found)).toSorted(byDue),
    questions: questionsOf(ctx.library, found),
    whyNot: assessment.whyNot.map(({ duty = null, upcoming = false, ...why }) => ({
      ...why,
      duty,
      upcoming,
    })),
    noRuleKnown: assessment.noRuleKnown.map((place) => ({
      place,
      words: `No rule is known for ${place}. Ask counsel there: that does not mean there is no duty.`,
    })),
    warnings: [...assessment.warnings, ...(await residents(ctx, found))],
    answers: [...answered],
    risk: found.decision ?? null,
    reliefs: [...reliefs],
    otherRecords: [...found.left],
    note: NOTE,
  };
}

/** Where the scope's people, with whom duties are reckoned, are not those of the audiences. */
async function residents({ sql }: Context, { incident, scope, answers }: Assessed) {
  if (answers === "then") return [];
  const found = await recipients.placesOfIncident(sql, incident.id);
  if (found.length === 0) return [];
  return residentsDiffer(scope.facts.people, found).map(({ message }) => message);
}

/** The clocks of all incidents that are open, what is due first first: what is met is left out. */
export async function desk(ctx: Context): Promise<DutyLine[]> {
  const lines: DutyLine[] = [];
  for (const { id } of await incidents.live(ctx.sql))
    lines.push(...(await linesOf(ctx, await assessed(ctx, ctx.sql, id))));
  return lines.filter(({ clock }) => OPEN.has(clock.state)).toSorted(byDue);
}

async function linesOf(ctx: Context, found: Assessed): Promise<DutyLine[]> {
  const ruleIds = new Set(found.tracked.map(({ obligation }) => obligation.rule.id));
  const reviews = await records.reviews(ctx.sql, [...ruleIds]);
  const safe = await safeForIncident(ctx, ctx.sql, found.scope);
  return found.tracked.map((each) => {
    const { obligation, clock } = each;
    const tells = obligation.to === "individuals" && clock.state === "running" && clock.dueAt;
    const latest = tells ? safe(tells) : undefined;
    return {
      ...lineOf(found, each, reviews),
      latestSafeApproval: latest
        ? {
            approveBy: latest.approveBy,
            inWords: timeIn(latest.approveBy, obligation.due.zone),
            late: latest.late,
            because: latest.because,
          }
        : null,
    };
  });
}

/** What has no due time comes last: it is owed without delay, or waits for something. */
function byDue(a: DutyLine, b: DutyLine): number {
  const due = ({ clock }: DutyLine) => clock.due?.at.getTime() ?? Number.MAX_SAFE_INTEGER;
  return due(a) - due(b) || (a.id < b.id ? -1 : 1);
}

const OPEN: ReadonlySet<string> = new Set(["running", "paused", "missed"]);
const NOTE = "Candor helps you track what may be due; confirm with counsel.";
