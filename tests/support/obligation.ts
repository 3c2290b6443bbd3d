import type { Context } from "../../src/context.ts";
import type { Rule } from "../../src/domain/law.ts";
import type { Revision } from "../../src/domain/scope.ts";
import { givenIncident, givenScope } from "./incident.ts";
import { dutyOf, libraryOf, ruleOf } from "./law-case.ts";
import type { World } from "./world.ts";

const from = ["awareness" as const];
const days = (amount: number) => ({
  limits: [{ amount, unit: "calendar-days" as const, from }],
  from,
});

/**
 * Two laws of Germany that were never made: one asks the authority within 72 hours, and people
 * within ten days, which may be held, unless harm is found not to be likely; the other asks people
 * within 20 days where the risk is high, and the CSIRT to be told by listed companies.
 */
const RULES: readonly Rule[] = [
  ruleOf({
    lawEnforcementHold: true,
    unless: [
      { when: { ask: "harm-not-likely" }, duties: ["individuals"], because: "No harm is likely." },
    ],
    duties: [
      dutyOf(),
      dutyOf({
        key: "individuals",
        to: "individuals",
        who: "the people affected",
        stages: [{ stage: "full", due: days(10) }],
      }),
    ],
  }),
  ruleOf({
    id: "xb-law",
    name: "Another law",
    threshold: "A high risk to the rights of people.",
    duties: [
      dutyOf({
        key: "individuals",
        to: "individuals",
        who: "the people affected",
        when: { risk: "high-risk" },
        stages: [{ stage: "full", due: days(20) }],
      }),
      dutyOf({
        key: "csirt",
        to: "csirt",
        who: "the CSIRT",
        when: { ask: "us-listed-company" },
        stages: [{ stage: "initial", due: days(40) }],
      }),
    ],
  }),
];

export const AUTHORITY = "xa-law/regulator/initial";
export const PEOPLE = "xa-law/individuals/full";
export const PEOPLE_AT_RISK = "xb-law/individuals/full";

/** The world's context under these two laws. */
export function underLaw(w: World): Context {
  const { questions } = w.ctx.library;
  return { ...w.ctx, library: { ...libraryOf(RULES), questions } };
}

/** An incident that 100 people in Germany are affected by, of which we became aware just now. */
export async function givenAffected(w: World, facts: Partial<Revision["facts"]> = {}) {
  const { id } = await givenIncident(w, { awareAt: w.clock.now() });
  await givenScope(w, id, { people: [{ jurisdiction: "DE", count: 100 }], ...facts });
  return id;
}
