import type { Library, Rule } from "../law.ts";
import type { Condition } from "../law/condition.ts";

/** A library's rules by what an assessment looks for. Built once for each library. */
export interface Catalogue {
  readonly byPlace: ReadonlyMap<string, readonly Rule[]>;
  /** Rules of the law of a union, which apply in each of its members. */
  readonly unions: readonly Rule[];
  readonly byId: ReadonlyMap<string, Rule>;
  /** Rule id → the rule of its newer text. */
  readonly newer: ReadonlyMap<string, Rule>;
  /** Rule id → codes of the questions that its conditions put. */
  readonly asked: ReadonlyMap<string, readonly string[]>;
}

/** The catalogue of a library. */
export function catalogueOf({ rules }: Pick<Library, "rules">): Catalogue {
  const known = CATALOGUES.get(rules);
  if (known) return known;
  const catalogue = {
    byPlace: Map.groupBy(
      rules.filter(({ appliesIn }) => !appliesIn),
      ({ jurisdiction }) => jurisdiction,
    ),
    unions: rules.filter(({ appliesIn }) => appliesIn),
    byId: new Map(rules.map((rule) => [rule.id, rule])),
    newer: new Map(
      rules.flatMap((rule) => (rule.replaces === undefined ? [] : [[rule.replaces, rule]])),
    ),
    asked: new Map(rules.map((rule) => [rule.id, askedBy(rule)])),
  };
  CATALOGUES.set(rules, catalogue);
  return catalogue;
}

/** Every condition of a rule, wherever it stands. */
export function conditionsOf({ when, unless, duties }: Rule): Condition[] {
  const tops = [
    when,
    ...unless.map((each) => each.when),
    ...duties.flatMap((duty) => [
      duty.when,
      duty.creditMonitoring?.when,
      ...(duty.creditMonitoring?.otherwise ?? []).map((each) => each.when),
      ...duty.stages.flatMap(({ when: only, due }) => [
        only,
        ...(due.alternatives ?? []).map((each) => each.when),
        ...[due, ...(due.alternatives ?? [])].flatMap(({ limits }) =>
          limits.map(({ rollForwardUnless }) => rollForwardUnless),
        ),
      ]),
    ]),
  ];
  return tops.flatMap((condition) => (condition ? [condition] : []));
}

/** The conditions that a condition is made of, those without parts. */
export function leavesOf(condition: Condition): Condition[] {
  if ("all" in condition) return condition.all.flatMap(leavesOf);
  if ("any" in condition) return condition.any.flatMap(leavesOf);
  return "not" in condition ? leavesOf(condition.not) : [condition];
}

function askedBy(rule: Rule): string[] {
  const leaves = conditionsOf(rule).flatMap(leavesOf);
  return [...new Set(leaves.flatMap((leaf) => ("ask" in leaf ? leaf.ask : [])))];
}

const CATALOGUES = new WeakMap<Library["rules"], Catalogue>();
