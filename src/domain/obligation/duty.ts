import type { DutyRule, Library, Rule } from "../law.ts";
import type { DutyRef } from "../law/due.ts";
import type { Mark, Obligation, WhyNot } from "../obligation.ts";
import type { Considered } from "./affected.ts";
import { calendarOf } from "./calendar.ts";
import { evaluate } from "./condition.ts";
import { dueOf } from "./due.ts";
import { clockPlace, sceneOf } from "./ground.ts";
import type { Ground } from "./ground.ts";
import { monitoringOwed } from "./monitoring.ts";
import { spotsOf } from "./routing.ts";
import type { Spot } from "./routing.ts";
import type { Scene } from "./scene.ts";
import { referred } from "./start.ts";
import { both, oneSentence, unique } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** A rule that applies, and what is known of that. */
export interface Applying {
  readonly considered: Considered;
  readonly ground: Ground;
  readonly applies: Verdict;
  readonly marks: readonly Mark[];
}

/** What one rule or duty asks for, and of what it does not ask, why. */
export interface Outcome {
  readonly obligations: readonly Obligation[];
  readonly whyNot: readonly WhyNot[];
}

/** The obligations that one duty of a rule makes, in every place where it is owed. */
export function obligationsOf(duty: DutyRule, applying: Applying): Outcome {
  const { considered, ground } = applying;
  const { rule } = considered;
  const outcomes = spotsOf(duty, considered, ground).map((spot) => atSpot(duty, spot, applying));
  if (outcomes.length === 0)
    return notOwed(
      rule,
      duty,
      rule.jurisdiction,
      "Nobody is affected in a place where it is owed.",
    );
  return {
    obligations: outcomes.flatMap(({ obligations }) => obligations),
    whyNot: outcomes.flatMap(({ whyNot }) => whyNot),
  };
}

function atSpot(duty: DutyRule, spot: Spot, applying: Applying): Outcome {
  const { considered, ground, applies } = applying;
  const { rule } = considered;
  const place = spot.suffix === "" ? rule.jurisdiction : spot.place;
  const scene = sceneOf(ground, place, spot.persons);
  const owed = both(applies, duty.when && evaluate(duty.when, scene));
  if (owed.value === "no") return notOwed(rule, duty, spot.place, oneSentence(owed.because));
  const relief = reliefOf(duty, rule, scene);
  if (relief.displaced !== undefined) return notOwed(rule, duty, spot.place, relief.displaced);
  const stages = duty.stages.map((stage) => {
    const verdict = both(owed, stage.when && evaluate(stage.when, scene));
    if (verdict.value === "no")
      return notOwed(
        rule,
        duty,
        spot.place,
        `Its stage “${stage.stage}” is not owed: ${oneSentence(verdict.because)}`,
      );
    const obligation = obligationOf(stage, { duty, spot, scene, verdict, relief, applying });
    return { obligations: [obligation], whyNot: [] };
  });
  return {
    obligations: stages.flatMap(({ obligations }) => obligations),
    whyNot: stages.flatMap(({ whyNot }) => whyNot),
  };
}

interface Owed {
  readonly duty: DutyRule;
  readonly spot: Spot;
  readonly scene: Scene;
  readonly verdict: Verdict;
  readonly relief: Relief;
  readonly applying: Applying;
}

function obligationOf(stage: DutyRule["stages"][number], owed: Owed): Obligation {
  const { duty, spot, scene, verdict, relief, applying } = owed;
  const { considered, ground, marks } = applying;
  const { rule } = considered;
  const { incident, facts, answers, library } = ground;
  const place = clockPlace(ground, spot.place);
  const { zone } = place;
  const known = { incident, facts, answers, rule: rule.id, suffix: spot.suffix, zone };
  const calendar = calendarOf(place, library.isHoliday);
  const reckoned = dueOf(stage.due, { known, calendar, scene }, stage.wait);
  const months = monitoringOwed(duty.creditMonitoring, scene);
  const questions = unique([
    ...verdict.open,
    ...relief.open,
    ...spot.open,
    ...reckoned.open,
    ...months.open,
  ]);
  return {
    id: `${rule.id}/${duty.key}/${stage.stage}${spot.suffix}`,
    rule: ruleOf(rule, library.versions),
    place: spot.place,
    to: duty.to,
    who: duty.who,
    authorities: spot.authorities,
    stage: stage.stage,
    ...(spot.persons !== undefined && { persons: spot.persons }),
    because: unique([...whereWords(spot, considered), ...verdict.because, ...spot.because]),
    due: reckoned.due,
    order: (duty.order ?? []).map(({ relation, of }) => ({ relation, of: orderRef(rule, of) })),
    contents: duty.contents,
    prohibited: duty.prohibited ?? [],
    duty,
    mayHold: rule.lawEnforcementHold || (duty.permittedDelay ?? []).includes("law-enforcement"),
    ...(months.months !== undefined && { creditMonitoringMonths: months.months }),
    exemptions: relief.exemptions,
    questions,
    marks: questions.length > 0 ? ["safe-branch", ...marks] : marks,
  };
}

/** What may relieve us of a duty: what does, what may, and the questions of that. */
interface Relief {
  readonly displaced?: string;
  readonly exemptions: readonly string[];
  readonly open: readonly string[];
}

function reliefOf(duty: DutyRule, { unless }: Rule, scene: Scene): Relief {
  const exemptions: string[] = [];
  const open: string[] = [];
  for (const { when, duties, because } of unless) {
    if (duties && !duties.includes(duty.key)) continue;
    const verdict = when && evaluate(when, scene);
    if (verdict?.value === "yes") return { displaced: because, exemptions, open };
    if (verdict?.value !== "no") exemptions.push(because);
    open.push(...(verdict?.open ?? []));
  }
  return { exemptions, open };
}

function whereWords(spot: Spot, { establishedIn, rule }: Considered): string[] {
  if (rule.jurisdiction === "XX") return [];
  const { persons = 0 } = spot;
  const place = spot.suffix === "" ? rule.jurisdiction : spot.place;
  const people = persons === 0 ? [] : [`${persons} affected in ${place}.`];
  return establishedIn === undefined
    ? people
    : [...people, `We are established in ${establishedIn}.`];
}

function ruleOf(rule: Rule, versions: Library["versions"]): Obligation["rule"] {
  const { id, name, citation, jurisdiction, provenance, status } = rule;
  return { id, name, citation, jurisdiction, provenance, status, version: versions.get(id) ?? "" };
}

function orderRef(rule: Rule, of: DutyRef): string {
  return referred(of, { rule: rule.id, suffix: "" });
}

function notOwed(rule: Rule, duty: DutyRule, place: string, because: string): Outcome {
  return { obligations: [], whyNot: [{ rule: rule.id, duty: duty.key, place, because }] };
}
