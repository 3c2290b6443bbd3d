import type { Library } from "../law.ts";
import type { Answers, Assessment, Obligation, WhyNot } from "../obligation.ts";
import { consideredRules, placesInParts, placesWithoutRule } from "./affected.ts";
import { catalogueOf } from "./catalogue.ts";
import { awareTooEarly, groundOf } from "./ground.ts";
import type { Ground } from "./ground.ts";
import { assessRule } from "./rule.ts";
import type { AssessedFacts, AssessedIncident } from "./scene.ts";
import { unique } from "./verdict.ts";

/**
 * Every duty to tell somebody that an incident makes under a library of rules, each with its due
 * time and its reasons; and of every rule of a touched place that asks for nothing, why. Pure: the
 * same facts give the same assessment, in whatever order they are listed. What is not yet known
 * never removes a duty; it marks it `safe-branch` and names the question. A false positive is
 * assessed like any other incident: that no clock runs for it is the caller's to say.
 */
export function assess(
  incident: AssessedIncident,
  facts: AssessedFacts,
  library: Library,
  answers: Answers,
): Assessment {
  const ground = groundOf(incident, facts, library, answers);
  const considered = consideredRules(library, ground.people, answers);
  const outcomes = considered.map((each) => assessRule(each, ground));
  const obligations = outcomes.flatMap((outcome) => outcome.obligations);
  const { asked } = catalogueOf(library);
  const places = [...(ground.people?.keys() ?? [])];
  return {
    obligations: withOrder(obligations).toSorted(byDue),
    whyNot: outcomes.flatMap((outcome) => outcome.whyNot).toSorted(byRule),
    questions: unique([...placeQuestions(ground), ...openQuestions(obligations)]),
    asked: unique(considered.flatMap(({ rule }) => asked.get(rule.id) ?? [])).toSorted(),
    noRuleKnown: placesWithoutRule(library, places),
    warnings: warningsOf(ground, places),
  };
}

/** What an order names is kept where that is owed too: in the same place, or wherever it is. */
function withOrder(obligations: readonly Obligation[]): Obligation[] {
  const byDuty = Map.groupBy(obligations, ({ rule, duty }) => `${rule.id}/${duty.key}`);
  return obligations.map((obligation) => ({
    ...obligation,
    order: obligation.order.flatMap(({ relation, of }) => {
      const [rule = "", duty = "", stage] = of.split("/");
      const owed = byDuty.get(`${rule}/${duty}`) ?? [];
      const first = stage ?? owed[0]?.stage;
      const staged = owed.filter((each) => each.stage === first);
      const here = staged.filter(({ place }) => place === obligation.place);
      return (here.length > 0 ? here : staged).map(({ id }) => ({ relation, of: id }));
    }),
  }));
}

/** Without people and a place of ours most rules cannot even be looked up: that is asked first. */
function placeQuestions({ people, answers }: Ground): string[] {
  if (people) return [];
  return answers.establishment === undefined ? ["people", "establishment"] : ["people"];
}

function openQuestions(obligations: readonly Obligation[]): string[] {
  const counts = new Map<string, number>();
  for (const { questions } of obligations)
    for (const code of questions) counts.set(code, (counts.get(code) ?? 0) + 1);
  const ranked = [...counts].toSorted(
    ([one, few], [other, many]) => many - few || (one < other ? -1 : 1),
  );
  return ranked.map(([code]) => code);
}

function warningsOf({ incident, facts, library, people }: Ground, places: string[]): string[] {
  const early = awareTooEarly(incident, facts);
  return [
    ...(people
      ? []
      : [
          "How many people are affected, and where, is not yet known: duties to them cannot be listed by place.",
        ]),
    ...placesInParts(library, places).map(
      (place) =>
        `${people?.get(place) ?? 0} affected people are counted for ${place} as a whole: laws of its parts were not assessed for them. Find out where they live.`,
    ),
    ...(early ? [early.message] : []),
  ];
}

/** The earliest first; those without a time last. */
function byDue(one: Obligation, other: Obligation): number {
  const times = [one, other].map(({ due }) => due.at?.getTime() ?? Number.MAX_SAFE_INTEGER);
  const [early = 0, late = 0] = times;
  return early - late || (one.id < other.id ? -1 : 1);
}

function byRule(one: WhyNot, other: WhyNot): number {
  const [first, second] = [one, other].map(
    ({ rule, duty = "", place }) => `${place} ${rule} ${duty}`,
  );
  return (first ?? "") < (second ?? "") ? -1 : 1;
}
