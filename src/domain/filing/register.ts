import { z } from "zod";

import { Determination, IncidentState } from "../incident.ts";
import { knowable } from "../instant.ts";
import { RiskJudgement, ClockState } from "../obligation.ts";
import { ScopeFacts } from "../scope.ts";
import { SeverityLevel } from "../severity.ts";

/** One incident in the register of breaches (GDPR Article 33(5)): facts, effects, remedial action. */
export const RegisterRow = z.object({
  incident: z.uuid(),
  title: z.string(),
  determination: Determination,
  state: IncidentState,
  awareAt: z.iso.datetime(),
  whatHappened: z.string(),
  dataElements: z.array(z.string()),
  people: ScopeFacts.shape.people,
  severity: z.object({ level: SeverityLevel, score: z.number(), judged: z.boolean() }),
  /** The decision on the risk, and the text of the rules it was made under; null: nobody decided. */
  risk: z
    .object({
      level: RiskJudgement,
      reasons: z.array(z.string()),
      rules: z.array(
        z.object({ id: z.string(), version: z.string(), threshold: z.string().nullable() }),
      ),
    })
    .nullable(),
  measures: knowable(z.string()),
  duties: z.array(
    z.object({
      id: z.string(),
      to: z.string(),
      state: ClockState,
      dueAt: z.iso.datetime().nullable(),
      metAt: z.iso.datetime().nullable(),
      reference: z.string().nullable(),
      missedBecause: z.string().nullable(),
    }),
  ),
  noRuleKnown: z.array(z.string()),
});
export type RegisterRow = z.output<typeof RegisterRow>;

/** The columns of the register as a table, in the order of Article 33(5). */
export const REGISTER_COLUMNS = [
  "incident",
  "title",
  "determination",
  "state",
  "aware at (UTC)",
  "what happened",
  "data",
  "people",
  "severity (ENISA 2013)",
  "risk",
  "why",
  "measures",
  "duties",
] as const;

/** One incident as the cells of such a table. */
export function registerCells(row: RegisterRow): string[] {
  const { people, severity, risk, duties } = row;
  return [
    row.incident,
    row.title,
    row.determination,
    row.state,
    row.awareAt,
    row.whatHappened,
    row.dataElements.join("; "),
    typeof people === "string"
      ? people
      : people.map(({ jurisdiction, count }) => `${jurisdiction} ${count}`).join("; "),
    `${severity.level} (${severity.score})${severity.judged ? "" : ", nobody has judged"}`,
    risk?.level ?? "not decided",
    risk?.reasons.join("; ") ?? "",
    row.measures,
    duties.map(dutyWords).join("; "),
  ];
}

function dutyWords({ id, state, dueAt, metAt, reference, missedBecause }: Duty): string {
  const said = [
    ...(dueAt === null ? [] : [`due ${dueAt}`]),
    ...(metAt === null ? [] : [`met ${metAt}`]),
    ...(reference === null ? [] : [`reference ${reference}`]),
    ...(missedBecause === null ? [] : [missedBecause]),
  ];
  return `${id}: ${[state, ...said].join(", ")}`;
}

type Duty = RegisterRow["duties"][number];
